//! Any text as a date: in a feed, and on a page in several formats.
#![no_main]

use libfuzzer_sys::fuzz_target;
use npcc_feeds::newsroom::dates;
use npcc_feeds::release::london_day;

fuzz_target!(|text: &str| {
    room::run(|| {
        if let Some(instant) = dates::instant(text) {
            room::check_year(Some(instant.date_naive().to_string()));
            // What was read can be written and read again.
            assert_eq!(dates::instant(&instant.to_rfc3339()), Some(instant));
            assert_eq!(dates::instant(&instant.to_rfc2822()).map(|at| at.timestamp()), Some(instant.timestamp()));
            drop(london_day(instant));
        }
        for format in ["%d %b %Y", "%d %B %Y", "%m/%d/%Y", "%Y-%m-%d"] {
            if let Some(day) = dates::day(text, format) {
                room::check_year(Some(day.to_string()));
                assert_eq!(dates::day(&day.format(format).to_string(), format), Some(day));
            }
        }
    });
});
