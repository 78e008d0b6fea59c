//! Pages as browsers get them: what they show, what they escape, and what stands behind that; and the search.

use crate::harness::{World, of_today, word};
use crate::running::Daemon;

#[tokio::test(flavor = "multi_thread")]
async fn a_releases_page_explains_it() {
    let world = World::read(4).await;
    let address = "http://127.0.0.1/releases/release-number-2";
    world.json(&["label", address, "+hate-crime"]).await;
    world.site().edit("release-number-2", |item| {
        item.body = item.body.replace("w2x7", "eleven arrests")
    });
    world.make_pages_due().await;
    world.fetch().await;
    let id = world.json(&["show", address]).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let daemon = Daemon::serving(&world).await;
    let answer = daemon.get(&format!("/releases/{id}")).await;
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.starts_with("default-src 'none';") && !policy.contains("unsafe"),
        "{policy}"
    );
    let page = answer.text().await.unwrap();
    for part in [
        "<h1 dir=\"auto\">Release number 2</h1>",
        "given by a person",
        "<del>w2x7</del>",
        "<ins>eleven arrests</ins>",
        "id=\"revision-2\"",
        "rel=\"canonical\"",
        "../topics/hate-crime",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    // As files the same page links to files.
    let files = world.publish().await;
    let file = String::from_utf8(files[&format!("releases/{id}.html")].clone()).unwrap();
    assert!(file.contains("../topics/hate-crime.html") && !file.contains("role=\"search\""));
    let moved = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let moved = moved
        .get(format!("{}/releases/{id}.html", daemon.base))
        .send()
        .await
        .unwrap();
    assert_eq!(moved.status(), 308, "links of files work at the daemon");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_became_part_of_another_leads_there() {
    let world = World::read(4).await;
    let of = |n: u32| format!("http://127.0.0.1/releases/release-number-{n}");
    let id = async |n: u32| {
        world.json(&["show", &of(n)]).await["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (one, two) = (id(1).await, id(2).await);
    let daemon = Daemon::serving(&world).await;
    assert_eq!(daemon.get(&format!("/releases/{one}")).await.status(), 200);
    world.json(&["merge", &of(1), &of(2)]).await;
    daemon
        .wait_for(
            &format!("/releases/{two}"),
            "Other addresses of the same release",
        )
        .await;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut answer;
    loop {
        let address = format!("{}/releases/{one}", daemon.base);
        answer = client.get(address).send().await.unwrap();
        if answer.status() != 200 {
            break;
        }
    }
    assert_eq!(answer.status(), 302);
    assert!(
        answer.headers()["location"]
            .to_str()
            .unwrap()
            .ends_with(&two)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_outside_is_text() {
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";
    let mut items = of_today(1..=3);
    items[0].title = format!("Hostile {hostile}");
    items[0].lead = format!("Lead {hostile}");
    let world = World::new(items).await;
    world.fetch().await;
    let daemon = Daemon::serving(&world).await;
    let releases = world.releases().await;
    let id = releases
        .iter()
        .find(|one| one["title"].as_str().unwrap().starts_with("Hostile"))
        .unwrap()["id"]
        .as_str()
        .unwrap();
    for path in [
        "/",
        "/all",
        "/topics/unclassified",
        &format!("/releases/{id}"),
        "/search?q=hostile",
        "/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/%22%3E%3Cscript%3E",
    ] {
        let answer = reqwest::Client::new()
            .get(format!("{}{path}", daemon.base))
            .header("accept", "text/html")
            .send()
            .await
            .unwrap();
        assert!(
            answer.headers().contains_key("content-security-policy"),
            "{path}"
        );
        let page = answer.text().await.unwrap();
        assert!(
            !page.contains("<script>") && !page.contains("<img src=x"),
            "{path}: {page}"
        );
    }
    assert!(daemon.text("/").await.contains("Hostile &#34;&#62;"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_releases_links_lead_to_pages_mail_and_telephones_alone() {
    let world = World::new(of_today(1..=3)).await;
    let path = "/releases/release-number-2";
    let page = world.site().shows(path, &world.newsroom.base()).unwrap();
    let page = String::from_utf8(page.to_vec()).unwrap();
    let refused = [
        "ftp://a.example/",
        "magnet:?xt=a",
        "javascript:a()",
        "data:a",
    ];
    let kept = ["tel:+442079460000", "mailto:press@a.example"];
    let links = refused.iter().chain(&kept);
    let links: String = links
        .map(|to| format!("<p>It says <a href=\"{to}\">words of a link</a>.</p>"))
        .collect();
    let begins = "<div class=\"contact-info\">";
    assert!(page.contains(begins), "{page}");
    let page = page.replace(begins, &format!("{links}{begins}"));
    world.site().set_raw(path, "text/html; charset=utf-8", page);
    world.fetch().await;
    let files = world.publish().await;
    let id = world
        .json(&["show", &format!("http://127.0.0.1{path}")])
        .await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for name in ["all.rss".to_owned(), format!("releases/{id}.html")] {
        let text = String::from_utf8_lossy(&files[&name]);
        assert_eq!(text.matches("words of a link").count(), 6, "{name}: {text}");
        for to in refused {
            assert!(!text.contains(to), "{name} links to {to}: {text}");
        }
        for to in kept {
            assert!(text.contains(to), "{name} has no {to}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_can_be_framed_by_nobody() {
    let world = World::read(3).await;
    let id = world.releases().await[0]["id"].as_str().unwrap().to_owned();
    let daemon = Daemon::serving(&world).await;
    for path in [
        "/",
        "/all",
        "/all/page/1",
        "/topics/hate-crime",
        &format!("/releases/{id}"),
        "/search",
        "/search?q=release",
        "/status",
        "/nowhere",
    ] {
        let request = reqwest::Client::new().get(format!("{}{path}", daemon.base));
        let answer = request.header("accept", "text/html").send().await.unwrap();
        let headers = answer.headers();
        let text = |name: &str| headers[name].to_str().unwrap();
        assert!(text("content-type").starts_with("text/html"), "{path}");
        let policy = text("content-security-policy");
        assert!(
            policy
                .split("; ")
                .any(|part| part == "frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert_eq!(text("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(text("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_all_words_wherever_they_stand() {
    let mut items = of_today(1..=5);
    items[0].title = "Burglary in ÉCOLES and O’Brien’s shop".to_owned();
    let world = World::new(items).await;
    world.fetch().await;
    let daemon = Daemon::serving(&world).await;
    let found = async |query: &str| {
        let text = daemon.text(&format!("/search.rss?q={query}")).await;
        let channel = rss::Channel::read_from(text.as_bytes()).unwrap();
        channel.items().len()
    };
    for (query, count) in [
        ("burglary", 1),
        ("BURGLARY+%C3%A9coles", 1),
        ("obriens", 1),
        ("O%27Brien%27s", 1),
        ("burglar", 0),
        ("burglar*", 1),
        ("w3x7+number", 1),
        ("lead+release", 4),
        ("lead+burglary", 1),
        ("number+nonsense", 0),
        ("%25", 0),
        ("_", 0),
        ("", 0),
        ("*", 0),
    ] {
        assert_eq!(found(query).await, count, "{query}");
    }
    let page = daemon.text("/search?q=release").await;
    assert!(
        page.contains("4 releases have all the words of “release”"),
        "{page}"
    );
    assert!(page.contains("search.rss?q=release"));
    let feed = daemon.text("/search.rss?q=release%20number").await;
    assert!(
        feed.contains("/search.rss?q=release+number\" rel=\"self\""),
        "{feed}"
    );
    assert_eq!(
        daemon
            .get(&format!("/search?q={}", "x".repeat(300)))
            .await
            .status(),
        400
    );
    assert_eq!(daemon.get("/search?q=release&page=2").await.status(), 404);

    // Nobody finds what is for nobody, nor what was edited away.
    world
        .json(&["redact", "http://127.0.0.1/releases/release-number-3"])
        .await;
    world.site().edit("release-number-2", |item| {
        item.body = item.body.replace("w2x7", "eleven")
    });
    world.make_pages_due().await;
    world.fetch().await;
    daemon
        .wait_for("/search.rss?q=eleven", "Release number 2")
        .await;
    for gone in [word(3), word(2)] {
        assert_eq!(found(gone.trim()).await, 0, "{gone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_says_how_the_newsroom_is_read() {
    let world = World::read(3).await;
    let daemon = Daemon::serving(&world).await;
    daemon.wait_for("/status", "All is well.").await;
    let page = daemon.text("/status").await;
    for part in [
        "National Police Chiefs&#39; Council",
        "Last read",
        "Read next",
        "<dd>3</dd>",
        "npcc-feeds 0.",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    world
        .site()
        .set_fault("/", crate::site::Fault::Status(500, None));
    world.forget_validators().await;
    world.failing_fetch().await;
    daemon
        .wait_for("/status", "Something fails, or needs a look.")
        .await;
    assert!(daemon.text("/status").await.contains("Failing since"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_pages_that_keep_what_they_hold() {
    let world = World::read_all(120).await;
    let daemon = Daemon::serving(&world).await;
    let newest = daemon.text("/all").await;
    assert!(
        newest.contains("The newest 50 of 120") && newest.contains("href=\"all/page/2\""),
        "{newest}"
    );
    let one = daemon.text("/all/page/1").await;
    assert!(
        one.contains("1 to 50, counted from the first")
            && one.contains(">Release number 1<")
            && !one.contains(">Release number 51<")
    );
    assert_eq!(daemon.get("/all/page/3").await.status(), 404);
}
