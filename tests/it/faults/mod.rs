//! The catalogue of faults: what newsrooms, networks and clocks do wrong, and what becomes of the feeds.
//!
//! Each fault is one row of a table, from which come its test and its line in `docs/faults.md`.

mod bomb;
mod challenges;
mod clocks;
mod dates;
mod document;
mod documents;
mod encodings;
mod engine;
mod hits;
mod listing;
mod pages;
mod proof;
mod redirects;
mod robots;
mod status;
mod wire;

use std::pin::Pin;

use engine::{Shown, Stage};

/// One fault.
pub struct Fault {
    /// The name of its test.
    name: &'static str,
    /// What happens.
    what: &'static str,
    /// Makes it happen.
    hit: for<'a> fn(&'a mut Stage) -> Hit<'a>,
    /// What is proved.
    outcome: Outcome,
    /// What is left to a person.
    left: &'static str,
}

type Hit<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
type Check = fn(&[Shown]);

/// What becomes of a cycle that meets a fault. In each case a good cycle afterwards has everything, once.
#[derive(Clone, Copy)]
pub enum Outcome {
    /// Nothing can be read; this is said, and the feeds stay as they are.
    Kept(&'static str),
    /// All is read; in which way stands in the document.
    Read(&'static str, Check),
    /// All that is announced is read so; the release's page is not up yet.
    Announced(&'static str, Check),
    /// This is said, and the rest is read.
    ReadBut(&'static str, Check),
    /// The release appears with its lead alone; this is said.
    Lead(&'static str),
}

/// The faults of one kind.
pub struct Kind {
    title: &'static str,
    about: &'static str,
    faults: &'static [Fault],
}

/// In the order of the document.
const KINDS: [&Kind; 11] = [
    &status::KIND,
    &wire::KIND,
    &encodings::KIND,
    &redirects::KIND,
    &challenges::KIND,
    &documents::KIND,
    &dates::KIND,
    &listing::KIND,
    &pages::KIND,
    &robots::KIND,
    &clocks::KIND,
];

/// Nothing is left to do.
const NOTHING: &str = "Nothing";
/// A fault of the newsroom's side that may last.
const IF_IT_LASTS: &str = "Nothing, unless it lasts for hours: then tell the newsroom";
/// They do not want us.
const ASK: &str = "Ask the newsroom to let this program in";
/// The address may be another by now.
const ADDRESS: &str = "Look whether the address has changed";
/// The layout may be another by now.
const SELECTORS: &str = "Compare `[sources.select]` with the page";

/// A kind of faults: its `KIND`, and a test for each.
macro_rules! faults {
    ($title:literal, $about:literal;
     $($name:ident: $what:literal, |$it:ident| $hit:expr, $outcome:expr, $left:expr;)+) => {
        pub const KIND: super::Kind = super::Kind {
            title: $title,
            about: $about,
            faults: &[$(super::Fault {
                name: stringify!($name),
                what: $what,
                hit: |$it| Box::pin(async move { $hit; }),
                outcome: $outcome,
                left: $left,
            }),+],
        };
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let fault = KIND.faults.iter().find(|fault| fault.name == stringify!($name));
                super::proof::prove(fault.unwrap()).await;
            }
        )+
    };
}
use faults;
