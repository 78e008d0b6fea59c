//! Stories of edits.

use super::*;

const TITLE: &str = "Forces take part in a week of action against knife crime";
const LEAD: &str =
    "Police forces across the country will take part in a week of action against knife crime.";

/// A release as the newsroom writes them, invented.
const BODY: &str = "<p>Police forces across the country will take part in a week of action against knife crime.</p>\
    <p>Over the seven days from 13 May 2024, officers will carry out weapon sweeps, visit schools and test whether shops \
    sell knives to children. In the last such week, forces made 1,693 arrests and seized 9,738 knives, \u{2013} 12% more \
    than in the week before.</p>\
    <p>National Police Chiefs\u{2019} Council lead for knife crime, Commander Stephanie Marlowe, said:</p>\
    <p>\u{201C}Every knife that we take off the streets may be a life saved. We know that enforcement is not enough on its \
    own, and that is why officers will talk to children and their parents throughout the week.</p>\
    <p>\u{201C}We don\u{2019}t want young people to be afraid. Carrying a knife does not keep you safe.\u{201D}</p>\
    <ul><li>Officers will work with Border Force to stop parcels that hold illegal weapons.</li>\
    <li>Retailers will receive advice on-line on how to check a buyer\u{2019}s age.</li></ul>\
    <p>Anyone with information on knife crime can call 101, or Crimestoppers on 0800 555 111.</p>\
    <p>ENDS</p><p>Notes to editors</p><p>The week took place for the first time in 2014.</p>\
    <p>For further information, contact the NPCC press office on 020 7946 0000.</p>";

fn text(title: &str, lead: Option<&str>, body: Option<&str>) -> Text {
    Text {
        title: title.to_owned(),
        lead: lead.map(str::to_owned),
        body: body.map(str::to_owned),
    }
}

fn release() -> Text {
    text(TITLE, Some(LEAD), Some(BODY))
}

/// The release with some words replaced in its body, each of which it must have.
fn edited(edits: &[(&str, &str)]) -> Text {
    let mut body = BODY.to_owned();
    for (from, to) in edits {
        assert!(body.contains(from), "{from}");
        body = body.replacen(from, to, 1);
    }
    text(TITLE, Some(LEAD), Some(&body))
}

/// The weight of an edit, which its undoing has too.
fn weight(before: &Text, after: &Text) -> &'static str {
    let weight = weight_of(before, after);
    assert_eq!(weight, weight_of(after, before), "{before:?} {after:?}");
    weight
}

fn weight_of(before: &Text, after: &Text) -> &'static str {
    let difference = Difference::between(before, after);
    assert!(!difference.is_empty(), "{before:?} {after:?}");
    difference.weight.as_str()
}

/// The weight of an edit of a body of few words.
fn of_body(before: &str, after: &str) -> &'static str {
    weight(
        &text("A", None, Some(before)),
        &text("A", None, Some(after)),
    )
}

fn changes(difference: &Difference) -> Vec<(&'static str, &'static str, &str)> {
    let parts = difference.parts.iter();
    let pieces = parts.flat_map(|p| p.pieces.iter().map(|piece| (p.part.as_str(), piece)));
    pieces
        .filter(|(_, piece)| piece.kind != Kind::Kept)
        .map(|(part, piece)| (part, piece.kind.as_str(), piece.text.trim()))
        .collect()
}

#[test]
fn what_no_reader_sees_is_no_difference() {
    let wrapped = BODY
        .replace(". ", ".</p>\n<p>")
        .replace("the week", "the<br>week");
    for same in [
        release(),
        text(TITLE, Some(LEAD), Some(&wrapped)),
        text(
            TITLE,
            Some(LEAD),
            Some(
                &BODY
                    .replace("<p>", "<div class=x><b>")
                    .replace("</p>", "</b></div>"),
            ),
        ),
        text(
            TITLE,
            Some(LEAD),
            Some(
                &BODY
                    .replace("crime", "cri\u{AD}me\u{200B}")
                    .replace(' ', "\u{A0}\n "),
            ),
        ),
        text(
            &TITLE.replace(' ', "\u{A0}"),
            Some(&format!("  {LEAD}\u{FEFF}")),
            Some(BODY),
        ),
        edited(&[
            ("on-line", "on\u{2011}line"),
            ("1,693", "<a href=\"https://e.example\">1,693</a>"),
        ]),
    ] {
        let difference = Difference::between(&release(), &same);
        assert!(difference.is_empty(), "{:?}", changes(&difference));
        assert_eq!(difference.weight, Weight::Minor);
    }
    let (none, empty) = (
        text("A", None, None),
        text("A", Some(" "), Some("<p>&nbsp;</p>")),
    );
    assert!(Difference::between(&none, &empty).is_empty());
}

