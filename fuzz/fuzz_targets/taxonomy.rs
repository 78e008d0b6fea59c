//! Any text as the taxonomy.
#![no_main]

use libfuzzer_sys::fuzz_target;
use npcc_feeds::document::Document;
use npcc_feeds::topics::{Classifier, Taxonomy};

/// A release that many phrases are in.
const PARAGRAPHS: [&str; 2] = [
    "Police chiefs have launched a week of action against knife crime, hate crime and drink driving.",
    "Officers will stop and search in every force in the country, said the National Police Chiefs' Council lead.",
];

fuzz_target!(|text: &str| {
    room::run(|| {
        let document = Document::new("topics.toml", text);
        let taxonomy = match Taxonomy::read(&document) {
            Ok(taxonomy) => taxonomy,
            Err(problems) => return room::check_problems(&problems, text),
        };
        drop(taxonomy.warnings(&document));
        let topics: Vec<String> = taxonomy.topics.iter().map(|topic| topic.id.clone()).collect();
        let Ok(classifier) = Classifier::new(taxonomy) else {
            return;
        };
        let paragraphs = PARAGRAPHS.map(str::to_owned);
        let classification = classifier.classify("Week of action against knife crime", None, &paragraphs);
        for tag in &classification.tags {
            assert!(topics.contains(&tag.topic), "{}", tag.topic);
            assert!(tag.score.is_finite());
        }
    });
});
