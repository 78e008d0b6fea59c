use proptest::prelude::*;

use super::*;

const TEXT: &str = "Officers across the country will be out on the roads this week to find drivers who use a \
    mobile phone at the wheel. The week is part of a plan that forces agreed with road safety charities.\n\
    The lead for roads policing said that a moment of inattention can cost a life, and that nobody should have \
    to open the door to an officer who brings the worst of news.\n\
    Drivers who are caught face six penalty points and a fine, and new drivers lose their licence at once.";

fn print(title: &str, day: &str, text: &str) -> Fingerprint {
    let paragraphs: Vec<String> = text.lines().map(str::to_owned).collect();
    Fingerprint::new(
        title,
        &paragraphs,
        format!("{day}T12:00:00Z").parse().unwrap(),
    )
}

#[test]
fn layout_and_quotes_make_no_other_release() {
    let a = print("Phones", "2026-01-10", TEXT);
    let b = print(
        "Phones at the wheel",
        "2026-01-12",
        &format!(
            "EMBARGOED until 00:01\n{}\nENDS\nPress office",
            TEXT.replace(". ", ".\n")
        ),
    );
    assert_eq!(compare(&a, &b), Comparison::One(Reason::EqualText));
}

#[test]
fn a_section_added_makes_no_other_release() {
    let longer = format!(
        "{TEXT}\nMore advice for parents and schools is to be had from the charity, which has run its helpline for \
         many years with the help of volunteers."
    );
    let comparison = compare(
        &print("A", "2026-01-10", TEXT),
        &print("B", "2026-01-12", &longer),
    );
    assert!(
        matches!(comparison, Comparison::One(Reason::Shingles { .. })),
        "{comparison:?}"
    );
}

#[test]
fn a_template_with_other_figures_is_another_release() {
    let with = |figures: [&str; 2]| {
        format!(
            "{TEXT}\nForces issued {} fines and gave {} warnings in the period.",
            figures[0], figures[1]
        )
    };
    let a = print("Fines", "2026-01-10", &with(["68,952", "1,204"]));
    let b = print("Fines", "2026-01-24", &with(["94,368", "1,411"]));
    let Comparison::Template(refusal) = compare(&a, &b) else {
        panic!("{:?}", compare(&a, &b));
    };
    let told = refusal.to_string();
    assert!(
        told.contains("one says 1204, 68952 where the other says 1411, 94368"),
        "{told}"
    );
}

#[test]
fn a_campaign_of_another_year_or_month_is_another_release() {
    let of = |when: &str, day| {
        print(
            "Week of action",
            day,
            &format!("{TEXT}\nThe week ends in {when}."),
        )
    };
    for (a, b) in [
        (
            of("December 2024", "2024-12-01"),
            of("December 2025", "2025-12-01"),
        ),
        (of("May 2026", "2026-05-01"), of("March 2026", "2026-03-01")),
    ] {
        assert!(matches!(compare(&a, &b), Comparison::Template(_)));
    }
}

#[test]
fn one_corrected_figure_is_no_other_release() {
    let of = |count: &str| {
        print(
            "Week",
            "2026-05-01",
            &format!("{TEXT}\nThere were {count} arrests."),
        )
    };
    assert!(matches!(
        compare(&of("212"), &of("221")),
        Comparison::One(_)
    ));
}

const MORE: &str = "The square and the three streets that lead to it stay closed, and whoever left a car there should ring \
    the council rather than try to fetch it. Buses run from the market hall until further notice, and tickets bought for \
    the tram are good on every line.\n\
    Families of the injured are looked after by trained officers and have asked for quiet. Pictures and films should be \
    sent through the public portal and kept from social media, where they may spoil a trial.\n\
    Surgeons, porters and drivers who came in on their day off have the thanks of the whole town, said the mayor, who \
    has opened a book of condolence in the library and a fund at the savings bank.";