#[test]
fn a_figure_corrected_under_a_new_headline_is_told_word_by_word() {
    let mut after = edited(&[("1,693 arrests", "1,639 arrests")]);
    after.title = TITLE.replace("a week", "two weeks");
    let difference = Difference::between(&release(), &after);
    assert_eq!(
        changes(&difference),
        [
            ("title", "deleted", "a week"),
            ("title", "inserted", "two weeks"),
            ("body", "deleted", "1,693"),
            ("body", "inserted", "1,639"),
        ]
    );
    assert_eq!(difference.weight, Weight::Material);
    let short = difference.parts[1].shortened(3);
    assert_eq!(
        serde_json::to_string(&short).unwrap(),
        "{\"part\":\"body\",\"pieces\":[{\"kind\":\"kept\",\"text\":\"\u{2026} week, forces made \"},\
         {\"kind\":\"deleted\",\"text\":\"1,693\"},{\"kind\":\"inserted\",\"text\":\"1,639\"},\
         {\"kind\":\"kept\",\"text\":\" arrests and seized \u{2026}\"}]}"
    );
    let json = serde_json::to_value(&difference).unwrap();
    assert_eq!(json["weight"], "material");
    assert_eq!(json["parts"][0]["part"], "title");
}

#[test]
fn both_texts_can_be_read_off_the_pieces() {
    let after = edited(&[
        ("<p>National", "<p>UPDATE: It rained.</p><p>National"),
        ("In the last such week", "Last time"),
        ("<li>Retailers will receive advice", "<li>Shops get advice"),
        ("<p>ENDS</p>", ""),
    ]);
    let difference = Difference::between(&release(), &after);
    let read = |without: Kind| -> String {
        let pieces = difference.parts[0].pieces.iter();
        pieces
            .filter(|p| p.kind != without)
            .map(|p| p.text.as_str())
            .collect()
    };
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let plain = |text: &Text| words(&body(text).join("\n"));
    assert_eq!(words(&read(Kind::Inserted)), plain(&release()));
    assert_eq!(words(&read(Kind::Deleted)), plain(&after));
    assert_eq!(read(Kind::Deleted), body(&after).join("\n"));
}

#[test]
fn typing_and_typography_are_minor() {
    for edits in [
        &[("\u{2019}", "'"), ("\u{201C}", "\""), ("\u{2013}", "-")][..],
        &[("on-line", "online")],
        &[("on-line", "on line")],
        &[("to stop parcels", "to to stop parcels")],
        &[("a week of action", "a week of a week of action")],
        &[("Border Force", "border force")],
        &[("streets may be", "streets, may be")],
    ] {
        assert_eq!(weight(&release(), &edited(edits)), "minor", "{edits:?}");
    }
    for errors in [
        &[("officers", "offficers"), ("receive", "recieve")][..],
        &[("National Police", "National Polcie")],
        &[("illegal weapons", "illegal wepaons")],
        &[("<li>Retailers", "<li>Retialers")],
    ] {
        assert_eq!(
            weight_of(&edited(errors), &release()),
            "minor",
            "{errors:?}"
        );
    }
    for (before, after) in [
        (
            "Forces met today.The week began.",
            "Forces met today. The week began.",
        ),
        ("A cafe opened.", "A caf\u{E9} opened."),
        ("Jose Alvarez spoke.", "Jos\u{E9} Alvarez spoke."),
        ("It was an robbery.", "It was a robbery."),
        ("17 per cent of them", "17 percent of them"),
        ("up 50 %", "up 50%"),
        ("between 2020-21", "between 2020\u{2013}21"),
        ("a 17 year old", "a 17-year-old"),
        ("officers can not stop", "officers cannot stop"),
        ("re-offending fell", "reoffending fell"),
        ("one day.", "one day"),
        ("> One", "\u{2022} One"),
        ("Police & partners", "Police and partners"),
        ("LAUNCH OF A WEEK", "Launch of a week"),
    ] {
        assert_eq!(of_body(before, after), "minor", "{before} / {after}");
    }
}

