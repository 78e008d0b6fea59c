//! The hub is told once a change is visible, and again until it has heard.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::post;

use crate::harness::{World, of_today};
use crate::running::{Daemon, until, until_within};

/// A small hub: what it was told, and how often it fails before it listens.
#[derive(Clone, Default)]
pub struct Hub {
    told: Arc<Mutex<Vec<String>>>,
    fails: Arc<Mutex<usize>>,
    /// The feeds as a hub fetches them when it is told.
    fetched: Arc<Mutex<Vec<(String, String)>>>,
    pub base: Arc<Mutex<String>>,
    /// Where the hub reads the published files in the place of asking the daemon.
    folder: Option<PathBuf>,
}

impl Hub {
    pub async fn start(&self) -> String {
        let router = Router::new()
            .route("/", post(told))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router).into_future());
        format!("http://{address}/")
    }

    pub fn was_told(&self, path: &str) -> usize {
        let told = self.told.lock().unwrap();
        told.iter().filter(|topic| topic.ends_with(path)).count()
    }
}

async fn told(State(hub): State<Hub>, body: String) -> StatusCode {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let value = |name: &str| form.iter().find(|(key, _)| key == name).unwrap().1.clone();
    assert_eq!(value("hub.mode"), "publish");
    {
        let mut fails = hub.fails.lock().unwrap();
        if *fails > 0 {
            *fails -= 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    let topic = value("hub.url");
    let base = hub.base.lock().unwrap().clone();
    let path = topic
        .strip_prefix("http://feeds.example")
        .unwrap()
        .to_owned();
    let text = if let Some(folder) = &hub.folder {
        std::fs::read_to_string(folder.join(&path[1..])).unwrap()
    } else {
        // The daemon's port is not known here at once.
        let Ok(answer) = reqwest::get(format!("{base}{path}")).await else {
            return StatusCode::BAD_GATEWAY;
        };
        assert_eq!(answer.status(), 200, "{path} is up before the hub is told");
        answer.text().await.unwrap()
    };
    hub.fetched.lock().unwrap().push((path, text));
    hub.told.lock().unwrap().push(topic);
    StatusCode::ACCEPTED
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_is_told_of_what_changed_once_it_is_visible_and_until_it_has_heard() {
    let hub = Hub::default();
    let url = hub.start().await;
    let mut world = World::read(3).await;
    world.set("PUBLISH__HUB", &url);
    world.set("SERVE__PUBLIC_URL", "http://feeds.example");
    let daemon = Daemon::serving(&world).await;
    *hub.base.lock().unwrap() = daemon.base.clone();
    // Feeds name the hub, in what they say and in their headers; what is not told of does not.
    let answer = daemon.get("/all.rss").await;
    let links: Vec<String> = answer
        .headers()
        .get_all("link")
        .iter()
        .map(|link| link.to_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        links,
        [
            format!("<{url}>; rel=\"hub\""),
            "<http://feeds.example/all.rss>; rel=\"self\"".to_owned()
        ]
    );
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains(&format!("href=\"{url}\" rel=\"hub\""))
    );
    assert!(daemon.text("/all.json").await.contains("\"hubs\""));
    let union = daemon.get("/topics/hate-crime+roads-policing.rss").await;
    assert!(union.headers().get("link").is_none());
    assert!(!union.text().await.unwrap().contains("rel=\"hub\""));
    until("the hub hears of the first edition", || {
        hub.was_told("/topics/unclassified.json") == 1
    })
    .await;

    // It fails, and is told again.
    *hub.fails.lock().unwrap() = 1;
    let before = hub.was_told("/topics/hate-crime.rss");
    world.site().publish(of_today(4..=4).remove(0));
    world.fetch().await;
    until("the hub hears of the new release", || {
        let fetched = hub.fetched.lock().unwrap();
        let all: Vec<&String> = fetched
            .iter()
            .filter(|(path, _)| path == "/all.rss")
            .map(|(_, text)| text)
            .collect();
        all.last()
            .is_some_and(|text| text.contains("Release number 4"))
    })
    .await;
    assert_eq!(*hub.fails.lock().unwrap(), 0);
    assert_eq!(
        hub.was_told("/topics/hate-crime.rss"),
        before,
        "it did not change"
    );
    drop(daemon);

    // What was told is known after a restart.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let count = hub.told.lock().unwrap().len();
    let before = hub.was_told("/all.rss");
    let daemon = Daemon::serving(&world).await;
    *hub.base.lock().unwrap() = daemon.base.clone();
    world.site().publish(of_today(5..=5).remove(0));
    world.fetch().await;
    daemon.wait_for("/all.rss", "Release number 5").await;
    until("the hub hears after a restart", || {
        hub.was_told("/all.rss") > before
    })
    .await;
    let more = hub.told.lock().unwrap().len() - count;
    assert!(more <= 12, "{more} of a hundred were told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_hub_none_is_named() {
    let world = World::read(2).await;
    let daemon = Daemon::serving(&world).await;
    let answer = daemon.get("/all.rss").await;
    assert!(answer.headers().get("link").is_none());
    assert!(!answer.text().await.unwrap().contains("rel=\"hub\""));
}

/// What is told is for the hub that the configuration names, and for no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_leads_elsewhere_has_not_heard() {
    let elsewhere = Hub::default();
    let url = elsewhere.start().await;
    let router = Router::new().route("/", post(|| async move { Redirect::temporary(&url) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    let mut world = World::read(2).await;
    world.set("PUBLISH__HUB", &format!("http://{address}/"));
    world.set("SERVE__PUBLIC_URL", "http://feeds.example");
    let daemon = Daemon::serving(&world).await;
    *elsewhere.base.lock().unwrap() = daemon.base.clone();
    until("the hub is told again later", || {
        let log = daemon.log.lock().unwrap();
        log.matches("it answers 307 Temporary Redirect for http://feeds.example/")
            .count()
            > 0
    })
    .await;
    assert_eq!(elsewhere.was_told(""), 0);
}

/// What was up by the time that the files of an edition were written was told of in its place, and never again.
#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_not_in_the_folder_yet_the_hub_is_told_when_it_is() {
    let mut world = World::read_all(60).await;
    let hub = Hub {
        folder: Some(world.path("out")),
        ..Hub::default()
    };
    let url = hub.start().await;
    world.set("PUBLISH__HUB", &url);
    world.set("PUBLISH__TO", "out");
    world.set("SERVE__PUBLIC_URL", "http://feeds.example");
    let daemon = Daemon::serving(&world).await;
    // While the first edition is being written.
    world.publish_numbered(61..=61);
    world.fetch().await;
    daemon.wait_for("/all.rss", "Release number 61").await;
    until_within(Duration::from_secs(120), "the hub finds it", || {
        let fetched = hub.fetched.lock().unwrap();
        let mut of_all = fetched.iter().filter(|(path, _)| path == "/all.rss");
        of_all.any(|(_, text)| text.contains("Release number 61"))
    })
    .await;
}
