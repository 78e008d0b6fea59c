//! Somebody is told when something is the matter with a source: by a command, or by a post to an address.

use std::process::Stdio;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::future::join_all;
use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::{Error, Ingest};
use crate::config::Source;
use crate::serve::FAILED_FOR_LONG;
use crate::store::{Alarm, Episode, Receiver};

/// Who takes longer than this has failed.
const DONE_WITHIN: Duration = Duration::from_secs(60);
/// How often it is looked whether there is something to tell.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Told {
    source: String,
    kind: String,
    /// `raised` or `cleared`.
    state: &'static str,
    /// All of it in words.
    text: String,
    since: String,
    until: Option<String>,
    /// Where more can be seen.
    status: String,
}

impl Ingest {
    /// Who is to be told.
    fn receivers(&self) -> Vec<Receiver> {
        let alarm = &self.config.alarm;
        let command = (!alarm.command.is_empty()).then_some(Receiver::Command);
        let webhook = (!alarm.webhook.is_empty()).then_some(Receiver::Webhook);
        command.into_iter().chain(webhook).collect()
    }

    /// Notes what is the matter with a source after a cycle.
    pub(super) async fn note_episodes(&self, source: &Source) {
        let receivers = self.receivers();
        if receivers.is_empty() {
            return;
        }
        let noted = async {
            let now = self.clock.now();
            let progress = self.store.progress(&source.id).await?;
            let mut alarms = progress.alarms;
            let failing = progress.failing_since;
            if let Some(since) = failing.filter(|since| now - *since >= FAILED_FOR_LONG) {
                let causes = progress.trouble.iter();
                let causes = causes.map(|one| format!("{}: {}", one.url, one.cause));
                let causes = causes.collect::<Vec<_>>().join("; ");
                alarms.push(Alarm {
                    kind: "failing".to_owned(),
                    text: format!("nothing could be read since {}: {causes}", minute(since)),
                });
            }
            let noting = self
                .store
                .note_episodes(&source.id, &alarms, &receivers, now);
            noting.await
        };
        if let Err(error) = noted.await {
            tracing::warn!(source = source.id, %error, "what is the matter could not be noted");
        }
    }

    /// Tells what there is to tell, for ever.
    pub(super) async fn keep_telling_alarms(&self) {
        // A command that is called by hand may know of fewer than the daemon does.
        let receivers = self.receivers();
        for gone in [Receiver::Command, Receiver::Webhook] {
            if !receivers.contains(&gone)
                && let Err(error) = self.store.forget_receiver(gone).await
            {
                tracing::warn!(%error, "what the {gone} was told could not be forgotten");
            }
        }
        // One that takes its time keeps nothing from the other.
        let telling = receivers.into_iter().map(async |receiver| {
            loop {
                if let Err(error) = self.tell_alarms_to(receiver).await {
                    tracing::warn!(%error, "what is the matter could not be read");
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        join_all(telling).await;
        // Where there is nobody to be told, that was at once.
        std::future::pending().await
    }

    /// Tells of what has begun and what is over. What cannot be told is told later.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn tell_alarms(&self) -> Result<(), Error> {
        let receivers = self.receivers().into_iter();
        let telling = receivers.map(|receiver| self.tell_alarms_to(receiver));
        join_all(telling).await.into_iter().collect()
    }

    async fn tell_alarms_to(&self, receiver: Receiver) -> Result<(), Error> {
        // Each is tried once.
        let since = self.clock.now();
        loop {
            let next = self.store.take_episode(receiver, since, self.clock.now());
            let Some(episode) = next.await? else {
                return Ok(());
            };
            let told = self.told(&episode);
            let alarm = &self.config.alarm;
            let done = match receiver {
                Receiver::Command => run(&alarm.command, &told).await,
                Receiver::Webhook => post(&alarm.webhook, &told).await,
            };
            match done {
                Ok(()) => {
                    self.metrics.alarms_sent.add(&["ok"], 1);
                    tracing::info!(source = told.source, "told the {receiver}: {}", told.text);
                    self.store.episode_told(&episode).await?;
                }
                Err(why) => {
                    self.metrics.alarms_sent.add(&["failed"], 1);
                    tracing::error!(
                        source = told.source,
                        "the {receiver} could not be told ({why}; tried again in some minutes): {}",
                        told.text
                    );
                }
            }
        }
    }

    fn told(&self, episode: &Episode) -> Told {
        let source = self.config.source(&episode.source);
        let title = source.map_or(&episode.source, |source| &source.title);
        let kind = &episode.kind;
        let text = match episode.ended {
            None => format!("{title}: {kind}: {}", episode.text),
            Some(ended) => format!("{title}: {kind}: all clear since {}", minute(ended)),
        };
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        Told {
            source: episode.source.clone(),
            kind: kind.clone(),
            state: if episode.ended.is_none() {
                "raised"
            } else {
                "cleared"
            },
            text,
            since: time(episode.began),
            until: episode.ended.map(time),
            status: format!("{}/status", self.config.serve.public_url),
        }
    }
}

/// A time as a person in Britain reads it.
fn minute(time: DateTime<Utc>) -> String {
    let local = time.with_timezone(&chrono_tz::Europe::London);
    local.format("%-d %B %H:%M %Z").to_string()
}

async fn run(command: &str, told: &Told) -> Result<(), String> {
    let json = serde_json::to_vec(told).map_err(|error| error.to_string())?;
    let ran = async {
        let mut child = Command::new("/bin/sh")
            .args(["-c", command])
            .env("NPCC_FEEDS_ALARM_SOURCE", &told.source)
            .env("NPCC_FEEDS_ALARM_KIND", &told.kind)
            .env("NPCC_FEEDS_ALARM_STATE", told.state)
            .env("NPCC_FEEDS_ALARM_TEXT", &told.text)
            // What it starts is not the service.
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // One that does not read it is done all the same.
            let _ = input.write_all(&json).await;
        }
        child.wait().await
    };
    match tokio::time::timeout(DONE_WITHIN, ran).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("the command ended with {status}")),
        Ok(Err(error)) => Err(format!("the command cannot be run: {error}")),
        Err(_) => Err(format!("the command took longer than {DONE_WITHIN:?}")),
    }
}

async fn post(webhook: &str, told: &Told) -> Result<(), String> {
    let json = serde_json::to_vec(told).map_err(|error| error.to_string())?;
    let client = reqwest::Client::builder()
        .user_agent(concat!("npcc-feeds/", env!("CARGO_PKG_VERSION")))
        .timeout(DONE_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .build();
    let sent = client.map_err(|error| error.to_string())?.post(webhook);
    let sent = sent.header("Content-Type", "application/json").body(json);
    // The address may hold a secret, which is for no log.
    let answer = sent.send().await;
    let answer = answer.map_err(|error| error.without_url().to_string())?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("the webhook answers {status}")),
    }
}
