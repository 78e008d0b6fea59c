//! What of an announcement is kept, so that a change of it is noticed: the headline, and in the next line the lead.

use super::Draft;

/// What an announcement says.
pub fn of(draft: &Draft) -> String {
    format!(
        "{}\n{}",
        draft.title,
        draft.lead.as_deref().unwrap_or_default()
    )
}

/// The lead that it says.
pub fn lead(seen: &str) -> Option<String> {
    let (_, lead) = seen.split_once('\n')?;
    (!lead.is_empty()).then(|| lead.to_owned())
}

/// The same without its lead, as of a release whose text a person has removed.
pub fn without_lead(seen: &str) -> String {
    let title = seen.split('\n').next().unwrap_or_default();
    format!("{title}\n")
}
