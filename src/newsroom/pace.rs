//! How often a feed says that it changes.

use std::time::Duration;

/// As much of a feed is searched: this stands before its items.
const HEAD: usize = 64 * 1024;

/// The time that a feed's `ttl` (RSS, in minutes) or its `sy:updatePeriod` and `sy:updateFrequency` (RSS 1.0's
/// syndication module) ask to wait, as they say.
///
/// They are read from the text, which need not be XML for it.
pub(super) fn ttl(text: &str) -> Option<Duration> {
    let head = &text[..text.floor_char_boundary(HEAD)];
    let items = ["<item", "<entry"]
        .iter()
        .filter_map(|item| head.find(item));
    let head = &head[..items.min().unwrap_or(head.len())];
    let minutes: Option<u64> = content(head, "ttl").and_then(|minutes| minutes.parse().ok());
    minutes
        .and_then(|minutes| minutes.checked_mul(60))
        .or_else(|| period(head))
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
}

fn period(head: &str) -> Option<u64> {
    const DAY: u64 = 24 * 60 * 60;
    let seconds = match content(head, "sy:updatePeriod")? {
        "hourly" => 60 * 60,
        "daily" => DAY,
        "weekly" => 7 * DAY,
        "monthly" => 30 * DAY,
        "yearly" => 365 * DAY,
        _ => return None,
    };
    let times = content(head, "sy:updateFrequency").and_then(|times| times.parse().ok());
    seconds.checked_div(times.unwrap_or(1))
}

fn content<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = head.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once('<')?;
    Some(content.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_or_periods_or_nothing() {
        let seconds = |text: &str| ttl(text).map(|ttl| ttl.as_secs());
        assert_eq!(seconds("<channel><ttl> 15 </ttl><item>"), Some(900));
        let hours =
            "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>";
        assert_eq!(seconds(hours), Some(900));
        assert_eq!(
            seconds("<sy:updatePeriod>daily</sy:updatePeriod>"),
            Some(86_400)
        );
        for none in [
            "",
            "<ttl>soon</ttl>",
            "<ttl>0</ttl>",
            "<ttl>99999999999999999999</ttl>",
            "<ttl>18446744073709551615</ttl>",
            "<item><ttl>15</ttl>",
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
        ] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }
}