#[test]
fn an_update_on_an_event_with_one_other_figure_is_another_release() {
    let of = |first: &str, last: &str| {
        print(
            "The station",
            "2026-05-01",
            &format!("{first}\n{TEXT}\n{MORE}\n{last}"),
        )
    };
    let held = "One man was held at the ticket gates and sits in a cell in Wakefield, no train will call before Thursday, and a kiosk owner lies in hospital with burns.";
    let morning = of(
        "A fire at the station hurt 11 people, and smoke is still to be seen from the bridge.",
        held,
    );
    let evening = of(
        "Detectives who look into the fire at the station have searched flats above a bakery in the old town and charged \
         a woman of 29 with arson, said their superintendent, who thanked the crews and asked for patience.",
        "",
    );
    let comparison = compare(&morning, &evening);
    assert!(
        matches!(comparison, Comparison::Template(_)),
        "{comparison}"
    );
    let mended = of(
        "A fire at the station hurt 12 people, and smoke is still to be seen from the bridge.",
        held,
    );
    assert!(matches!(compare(&morning, &mended), Comparison::One(_)));
}

#[test]
fn paragraphs_in_another_order_are_no_conflict() {
    let figures = [
        "In Leeds they counted 412 burglaries, 96 robberies and 1,204 thefts from shops.",
        "In Hull they counted 377 burglaries, 81 robberies and 988 thefts from shops.",
        "In Goole they counted 45 burglaries, 7 robberies and 120 thefts from shops.",
    ];
    let of = |order: [usize; 3]| {
        let told = order.map(|n| figures[n]).join("\n");
        print(
            "Crime",
            "2026-05-01",
            &format!("{TEXT}\n{told}\nThe figures are provisional."),
        )
    };
    let comparison = compare(&of([0, 1, 2]), &of([2, 0, 1]));
    assert!(matches!(comparison, Comparison::One(_)), "{comparison}");
}

#[test]
fn two_answers_in_the_same_few_words_are_two() {
    let thanks = "We thank the inspectors and will study the report.";
    let a = print("Reply to the first report", "2026-01-01", thanks);
    let same = print("Reply to the first report", "2026-01-03", thanks);
    assert_eq!(compare(&a, &same), Comparison::One(Reason::EqualText));
    for other in [
        print("Reply to the second report", "2026-01-01", thanks),
        print("Reply to the first report", "2026-03-01", thanks),
        print(
            "Reply to the first report",
            "2026-01-01",
            &thanks.replace("study", "read"),
        ),
    ] {
        assert_eq!(compare(&a, &other), Comparison::Two);
    }
    let empty = print("A", "2026-01-01", "");
    assert_eq!(compare(&empty, &empty), Comparison::Two);
}

#[test]
fn one_template_for_two_operations_places_or_people_is_two_releases() {
    let of = |what: &str| {
        let text = format!("{TEXT}\nThis is part of {what}, said the officer who runs it.");
        print("Week of action", "2026-05-01", &text)
    };
    for (a, b) in [
        ("Operation Limit", "Operation Drift"),
        ("the plan for Cardiff", "the plan for Leeds"),
        ("what Siân Prosser began", "what Rodney Elphick began"),
    ] {
        let Comparison::Template(refusal) = compare(&of(a), &of(b)) else {
            panic!("{a} {b}: {}", compare(&of(a), &of(b)));
        };
        assert!(!refusal.instead.is_empty());
    }
    let (prior, pryor) = (
        of("what ACC Jon Prior began"),
        of("what DCC John Pryor began"),
    );
    assert!(matches!(compare(&prior, &pryor), Comparison::One(_)));
}

#[test]
fn another_subject_in_the_same_words_is_another_release() {
    let of = |subject: &str| {
        let text = format!(
            "We welcome the report on {subject} that the inspectors have published, and thank those who spoke to them \
             about {subject}. We will study what it says and bring it before all chief constables when they meet, so that \
             each force can say what it will do and by when it will have done so."
        );
        print("Reply to the report", "2026-05-01", &text)
    };
    let (a, b) = (of("stop and search"), of("undercover work and informants"));
    assert!(
        matches!(compare(&a, &b), Comparison::Template(_)),
        "{}",
        compare(&a, &b)
    );
}

#[test]
fn a_correction_note_explains_what_differs() {
    let of = |note: &str, figures: [&str; 2], day| {
        let [arrests, charges] = figures;
        print(
            "Week",
            day,
            &format!(
                "{note}\n{TEXT}\nThere were {arrests} arrests and {charges} people were charged."
            ),
        )
    };
    let before = of("", ["594", "61"], "2026-05-01");
    let noted = "Correction: an earlier version of this release gave other figures.";
    let after = of(noted, ["549", "66"], "2026-05-20");
    let Comparison::One(reason) = compare(&before, &after) else {
        panic!("{}", compare(&before, &after));
    };
    assert!(
        reason.to_string().ends_with("with 549, 66 for 594, 61"),
        "{reason}"
    );
    let unexplained = of("", ["549", "66"], "2026-05-02");
    assert!(matches!(
        compare(&before, &unexplained),
        Comparison::Template(_)
    ));
}

