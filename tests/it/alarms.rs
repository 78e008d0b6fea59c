//! Somebody is told what is the matter: once when it begins, and once when it is over.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::post;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{World, numbered};
use crate::inside::Inside;
use crate::running::{Daemon, until};
use crate::site::Fault;

/// A world whose alarms go to these.
async fn world(change: impl FnOnce(&mut npcc_feeds::config::Alarm)) -> Inside {
    let mut world = Inside::new(numbered(1..=5)).await;
    let mut config = (*world.ingest.config).clone();
    change(&mut config.alarm);
    world.ingest.config = Arc::new(config);
    world
}

impl Inside {
    /// A cycle, so much later, and what is told after it.
    async fn after(&self, minutes: i64) {
        self.turn_minutes(minutes);
        self.cycle().await;
        self.ingest.tell_alarms().await.unwrap();
    }
}

/// What the command has written, a line each.
struct Written(TempDir);

impl Written {
    fn new() -> Written {
        Written(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("told")
    }

    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.file()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_run_once_an_episode_and_once_when_it_is_over() {
    let written = Written::new();
    let told = || written.lines();
    let world = world(|alarm| {
        let name = written.file();
        let name = name.display();
        alarm.command = format!(
            "(cat; echo \" $NPCC_FEEDS_ALARM_SOURCE $NPCC_FEEDS_ALARM_KIND $NPCC_FEEDS_ALARM_STATE $NPCC_FEEDS_ALARM_TEXT\") >> {name}"
        );
    })
    .await;
    world.after(0).await;
    assert_eq!(told(), [""; 0]);

    world
        .site()
        .set_fault("/feed/rss", Fault::Status(410, None));
    world.after(15).await;
    world.after(24 * 60).await;
    let lines = told();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(" npcc gone raised "), "{lines:?}");
    let mut json = serde_json::Deserializer::from_str(&lines[0]).into_iter::<Value>();
    let json = json.next().unwrap().unwrap();
    assert_eq!(
        (&json["kind"], &json["state"]),
        (&"gone".into(), &"raised".into())
    );
    assert!(
        json["text"]
            .as_str()
            .unwrap()
            .contains("look for its new one")
    );
    assert_eq!(json["status"], "http://127.0.0.1:8611/status");

    // One good cycle between bad ones is no all-clear.
    world.site().clear_faults();
    world.after(24 * 60).await;
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(410, None));
    world.after(30).await;
    world.after(24 * 60).await;
    assert_eq!(told().len(), 1);
    world.site().clear_faults();
    world.after(24 * 60).await;
    assert_eq!(told().len(), 1);
    world.after(61).await;
    let lines = told();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].contains(" npcc gone cleared "), "{lines:?}");
    assert!(lines[1].contains("all clear since "), "{lines:?}");
    world.after(24 * 60).await;
    assert_eq!(told().len(), 2);
}

#[derive(Clone, Default)]
struct Webhook {
    told: Arc<Mutex<Vec<Value>>>,
    fails: Arc<Mutex<usize>>,
}

async fn heard(State(webhook): State<Webhook>, body: String) -> StatusCode {
    let mut fails = webhook.fails.lock().unwrap();
    if *fails > 0 {
        *fails -= 1;
        return StatusCode::BAD_GATEWAY;
    }
    let told = serde_json::from_str(&body).unwrap();
    webhook.told.lock().unwrap().push(told);
    StatusCode::NO_CONTENT
}

