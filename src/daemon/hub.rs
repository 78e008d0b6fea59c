//! WebSub (<https://www.w3.org/TR/websub/>): the hub is told when a feed that is up has changed, so that those who subscribe
//! there need not ask.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use reqwest::Client;
use tokio::sync::Notify;

use super::Ingest;
use crate::serve::Shelf;
use crate::store::{self, Lease};

/// The hub may ask any of the daemons that share a store; by then each shows what one does.
const SHOWN_BY_ALL: Duration = Duration::from_secs(3);
/// A hub that does not answer by then has failed.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// The first and the longest wait before what failed is told again.
const RETRY_AFTER: Duration = Duration::from_secs(5);
const RETRY_AT_MOST: Duration = Duration::from_secs(3600);

/// The hub of `[publish] hub`.
pub(super) struct Hub {
    url: String,
    client: Client,
    /// What is up: in memory, and in the folder where there is one.
    visible: ArcSwap<Option<Shelf>>,
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
                visible: ArcSwap::default(),
                changed: Notify::new(),
            }),
            Err(error) => {
                tracing::error!(%error, "the hub cannot be told of changes");
                None
            }
        }
    }

    /// Wakes [`Hub::keep_telling`]: this is up.
    pub(super) fn look(&self, visible: Arc<Option<Shelf>>) {
        self.visible.store(visible);
        self.changed.notify_one();
    }

    /// Tells the hub of each feed of whose bytes it was not told, for ever. What it was told is on record, so that neither a
    /// restart nor a hub that is down for a day loses a change. A hub fetches at once, so it is told of what is up, and of
    /// nothing before anything is.
    pub(super) async fn keep_telling(&self, ingest: &Ingest) {
        self.changed.notified().await;
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
        if !ingest.store.is_shared() {
            return self.tell_in_turn(ingest, None).await;
        }
        // One of those that share the store at a time, so that the hub hears of each change once.
        let lease = loop {
            tokio::time::sleep(SHOWN_BY_ALL).await;
            match ingest.store.hub_lease(ingest.clock.now()).await {
                Err(store::Error::Leased { .. }) => {}
                taken => break taken.map_err(|error| error.to_string())?,
            }
        };
        let told = self.tell_in_turn(ingest, Some(&lease)).await;
        let released = lease.release().await;
        told.and(released.map_err(|error| error.to_string()))
    }

    async fn tell_in_turn(&self, ingest: &Ingest, lease: Option<&Lease>) -> Result<(), String> {
        let untold = ingest.store.untold().await;
        let untold = untold.map_err(|error| error.to_string())?;
        let visible = self.visible.load_full();
        let Some(visible) = visible.as_ref() else {
            return Ok(());
        };
        let is_up = |path: &str, etag: &str| {
            let held = visible.held.get(path);
            held.is_some_and(|held| held.is_of(etag))
        };
        let mut first_failure = Ok(());
        for (path, etag) in untold.iter().filter(|(path, etag)| is_up(path, etag)) {
            if let Some(lease) = lease {
                let is_ours = lease.renew(ingest.clock.now()).await;
                if !is_ours.map_err(|error| error.to_string())? {
                    return Err("another daemon has taken it over".to_owned());
                }
            }
            // One that the hub will not hear of must not keep it from hearing of others.
            let told = self.tell_of(ingest, path, etag).await;
            first_failure = first_failure.and(told);
        }
        first_failure
    }

    async fn tell_of(&self, ingest: &Ingest, path: &str, etag: &str) -> Result<(), String> {
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
        let kept = ingest.store.told(path, etag).await;
        kept.map_err(|error| error.to_string())
    }
}