#[test]
fn boilerplate_is_minor() {
    let lead = format!("<p>{LEAD}</p>");
    for after in [
        edited(&[("<p>ENDS</p>", "")]),
        edited(&[(
            "<p>Notes to editors</p><p>The week took place for the first time in 2014.</p>",
            "",
        )]),
        edited(&[("020 7946 0000", "020 7946 0999")]),
        edited(&[(
            "<p>ENDS</p>",
            "<p>Share this page</p><p>We use cookies on this site.</p><p>ENDS</p>",
        )]),
        edited(&[(
            "<p>ENDS</p>",
            "<p>Related news</p><ul><li>Officers retire</li></ul><p>ENDS</p>",
        )]),
        edited(&[(
            "<p>ENDS</p>",
            "<p>About the NPCC</p><p>We bring forces together.</p><p>ENDS</p>",
        )]),
        text(
            TITLE,
            Some(LEAD),
            Some(&format!(
                "<p>EMBARGOED until 00:01 on Monday 13 May</p>{BODY}"
            )),
        ),
        // The lead above the body, in it, twice in it, and not at all.
        text(TITLE, None, Some(BODY)),
        text(TITLE, Some(LEAD), Some(&BODY.replacen(&lead, "", 1))),
        text(TITLE, Some(LEAD), Some(&format!("{lead}{BODY}"))),
    ] {
        assert_eq!(weight(&release(), &after), "minor", "{after:?}");
    }
    // "ENDS" moved up hides nothing that still stands below it.
    let moved = edited(&[("<p>Anyone", "<p>ENDS</p><p>Anyone")]);
    assert_eq!(weight(&release(), &moved), "minor");
}

#[test]
fn what_a_release_says_is_material() {
    for edits in [
        [("1,693", "1,692")],
        [("12%", "1.2%")],
        [("12% more", "12% less")],
        [("13 May 2024", "13 June 2024")],
        [("13 May 2024", "13 May 2023")],
        [("seven days", "eight days")],
        [("does not keep", "does keep")],
        [("does not keep", "does not not keep")],
        [("is not enough", "is now enough")],
        [("don\u{2019}t want", "do want")],
        [("may be a life", "must be a life")],
        [("Marlowe", "Marlow")],
        [("Stephanie", "Stefanie")],
        [("illegal", "legal")],
        [("parents", "parent")],
        [("school", "scholar")],
        [("Carrying a knife does not keep you safe.", "")],
        [(
            "<p>Police forces",
            "<p>UPDATE: The week was moved.</p><p>Police forces",
        )],
        [(
            "<p>The week took",
            "<p>Correction: An earlier version of this release named another lead.</p><p>The week took",
        )],
        [(
            "<p>The week took",
            "<p>This release was updated on Tuesday.</p><p>The week took",
        )],
        [(
            "<p>Anyone with information on knife crime can call 101, or Crimestoppers on 0800 555 111.</p>",
            "",
        )],
        [("0800 555 111", "0800 555 112")],
    ] {
        assert_eq!(weight(&release(), &edited(&edits)), "material", "{edits:?}");
    }
    for (before, after) in [
        ("He was legal.", "He was illegal."),
        ("Crime increased.", "Crime decreased."),
        ("Two men left.", "Two women left."),
        ("An officer able to", "An officer unable to"),
        ("Jon Smith was charged.", "John Smith was charged."),
        ("Micheal Smith was charged.", "Michael Smith was charged."),
        (
            "Smithe left. We saw Ms Smith.",
            "Smith left. We saw Ms Smith.",
        ),
        ("Mr. Smith was there.", "Mr. Smyth was there."),
        ("a non-violent protest", "a violent protest"),
        ("He was not able.", "He was notable."),
        ("He re-signed.", "He resigned."),
        ("It rose 1 5 times.", "It rose 15 times."),
        ("It fell by 5%.", "It fell by 5."),
        ("It cost £5.", "It cost $5."),
        ("It was -5 degrees.", "It was 5 degrees."),
        ("no no", "no"),
        ("A man was bailed.", "A man was jailed."),
        ("It is policy.", "It is police."),
        ("It's open.", "It isn't open."),
        ("See www.npcc.example/a", "See www.npcc.example/b"),
        ("", "Something."),
        (
            "\u{645}\u{631}\u{62D}\u{628}\u{627}",
            "\u{634}\u{643}\u{631}\u{627}",
        ),
    ] {
        assert_eq!(of_body(before, after), "material", "{before} / {after}");
    }
    // A word that the text keeps elsewhere is a word.
    let body = |body| text("A", None, Some(body));
    let before = body("We saw the offiers. The offiers came.");
    let after = body("We saw the offiers. The offers came.");
    assert_eq!(weight_of(&before, &after), "material");
}