impl Webhook {
    async fn start(&self) -> String {
        let router = Router::new()
            .route("/hook", post(heard))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router).into_future());
        format!("http://{address}/hook")
    }

    fn told(&self) -> Vec<(String, String)> {
        let told = self.told.lock().unwrap();
        let word = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        told.iter()
            .map(|one| (word(one, "kind"), word(one, "state")))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_does_not_hear_is_told_again_and_a_short_failure_is_nobodys_business() {
    let webhook = Webhook::default();
    *webhook.fails.lock().unwrap() = 2;
    let url = webhook.start().await;
    let world = world(|alarm| alarm.webhook = url).await;
    world.after(0).await;
    for way in ["/feed/rss", "/releases"] {
        world.site().set_fault(way, Fault::Status(500, None));
    }
    for _ in 0..5 {
        world.after(60).await;
    }
    assert_eq!(webhook.told(), []);
    for _ in 0..3 {
        world.after(7 * 60).await;
    }
    assert_eq!(
        webhook.told(),
        [("failing".to_owned(), "raised".to_owned())]
    );
    world.site().clear_faults();
    world.after(24 * 60).await;
    world.after(61).await;
    assert_eq!(
        webhook.told()[1..],
        [("failing".to_owned(), "cleared".to_owned())]
    );
    let told = webhook.told.lock().unwrap()[0]["text"].to_string();
    assert!(
        told.contains("National Police Chiefs' Council: failing: nothing could be read since"),
        "{told}"
    );
    assert!(told.contains("the server answered 500"), "{told}");
}

/// One "told" for both made the command run again for as long as the webhook failed, and kept the all-clear from both.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_does_not_hear_keeps_nothing_from_the_command() {
    let webhook = Webhook::default();
    *webhook.fails.lock().unwrap() = 7;
    let url = webhook.start().await;
    let written = Written::new();
    let world = world(|alarm| {
        alarm.webhook = url;
        let name = written.file();
        alarm.command = format!("echo $NPCC_FEEDS_ALARM_STATE >> {}", name.display());
    })
    .await;
    world.after(0).await;
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(410, None));
    for _ in 0..5 {
        world.after(24 * 60).await;
    }
    assert_eq!(written.lines(), ["raised"]);
    world.site().clear_faults();
    world.after(24 * 60).await;
    world.after(61).await;
    assert_eq!(written.lines(), ["raised", "cleared"]);
    assert_eq!(webhook.told(), []);
    // What was over before it heard is told all the same, in its order.
    world.after(10).await;
    let told = [("gone", "raised"), ("gone", "cleared")];
    assert_eq!(
        webhook.told(),
        told.map(|(kind, state)| (kind.to_owned(), state.to_owned()))
    );
    world.after(24 * 60).await;
    assert_eq!((written.lines().len(), webhook.told().len()), (2, 2));
}

/// What is told is for the address that the configuration names, and for no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_leads_elsewhere_has_not_heard() {
    let elsewhere = Webhook::default();
    let url = elsewhere.start().await;
    let asked = Arc::new(Mutex::new(0));
    let leads = {
        let asked = asked.clone();
        move || async move {
            *asked.lock().unwrap() += 1;
            Redirect::temporary(&url)
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/hook", post(leads));
    tokio::spawn(axum::serve(listener, router).into_future());
    let world = world(|alarm| alarm.webhook = format!("http://{address}/hook")).await;
    world.after(0).await;
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(410, None));
    world.after(24 * 60).await;
    assert_eq!((*asked.lock().unwrap(), elsewhere.told()), (1, vec![]));
    world.after(24 * 60).await;
    assert_eq!((*asked.lock().unwrap(), elsewhere.told()), (2, vec![]));
}