#[test]
fn what_every_release_says_counts_for_little() {
    let usual: String = include_str!("background.txt")
        .lines()
        .skip(3)
        .take(30)
        .map(|line| format!("{line}.\n"))
        .collect();
    let of = |own: &str| print("A", "2026-05-01", &format!("{own}\n{usual}"));
    let first = of(
        "Thieves have taken the lead from nine church roofs in Norfolk since harvest, and parishes are asked to \
                    mark theirs and to look out for vans at night.",
    );
    let second = of(
        "A van full of stolen dogs was stopped on the road to the ferry, and their owners are now being looked \
                     for by chip and by collar.",
    );
    let comparison = compare(&first, &second);
    assert!(!matches!(comparison, Comparison::One(_)), "{comparison}");
}

fn paragraph() -> impl Strategy<Value = String> {
    let word = proptest::string::string_regex("[a-z]{4,9}").unwrap();
    proptest::collection::vec(word, 12..40).prop_map(|words| {
        let mut text = words.join(" ");
        text.replace_range(..1, "T");
        text + "."
    })
}

/// What a text goes through on its way without becoming another.
fn changed(way: u8, paragraphs: &mut Vec<String>) {
    match way {
        0 => paragraphs.insert(0, "EMBARGOED until 00:01 on 4 March".to_owned()),
        1 => paragraphs.push("ENDS".to_owned()),
        2 => paragraphs.extend(["Notes to editors".to_owned(), "Begun in 2017.".to_owned()]),
        3 => paragraphs.insert(0, paragraphs[0].clone()),
        4 => paragraphs.insert(
            0,
            "UPDATE: 12 more were arrested in Leeds on 9 May.".to_owned(),
        ),
        5 => paragraphs
            .iter_mut()
            .for_each(|one| *one = one.replace(' ', "\u{A0}").replace("es", "e\u{AD}s")),
        6 => paragraphs
            .iter_mut()
            .for_each(|one| *one = one.replace('o', "\u{43E}").replace('a', "\u{430}")),
        7 => {
            let wrapped = paragraphs.iter().flat_map(|one| {
                let words: Vec<&str> = one.split(' ').collect();
                let lines = words.chunks(7).map(|line| line.join(" "));
                lines.collect::<Vec<_>>()
            });
            *paragraphs = wrapped.collect();
        }
        _ => paragraphs
            .iter_mut()
            .for_each(|one| *one = format!("\u{201C}{one}\u{201D}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_release_is_itself_however_it_is_written(
        paragraphs in proptest::collection::vec(paragraph(), 3..7),
        ways in proptest::collection::vec(0..9_u8, 1..5),
    ) {
        let published = "2026-05-01T12:00:00Z".parse().unwrap();
        let before = Fingerprint::new("A week", &paragraphs, published);
        let mut after = paragraphs;
        for way in ways {
            changed(way, &mut after);
        }
        let after = Fingerprint::new("Another headline", &after, published);
        let comparison = compare(&before, &after);
        prop_assert!(matches!(comparison, Comparison::One(_)), "{comparison}");
    }

    #[test]
    fn which_of_two_came_first_makes_no_difference(
        paragraphs in proptest::collection::vec(paragraph(), 4..9),
        other in proptest::collection::vec(paragraph(), 1..4),
        kept in 1..9_usize,
        figures in proptest::collection::vec(1..40_u32, 8),
    ) {
        let with = |paragraphs: &[String], figures: &[u32]| -> Vec<String> {
            let told = figures.iter().map(|figure| format!("They counted {figure} in Leeds."));
            paragraphs.iter().cloned().chain(told).collect()
        };
        let published = "2026-05-01T12:00:00Z".parse().unwrap();
        let a = with(&paragraphs, &figures[..4]);
        let b = with(&[&paragraphs[..kept.min(paragraphs.len())], &other[..]].concat(), &figures[4..]);
        let a = Fingerprint::new("A week", &a, published);
        let b = Fingerprint::new("A week", &b, published);
        let is_one = |comparison: Comparison| matches!(comparison, Comparison::One(_));
        prop_assert_eq!(is_one(compare(&a, &b)), is_one(compare(&b, &a)));
    }
}
