//! Any text as the configuration, with any overrides from the environment behind it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use npcc_feeds::config::Config;
use npcc_feeds::document::Document;
use npcc_feeds::newsroom::Reader;
use npcc_feeds::schedule::Schedule;

fuzz_target!(|data: &str| {
    room::run(|| {
        let (text, environment) = data.split_once("\n---\n").unwrap_or((data, ""));
        let variables = environment.lines().filter_map(|line| line.split_once('='));
        let variables = variables.map(|(name, value)| (format!("NPCC_FEEDS_{name}"), value.to_owned()));
        let environment: Vec<(String, String)> = variables.collect();
        match Config::read(&Document::new("my.toml", text), &environment) {
            Ok(config) => {
                // What the checks let through works.
                for source in &config.sources {
                    Schedule::new(&source.schedule, source.timezone()).expect("a schedule");
                    Reader::new(source).expect("selectors");
                }
                drop(config.warnings(&environment));
            }
            Err(problems) => room::check_problems(&problems, text),
        }
    });
});
