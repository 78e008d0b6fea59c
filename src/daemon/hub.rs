//! WebSub (<https://www.w3.org/TR/websub/>): the hub is told when a feed that is up has changed, so that those who subscribe
//! there need not ask.

use std::collections::HashSet;
use std::time::Duration;

use reqwest::Client;
use tokio::sync::Notify;

use super::Ingest;
use crate::edition::Address;

/// A hub that does not answer by then has failed.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// The first and the longest wait before what failed is told again.
const RETRY_AFTER: Duration = Duration::from_secs(5);
const RETRY_AT_MOST: Duration = Duration::from_secs(3600);

/// The hub of `[publish] hub`.
pub(super) struct Hub {
    url: String,
    client: Client,
    changed: Notify,
}

impl Hub {
    /// The configured hub, if there is one.
    pub(super) fn of(ingest: &Ingest) -> Option<Hub> {
        let url = ingest.config.publish.hub.clone();
        if url.is_empty() {
            return None;
        }
        let agent = concat!("npcc-feeds/", env!("CARGO_PKG_VERSION"));
        let client = Client::builder()
            .user_agent(agent)
            .timeout(ANSWERS_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        match client {
            Ok(client) => Some(Hub {
                url,
                client,
                changed: Notify::new(),
            }),
            Err(error) => {
                tracing::error!(%error, "the hub cannot be told of changes");
                None
            }
        }
    }

    /// Wakes [`Hub::keep_telling`]: an edition is up.
    pub(super) fn look(&self) {
        self.changed.notify_one();
    }

    /// Tells the hub of each feed whose bytes it was not told of, for ever. What it was told is on record, so that neither a
    /// restart nor a hub that is down for a day loses a change.
    pub(super) async fn keep_telling(&self, ingest: &Ingest) {
        let mut wait = RETRY_AFTER;
        loop {
            match self.tell(ingest).await {
                Ok(()) => {
                    wait = RETRY_AFTER;
                    self.changed.notified().await;
                }
                Err(why) => {
                    tracing::warn!(
                        hub = self.url,
                        "the hub could not be told: {why}; tried again in {wait:?}"
                    );
                    let _ = tokio::time::timeout(wait, std::future::pending::<()>()).await;
                    wait = (wait * 2).min(RETRY_AT_MOST);
                }
            }
        }
    }

    async fn tell(&self, ingest: &Ingest) -> Result<(), String> {
        let untold = ingest
            .store
            .untold()
            .await
            .map_err(|error| error.to_string())?;
        let feeds = ingest.edition().feeds();
        let feeds: HashSet<String> = feeds.iter().map(Address::path).collect();
        // What a topic that is no more once held is nobody's business.
        for (path, etag) in untold.into_iter().filter(|(path, _)| feeds.contains(path)) {
            let topic = format!("{}{path}", ingest.config.serve.public_url);
            let form = [
                ("hub.mode", "publish"),
                ("hub.url", &topic),
                ("hub.topic", &topic),
            ];
            let body = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish();
            let answer = self
                .client
                .post(&self.url)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(body)
                .send()
                .await
                .map_err(|error| error.to_string())?;
            if !answer.status().is_success() {
                return Err(format!("it answers {} for {topic}", answer.status()));
            }
            tracing::debug!(topic, "the hub was told");
            let kept = ingest.store.told(&path, &etag).await;
            kept.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
