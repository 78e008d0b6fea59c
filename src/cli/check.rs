//! `check`: what is wrong in configuration and taxonomy, and where.

use std::path::Path;

use serde_json::json;

use super::output::{self, Format};
use super::{Outcome, Stop, setup};

pub(super) fn run(file: Option<&Path>, format: Format) -> Outcome {
    let setup = match setup::read(file) {
        Ok(setup) => setup,
        Err(Stop::Configuration(problems)) if format == Format::Json => {
            let listed: Vec<_> = problems
                .0
                .iter()
                .map(
                    |p| json!({"file": p.file, "line": p.line, "what": p.what, "advice": p.advice}),
                )
                .collect();
            output::json(&json!({"problems": listed, "warnings": []}))?;
            return Err(Stop::Configuration(problems));
        }
        Err(stop) => return Err(stop),
    };
    let mut warnings = setup.warnings;
    let told = setup.classifier.taxonomy().warnings(&setup.taxonomy);
    warnings.extend(told.iter().map(ToString::to_string));
    if format == Format::Json {
        return output::json(&json!({"problems": [], "warnings": warnings}));
    }
    let mut text: String = warnings
        .iter()
        .map(|warning| format!("warning: {warning}\n"))
        .collect();
    let topics = setup.classifier.taxonomy().topics.len();
    text += &format!(
        "{}: right, {}\n{}: right, {topics} topics\n",
        setup.configuration_name,
        output::count(setup.config.sources.len() as u64, "source", "sources"),
        setup.taxonomy.name(),
    );
    output::print(&text)
}
