//! What the ways in announce together: one entry a release, whichever of them named it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::release::{CanonicalPath, Draft, Published, seen};
use crate::store::{RemovedLeads, Way};

/// One announced release, with what each way in said of it.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// The release; the feed's word counts before the listing's, which knows only the day.
    pub draft: Draft,
    /// What the feed said.
    pub feed_seen: Option<String>,
    /// What the listing said.
    pub listing_seen: Option<String>,
}

impl Announcement {
    /// The same without the leads that were removed from its release.
    pub fn without(&self, removed: &RemovedLeads) -> Announcement {
        let seen = |seen: &Option<String>| seen.as_deref().map(|seen| removed.out_of(seen));
        Announcement {
            draft: Draft {
                lead: removed.unless(&self.draft.lead),
                ..self.draft.clone()
            },
            feed_seen: seen(&self.feed_seen),
            listing_seen: seen(&self.listing_seen),
        }
    }

    /// The same, of which the headline alone is noted.
    pub fn noted_by_headline(&self) -> Announcement {
        let headline = |seen: &Option<String>| seen.as_deref().map(seen::headline);
        Announcement {
            draft: self.draft.clone(),
            feed_seen: headline(&self.feed_seen),
            listing_seen: headline(&self.listing_seen),
        }
    }
}

/// Joins what the feed and the listing announce, in the feed's order and then the listing's.
pub fn combine(feed: Vec<Draft>, listing: Vec<Draft>) -> Vec<Announcement> {
    let mut all: Vec<Announcement> = Vec::new();
    let mut places: HashMap<CanonicalPath, usize> = HashMap::new();
    let ways = feed.into_iter().map(|draft| (Way::Feed, draft));
    for (way, draft) in ways.chain(listing.into_iter().map(|draft| (Way::Listing, draft))) {
        let seen = Some(seen::of(&draft));
        let place = *places.entry(draft.path.clone()).or_insert(all.len());
        match (all.get_mut(place), way) {
            (Some(one), Way::Feed) => one.feed_seen = one.feed_seen.take().or(seen),
            (Some(one), Way::Listing) => {
                one.listing_seen = one.listing_seen.take().or(seen);
                one.draft.lead = one.draft.lead.take().or(draft.lead);
                if one.draft.published == Published::Unknown {
                    one.draft.published = draft.published;
                }
            }
            (None, Way::Feed) => all.push(Announcement {
                draft,
                feed_seen: seen,
                listing_seen: None,
            }),
            (None, Way::Listing) => all.push(Announcement {
                draft,
                feed_seen: None,
                listing_seen: seen,
            }),
        }
    }
    all
}

/// From when on what is announced is without gap. Each way in is so back to its end, newest first as it is. Several
/// listings are so together only back to the end of the shortest, and feed or listings alone suffice.
pub fn beginning(
    feed: Option<&Vec<Draft>>,
    listings: &[Vec<Draft>],
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let end = |drafts: &Vec<Draft>| {
        let mut dates = drafts.iter().rev().map(|draft| draft.published);
        dates
            .find(|date| *date != Published::Unknown)
            .map(|date| date.date(now))
    };
    let of_listings = listings.iter().filter_map(end).max();
    feed.and_then(end).into_iter().chain(of_listings).min()
}
