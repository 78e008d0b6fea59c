//! What of an announcement is kept, so that a change of it is noticed: the headline, and in the next line the lead.

use super::Draft;

/// What an announcement says.
pub fn of(draft: &Draft) -> String {
    with_lead(&draft.title, draft.lead.as_deref())
}

/// The lead that it says.
pub fn lead(seen: &str) -> Option<&str> {
    let (_, lead) = seen.split_once('\n')?;
    (!lead.is_empty()).then_some(lead)
}

/// The same without its lead.
pub fn headline(seen: &str) -> String {
    with_lead(seen.split('\n').next().unwrap_or_default(), None)
}

fn with_lead(title: &str, lead: Option<&str>) -> String {
    format!("{title}\n{}", lead.unwrap_or_default())
}