#[test]
fn a_headline_is_material_beyond_typing() {
    for (after, expected) in [
        (
            "Forces take part in a week of acton against knife crime",
            "minor",
        ),
        (
            "FORCES TAKE PART IN A WEEK OF ACTION AGAINST KNIFE CRIME",
            "minor",
        ),
        (
            "Forces take part in a week of action against knife crime.",
            "minor",
        ),
        (
            "UPDATE: Forces take part in a week of action against knife crime",
            "material",
        ),
        (
            "Forces took part in a week of action against knife crime",
            "material",
        ),
        (
            "Forces take part in a week of action against gun crime",
            "material",
        ),
        ("", "material"),
    ] {
        let after = text(after, Some(LEAD), Some(BODY));
        assert_eq!(weight(&release(), &after), expected, "{}", after.title);
    }
}

#[test]
fn a_part_may_be_missing() {
    for after in [
        text(TITLE, Some("A wholly different lead."), Some(BODY)),
        text(TITLE, Some(LEAD), None),
        text("", None, None),
    ] {
        assert_eq!(weight(&release(), &after), "material");
    }
    let nothing = text("", None, None);
    assert!(Difference::between(&nothing, &nothing).is_empty());
}

#[test]
fn a_handful_of_typing_errors_is_minor_and_more_is_not() {
    let errors = [
        ("carry", "cary"),
        ("weapon", "wepaon"),
        ("children", "chidren"),
        ("receive", "recieve"),
        ("throughout", "thruoghout"),
        ("enforcement", "enforcment"),
    ];
    assert_eq!(weight_of(&edited(&errors[..5]), &release()), "minor");
    assert_eq!(weight_of(&edited(&errors), &release()), "material");
    // In a text ten times as long, they are few.
    let long = |text: &Text| {
        let filler =
            |n: usize| format!("<p>Some more words, for the {n}th time, about the same.</p>");
        let filler: String = (1..40).map(filler).collect();
        Text {
            body: text.body.as_deref().map(|body| format!("{filler}{body}")),
            ..text.clone()
        }
    };
    assert_eq!(
        weight_of(&long(&edited(&errors)), &long(&release())),
        "minor"
    );
}

#[test]
fn hostile_sizes_give_an_answer_of_bounded_size() {
    let words = |seed: usize, count: usize| -> String {
        (0..count)
            .map(|n| format!("w{} ", (n * 7_919 + seed) % 9_973))
            .collect()
    };
    for (before, after) in [
        (words(1, 5_000), words(2, 5_000)),
        ("a ".repeat(150_000), "b ".repeat(150_000)),
        ("(a). ".repeat(5_000), "(b). (a). ".repeat(2_500)),
        (
            format!("<p>{}", "<br>x".repeat(4_000)),
            format!("<p>{}", "<br>x".repeat(4_001)),
        ),
        ("x".repeat(300_000), "\u{E9}".repeat(150_000)),
        ("the the cat ".repeat(5_000), "the cat ".repeat(5_000)),
        (String::new(), "\u{1F6A8}\u{200D} x".repeat(4_000)),
    ] {
        let (old, new) = (
            text("A", Some("a. a. a."), Some(&before)),
            text("A", None, Some(&after)),
        );
        let difference = Difference::between(&old, &new);
        assert_eq!(difference.weight, Weight::Material);
        let pieces = || difference.parts.iter().flat_map(|part| &part.pieces);
        let size: usize = pieces().map(|piece| piece.text.len()).sum();
        assert!(size <= before.len() + after.len() + 100);
        for part in &difference.parts {
            assert!(part.shortened(5).pieces.len() == part.pieces.len());
        }
    }
    // Re-wrapping is no difference at any size.
    let long = words(1, 60_000);
    let wrapped = long.replace("w5 ", "w5<br>");
    let (old, new) = (
        text("A", None, Some(&long)),
        text("A", None, Some(&wrapped)),
    );
    assert!(Difference::between(&old, &new).is_empty());
}
