//! `docs/faults.md`, which is made of the catalogue.

use std::path::Path;

use super::{KINDS, Outcome};

const INTRODUCTION: &str = "\
# What can go wrong, and what happens then

This is for whoever runs npcc-feeds. It lists what a newsroom, the network or a clock can do wrong, what the program
makes of it, and what is left to you. Each line is a test (`cargo test --test it faults`), and this page is written from
the same table as the tests, so it says what is so and not what is hoped for.

In every case: the program stays up and `/live` answers 200; the last good feeds go on being served; releases that are
known keep their identity; and the first cycle that goes well catches up, with nothing lost and nothing twice. No feed
has ever to be repaired by hand.

Where the program *says* something, it says so in the log, in the report of `npcc-feeds fetch`, and at `/health` under
`trouble` or `alarms`. An address that fails is left alone for a while, longer each time, up to six hours; one that
refuses us, up to a day. `Retry-After` is obeyed. `npcc-feeds fetch` asks at once, unless the newsroom itself has asked
for time. Where a line below names a time, the newsroom failed at nine o'clock on 25 November 2026.
";

fn document() -> String {
    let mut out = INTRODUCTION.to_owned();
    let count: usize = KINDS.iter().map(|kind| kind.faults.len()).sum();
    out += &format!("\nThere are {count} faults.\n");
    for kind in KINDS {
        out += &format!("\n## {}\n\n{}\n\n", kind.title, kind.about);
        out += "| What happens | What the program does | What is left to do |\n|---|---|---|\n";
        for fault in kind.faults {
            let does = match fault.outcome {
                Outcome::Kept(says) => format!("Says “{}”", whole(says)),
                Outcome::Read(does, _) | Outcome::Announced(does, _) => does.to_owned(),
                Outcome::ReadBut(says, _) => format!("Says “{}”, and reads the rest", whole(says)),
                Outcome::Lead(says) => {
                    format!(
                        "Says “{}”, shows the release with its lead, and completes it later",
                        whole(says)
                    )
                }
            };
            let row = [fault.what, &does, fault.left].map(|cell| cell.replace('|', "\\|"));
            out += &format!("| {} |\n", row.join(" | "));
        }
    }
    out
}

/// Without the end of a message or a second that differs from run to run.
fn whole(says: &str) -> &str {
    says.trim_end_matches(":0").trim_end_matches([':', ' '])
}

#[test]
fn the_document_is_the_catalogue() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    let made = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == made,
        "docs/faults.md is not what the catalogue says; UPDATE_DOCS=1 cargo test --test it faults::document writes it"
    );
}

#[test]
fn every_fault_has_a_name_of_its_own() {
    for kind in KINDS {
        let mut told: Vec<&str> = kind.faults.iter().map(|fault| fault.what).collect();
        told.sort_unstable();
        told.dedup();
        assert_eq!(told.len(), kind.faults.len(), "{}", kind.title);
    }
}
