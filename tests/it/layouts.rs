//! A site's new layout is no edit of its releases.

use crate::harness::{World, field, of_today};

/// Lets every release page have a line more at its end.
fn add_to_all(world: &World, count: u32, line: &str) {
    for n in 1..=count {
        world.site().edit(&format!("release-number-{n}"), |item| {
            item.body += &format!("\n\n{line}")
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_layout_makes_no_revisions() {
    let world = World::new(of_today(1..=8)).await;
    world.fetch().await;
    let before = world.publish().await;
    add_to_all(&world, 8, "Share this story with your friends");
    world.make_pages_due().await;
    let report = world.fetch().await;
    assert_eq!(report["revised"], 0, "{report}");
    assert_eq!(report["alarms"][0]["kind"], "layout", "{report}");
    assert_eq!(world.publish().await, before);

    // An edit behind it is seen, and a new release has none of it.
    world.site().edit("release-number-4", |item| {
        item.body = item.body.replace("w4x9", "changed beyond doubt");
    });
    let mut new = of_today(9..=9).remove(0);
    new.body += "\n\nShare this story with your friends";
    world.site().publish(new);
    world.make_pages_due().await;
    let report = world.fetch().await;
    assert_eq!(
        (&report["revised"], &report["new"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    let all = world.feed("all").await.to_string();
    assert!(all.contains("changed beyond doubt") && !all.contains("Share this story"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_page_that_is_due_is_compared_with_others() {
    let world = World::new(of_today(1..=8)).await;
    world.fetch().await;
    add_to_all(&world, 8, "Share this story with your friends");
    world.make_page_due("/releases/release-number-5").await;
    world.site().clear_asked();
    let report = world.fetch().await;
    assert_eq!(report["revised"], 0, "{report}");
    let pages = world
        .asked()
        .iter()
        .filter(|path| path.starts_with("/releases/"))
        .count();
    assert_eq!(pages, 3, "two others tell: {:?}", world.asked());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paragraph_added_to_one_release_is_an_edit() {
    let world = World::new(of_today(1..=8)).await;
    world.fetch().await;
    world.site().edit("release-number-5", |item| {
        item.body = format!("UPDATE: the appeal is over.\n\n{}", item.body);
    });
    world.make_page_due("/releases/release-number-5").await;
    assert_eq!(world.fetch().await["revised"], 1);
    let shown = world
        .json(&["show", "http://127.0.0.1/releases/release-number-5"])
        .await;
    let revisions = shown["revisions"].as_array().unwrap();
    assert_eq!(field(revisions, "cause"), ["first", "edited"]);
    assert_eq!(revisions[1]["weight"], "material");
    assert!(
        revisions[1]["difference"]
            .to_string()
            .contains("the appeal is over"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_the_selectors_do_not_find_is_read_by_readability_and_says_so() {
    let world = World::new(of_today(1..=4)).await;
    world.fetch().await;
    let before = world.publish().await;
    world
        .site()
        .set_renamed(Some(("class=\"content-body\"", "class=\"story\"")));
    world.make_pages_due().await;
    let report = world.fetch().await;
    assert_eq!(report["revised"], 0, "{report}");
    assert_eq!(report["alarms"][0]["kind"], "layout", "{report}");
    assert_eq!(world.publish().await, before);

    world.site().publish(of_today(5..=5).remove(0));
    assert_eq!(world.fetch().await["new"], 1);
    let id = "http://127.0.0.1/releases/release-number-5";
    assert_eq!(world.json(&["show", id]).await["reading"], "readability");
    let all = world.feed("all").await.to_string();
    assert!(all.contains("w5x59"), "the whole text is there");

    // When the selectors find it again, their text takes its place, which is no edit.
    world.site().set_renamed(None);
    world.site().edit("release-number-5", |item| {
        item.body += "\n\nWhat only the selectors find."
    });
    world.make_pages_due().await;
    world.fetch().await;
    let shown = world.json(&["show", id]).await;
    assert_eq!(shown["reading"], "selectors");
    let causes = field(shown["revisions"].as_array().unwrap(), "cause");
    assert_eq!(causes, ["first", "reread"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_all_pages_makes_no_revisions_either() {
    let world = World::new(of_today(1..=8)).await;
    add_to_all(&world, 8, "Notes to nobody in particular");
    world.fetch().await;
    for n in 1..=8 {
        world.site().edit(&format!("release-number-{n}"), |item| {
            item.body = item.body.replace("\n\nNotes to nobody in particular", "");
        });
    }
    world.make_page_due("/releases/release-number-5").await;
    let report = world.fetch().await;
    assert_eq!(report["revised"], 0, "{report}");
    world.make_page_due("/releases/release-number-2").await;
    assert_eq!(world.fetch().await["revised"], 0, "known from now on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_layout_takes_away_gives_an_edit_no_weight() {
    let world = World::new(of_today(1..=8)).await;
    let line = "Read the other stories of this week from all over the country";
    add_to_all(&world, 8, line);
    world.fetch().await;
    for n in 1..=8 {
        world.site().edit(&format!("release-number-{n}"), |item| {
            item.body = item.body.replace(&format!("\n\n{line}"), "");
            item.body = item.body.replace("w4x9 ", "w4x9, ");
        });
    }
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["revised"], 1);
    let shown = world
        .json(&["show", "http://127.0.0.1/releases/release-number-4"])
        .await;
    let edit = &shown["revisions"][1];
    assert_eq!(edit["weight"], "minor", "{edit}");
}
