//! What is said of a page that gave nothing.

use thiserror::Error;

/// Why a page gave nothing.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Unreadable {
    /// The feed is not one, or none of its items is a release.
    #[error("the feed holds no release: {0} (look at it in a browser: it may have moved)")]
    Feed(String),
    /// The listing's page holds no card with a release's link.
    #[error(
        "the listing holds no release: nothing matches card \"{card}\" with link \"{link}\" (the page's layout may have changed: compare [sources.select])"
    )]
    Listing {
        /// The selector of a card.
        card: String,
        /// The selector of its link.
        link: String,
    },
    /// The release's page has no text where it should be, and none that could be told to be the release's.
    #[error(
        "the page holds no text: nothing matches body \"{0}\" (its layout may have changed: compare [sources.select])"
    )]
    Body(String),
    /// The release's page has a text, but no title anywhere.
    #[error(
        "the page holds no title: nothing matches title \"{0}\", and there is no other headline (its layout may have changed: compare [sources.select])"
    )]
    Title(String),
    /// Something that protects the newsroom answered in its place, by a page that holds these words.
    #[error(
        "a challenge or a block stands in front of the newsroom: the page holds \"{0}\" (it is never tried to pass: ask the newsroom to let this program in)"
    )]
    Challenge(String),
    /// The page nests deeper or holds more than any honest page.
    #[error(
        "the page nests its elements more than 512 deep, or comes to more than 200,000 of them or to as much work, and was not parsed (no honest page does: look at it in a browser)"
    )]
    TooMuch,
    /// A selector that the configuration's checks would have refused.
    #[error("\"{0}\" is no CSS selector")]
    Selector(String),
}
