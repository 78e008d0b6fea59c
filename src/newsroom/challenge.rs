//! Pages that protect a newsroom and answer in its place, often with 200.

use scraper::{Html, Node};

use super::Unreadable;
use crate::html;

/// As much of a page is searched. A challenge is small.
const HEAD: usize = 256 * 1024;

/// More words than these are a page of its own, which may load a protection's script or speak of one.
const MOST_WORDS: usize = 250;

/// So are more links: the newsroom's navigation has dozens.
const MOST_LINKS: usize = 12;

/// What such pages hold, in lower case, the telling ones first: those of AWS, Cloudflare, Imperva, Akamai, DataDome,
/// PerimeterX and Azure.
const MARKERS: [&str; 37] = [
    "awswaf.com",
    "gokuprops",
    "awswafintegration",
    "awswafcaptcha",
    "challenge.js",
    "captcha.js",
    "captcha-container",
    "cf-browser-verification",
    "_cf_chl_opt",
    "cdn-cgi/challenge-platform",
    "challenges.cloudflare.com",
    "cf-error-details",
    "<title>just a moment",
    "attention required! | cloudflare",
    "_incapsula_resource",
    "incapsula incident id",
    "pardon our interruption",
    "errors.edgesuite.net",
    "akam/13",
    "bm-verify",
    "captcha-delivery.com",
    "px-captcha",
    "azure waf",
    "checking your browser",
    "checking if the site connection is secure",
    "enable javascript and cookies to continue",
    "please enable cookies",
    "javascript is disabled in your browser",
    "verify you are human",
    "verify that you are not a robot",
    "verify that you're not a robot",
    "you have been blocked",
    "the request is blocked",
    "request blocked",
    "the requested url was rejected",
    "unusual traffic from your",
    "complete the captcha",
];

/// An answer of this kind names the request that it refused.
const REFUSED: [&str; 4] = [
    "reference #",
    "reference&#32;",
    "reference number",
    "permission to access",
];

/// Whether a page in which nothing was found is a challenge or a block: the error that says so, or `otherwise`.
pub(super) fn or(text: &str, document: &Html, otherwise: Unreadable) -> Unreadable {
    match marker(text) {
        Some(marker) if is_small(document) => Unreadable::Challenge(marker.to_owned()),
        _ => otherwise,
    }
}

fn marker(text: &str) -> Option<&'static str> {
    let head = text[..text.floor_char_boundary(HEAD)].to_ascii_lowercase();
    let is_refused =
        || head.contains("access denied") && REFUSED.iter().any(|words| head.contains(words));
    MARKERS
        .into_iter()
        .find(|marker| head.contains(marker))
        .or_else(|| is_refused().then_some("access denied"))
        .map(|marker| marker.trim_start_matches("<title>"))
}

fn is_small(document: &Html) -> bool {
    let words = html::line_in(document.tree.root());
    let is_link = |node: &Node| node.as_element().is_some_and(|e| e.name() == "a");
    let links = document.tree.values().filter(|node| is_link(node));
    words.split(' ').nth(MOST_WORDS).is_none() && links.take(MOST_LINKS + 1).count() <= MOST_LINKS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(html: &str) -> Unreadable {
        or(html, &Html::parse_document(html), Unreadable::TooMuch)
    }

    #[test]
    fn each_kind_of_challenge_is_named() {
        for (page, marker) in [
            (
                "<!DOCTYPE html><script>window.gokuProps = {\"key\":\"AQ\"};</script><script src='https://x.token.awswaf.com/challenge.js'></script>\
                 <noscript>JavaScript is disabled</noscript><script>AwsWafIntegration.checkForceRefresh()</script>",
                "awswaf.com",
            ),
            ("<script src='/x/challenge.js'></script>", "challenge.js"),
            (
                "<title>Human Verification</title><div id='captcha-container'>",
                "captcha-container",
            ),
            ("<title>Just a moment...</title><p>Wait", "just a moment"),
            (
                "<p>Enable JavaScript and cookies to continue",
                "enable javascript and cookies to continue",
            ),
            (
                "<title>Pardon Our Interruption</title><p>As you were browsing",
                "pardon our interruption",
            ),
            (
                "<iframe src='/_Incapsula_Resource?x'>",
                "_incapsula_resource",
            ),
            (
                "<h1>Checking your browser before you enter</h1>",
                "checking your browser",
            ),
            (
                "<h1>Access Denied</h1>You don't have permission to access this. Reference #18.2f",
                "access denied",
            ),
        ] {
            assert_eq!(
                told(page),
                Unreadable::Challenge(marker.to_owned()),
                "{page}"
            );
        }
    }

    #[test]
    fn a_page_that_speaks_of_such_things_is_none() {
        let long = "Officers were told that access was denied. ".repeat(60);
        for page in [
            format!("<script src='https://x.awswaf.com/challenge.js'></script><p>{long}"),
            format!(
                "<script src='https://x.awswaf.com/challenge.js'></script>{}",
                "<a href=x>x</a>".repeat(20)
            ),
            "<h1>Access denied</h1><p>Burglars were kept out".to_owned(),
            "<h1>Page not found</h1>".to_owned(),
        ] {
            assert_eq!(told(&page), Unreadable::TooMuch, "{page}");
        }
    }

    #[test]
    fn it_says_what_to_do() {
        let told = Unreadable::Challenge("awswaf.com".to_owned()).to_string();
        assert!(
            told.contains("\"awswaf.com\"") && told.contains("ask the newsroom"),
            "{told}"
        );
    }
}