/// The command heard nothing new for as long as the webhook took.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_does_not_answer_keeps_nothing_from_the_command() {
    let hangs = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let written = Written::new();
    let mut world = World::read(3).await;
    let address = hangs.local_addr().unwrap();
    world.set("ALARM__WEBHOOK", &format!("http://{address}/"));
    let command = format!(
        "echo $NPCC_FEEDS_ALARM_KIND >> {}",
        written.file().display()
    );
    world.set("ALARM__COMMAND", &command);
    world
        .change_store(
            "INSERT INTO episodes (source, kind, receiver, text, began_at)
             VALUES ('npcc', 'gone', 'command', '', 1), ('npcc', 'gone', 'webhook', '', 1)",
        )
        .await;
    let _daemon = Daemon::serving(&world).await;
    let _asked = hangs.accept().await.unwrap();
    until("the command hears", || written.lines() == ["gone"]).await;
    world
        .change_store(
            "INSERT INTO episodes (source, kind, receiver, text, began_at) VALUES ('npcc', 'moved', 'command', '', 1)",
        )
        .await;
    // The webhook is waited for twice as long.
    until("it hears more", || written.lines() == ["gone", "moved"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_by_the_next_cycle_is_told() {
    let webhook = Webhook::default();
    *webhook.fails.lock().unwrap() = 1;
    let url = webhook.start().await;
    let world = world(|alarm| alarm.webhook = url).await;
    world.after(0).await;
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(410, None));
    world.after(24 * 60).await;
    assert_eq!(webhook.told(), []);
    world.site().clear_faults();
    world.after(24 * 60).await;
    assert_eq!(webhook.told(), [("gone".to_owned(), "raised".to_owned())]);
    world.after(61).await;
    assert_eq!(
        webhook.told()[1..],
        [("gone".to_owned(), "cleared".to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_tells_and_so_does_fetch() {
    let webhook = Webhook::default();
    let mut world = World::read(3).await;
    world.set("ALARM__WEBHOOK", &webhook.start().await);
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(410, None));
    world.failing_fetch().await;
    assert_eq!(webhook.told(), [("gone".to_owned(), "raised".to_owned())]);
    world.failing_fetch().await;
    assert_eq!(webhook.told().len(), 1);

    // A store that knows of none: the daemon's first cycle finds it.
    world.change_store("DELETE FROM episodes").await;
    world.change_store("DELETE FROM back_offs").await;
    world.forget_cycles().await;
    let daemon = Daemon::start(&world).await;
    until("the daemon has told", || webhook.told().len() == 2).await;
    let metrics = daemon.text("/metrics").await;
    for measured in [
        "npcc_feeds_alarms_sent_total{outcome=\"ok\"} 1",
        "npcc_feeds_source_alarm{",
    ] {
        assert!(metrics.contains(measured), "{measured}: {metrics}");
    }

    world.set("ALARM__WEBHOOK", "nowhere");
    let output = world.run(&["check"]).await;
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no address to post to"), "{said}");
}

/// What is told of, kind by kind: each raised once however long it lasts, and cleared once.
#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_trouble_is_told_of_once_and_so_is_its_end() {
    let webhook = Webhook::default();
    let url = webhook.start().await;
    let world = world(|alarm| alarm.webhook = url).await;
    let told = |kind: &str| {
        let told = webhook.told();
        let of_kind = told.iter().filter(|(one, _)| one == kind);
        of_kind.map(|(_, state)| state.clone()).collect::<Vec<_>>()
    };
    let publish = |n| {
        let mut item = numbered(n..=n).remove(0);
        item.date = world.clock.now().date_naive().to_string();
        world.site().publish(item);
    };
    // One a day, so that a day without one is nothing, and a month is.
    for n in 6..=30 {
        publish(n);
        world.after(24 * 60).await;
    }
    assert_eq!(webhook.told(), []);

    world.site().set_fault("/", Fault::Challenge);
    world.after(15).await;
    world.after(15).await;
    assert_eq!(told("challenged"), ["raised"]);
    world.site().clear_faults();
    world.after(24 * 60).await;
    world.after(61).await;
    assert_eq!(told("challenged"), ["raised", "cleared"]);

    let raw = world.site().feed(&world.newsroom.base());
    world.site().set_raw("/new/feed", "text/xml", raw);
    let moved = Fault::Redirect(301, "/new/feed".to_owned());
    world.site().set_fault("/feed/rss", moved);
    world.after(15).await;
    world.after(15).await;
    assert_eq!(told("moved"), ["raised"]);
    world.site().clear_faults();
    world.after(24 * 60).await;
    world.after(61).await;
    assert_eq!(told("moved"), ["raised", "cleared"]);

    for n in 1..=30 {
        world.site().edit(&format!("release-number-{n}"), |item| {
            item.body += "\n\nShare this story with your friends"
        });
    }
    world.after(24 * 60).await;
    assert_eq!(
        (told("layout"), told("silent")),
        (vec!["raised".to_owned()], vec![])
    );
    // A layout is new for a week; by then nothing has come for longer than is usual.
    for _ in 0..12 {
        world.after(24 * 60).await;
    }
    assert_eq!(told("layout"), ["raised", "cleared"]);
    assert_eq!(told("silent"), ["raised"]);
    publish(31);
    world.after(15).await;
    world.after(61).await;
    assert_eq!(told("silent"), ["raised", "cleared"]);
    assert_eq!(webhook.told().len(), 8);
}
