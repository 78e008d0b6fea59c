//! The daemon under a service manager: what it tells, what it takes anew, whose sockets it uses.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use npcc_feeds::topics::SHIPPED;

use crate::harness::{World, numbered, of_today};
use crate::running::{Daemon, signal, until, until_within};
use crate::site::Fault;

/// A process that ends with its test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A service manager, as far as it listens.
struct Manager {
    heard: Arc<Mutex<Vec<String>>>,
}

impl Manager {
    /// Listens to the daemons that are started in a world from now on.
    fn listen(world: &mut World) -> Manager {
        let path = world.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        world.environment("NOTIFY_SOCKET", path.to_str().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        std::thread::spawn({
            let heard = heard.clone();
            move || {
                let mut bytes = [0; 4096];
                while let Ok(length) = socket.recv(&mut bytes) {
                    let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                    heard.lock().unwrap().push(text);
                }
            }
        });
        Manager { heard }
    }

    fn heard(&self, what: &str) -> usize {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|one| one.contains(what)).count()
    }

    async fn hears(&self, what: &str) {
        until(what, || self.heard(what) > 0).await;
    }

    fn forgets(&self) {
        self.heard.lock().unwrap().clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_is_told_when_feeds_are_served_how_sources_are_and_that_it_ends() {
    let mut world = World::new(of_today(1..=3)).await;
    let manager = Manager::listen(&mut world);
    world.environment("WATCHDOG_USEC", "400000");
    let mut daemon = Daemon::start(&world).await;
    manager.hears("READY=1").await;
    assert_eq!(daemon.get("/all.rss").await.status(), 200);
    manager.hears("STATUS=npcc: last read ").await;
    manager.hears(", next ").await;
    until("proof of life, again and again", || {
        manager.heard("WATCHDOG=1") > 3
    })
    .await;
    assert_eq!(
        (manager.heard("READY=1"), manager.heard("STOPPING=1")),
        (1, 0)
    );
    daemon.signal("TERM");
    manager.hears("STOPPING=1").await;
    assert!(daemon.child.wait().unwrap().success());
}

/// It was told of the daemon's own cycles alone, and one whose source another reads each time told for ever of its first.
#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_is_told_within_a_minute_that_another_has_read_a_source() {
    let mut world = World::new(of_today(1..=3)).await;
    world.site().set_fault("/", Fault::Status(500, None));
    let manager = Manager::listen(&mut world);
    let daemon = Daemon::start(&world).await;
    manager.hears("STATUS=npcc: failing since ").await;
    world.site().clear_faults();
    world.fetch().await;
    daemon.wait_for("/all.rss", "<item>").await;
    until_within(Duration::from_secs(80), "the other's cycle", || {
        manager.heard("STATUS=npcc: last read ") > 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_is_not_told_that_feeds_are_served_before_there_are_any() {
    let mut world = World::read(3).await;
    let manager = Manager::listen(&mut world);
    world
        .change_store("ALTER TABLE tags RENAME TO elsewhere")
        .await;
    let daemon = Daemon::start(&world).await;
    until("two editions could not be made", || {
        let log = daemon.log.lock().unwrap();
        log.matches("publishing failed").count() > 1
    })
    .await;
    assert_eq!(manager.heard("READY=1"), 0);
    world
        .change_store("ALTER TABLE elsewhere RENAME TO tags")
        .await;
    manager.hears("READY=1").await;
    assert_eq!(daemon.text("/all.rss").await.matches("<item>").count(), 3);
}

/// The unit starts none again that has ended with 1.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_is_waited_for_and_what_a_new_start_does_not_mend_ends_the_service() {
    let mut world = World::in_file(numbered(1..=3)).await;
    world.fetch().await;
    let manager = Manager::listen(&mut world);
    let (store, away) = (world.path("store/npcc-feeds.db"), world.path("away.db"));
    std::fs::rename(&store, &away).unwrap();
    std::fs::create_dir(&store).unwrap();
    let waits = "STATUS=waiting: the store ";
    let mut stopped = Program(
        world
            .command(&["run"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    manager.hears(waits).await;
    signal(&stopped.0, "TERM");
    assert!(stopped.0.wait().unwrap().success());

    manager.forgets();
    let (daemon, ()) = tokio::join!(Daemon::start(&world), async {
        manager.hears(waits).await;
        std::fs::remove_dir(&store).unwrap();
        std::fs::rename(&away, &store).unwrap();
    });
    manager.hears("READY=1").await;
    assert_eq!(daemon.text("/all.rss").await.matches("<item>").count(), 3);

    let ends = async |world: &World, why: &str| {
        let output = world.run(&["run"]).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(why), "{said}");
        assert_eq!(output.status.code(), Some(1));
    };
    ends(&world, "another daemon").await;
    let other = world.path("other.db");
    std::fs::write(&other, "no database".repeat(1000)).unwrap();
    world.set("STORE__URL", &format!("sqlite:{}", other.display()));
    ends(&world, "see that it is a database").await;

    manager.forgets();
    world.set("STORE__URL", "postgres://me@127.0.0.1:1/feeds");
    let _waiting = Program(
        world
            .command(&["run"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    manager.hears("STATUS=waiting: ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_configuration_and_taxonomy_are_taken_while_the_daemon_serves() {
    let mut world = World::read(4).await;
    let manager = Manager::listen(&mut world);
    let written = |items: usize, taxonomy: &str| {
        std::fs::create_dir_all(world.path("config")).unwrap();
        let configuration = format!("[publish]\nitems = {items}\n");
        std::fs::write(world.path("config/npcc-feeds.toml"), configuration).unwrap();
        std::fs::write(world.path("config/topics.toml"), taxonomy).unwrap();
    };
    written(2, SHIPPED);
    let daemon = Daemon::serving(&world).await;
    let topic = "/topics/roads-policing.atom";
    assert!(daemon.text(topic).await.contains("Roads policing"));
    assert_eq!(daemon.text("/all.rss").await.matches("<item>").count(), 2);
    let page = daemon.text("/").await;
    assert!(page.contains("Roads policing"));

    let named = SHIPPED.replace("title = \"Roads policing\"", "title = \"On the road\"");
    assert_ne!(named, SHIPPED);
    written(3, &named);
    manager.forgets();
    daemon.signal("HUP");
    manager.hears("RELOADING=1").await;
    manager.hears("MONOTONIC_USEC=").await;
    manager.hears("READY=1").await;
    // At once, for what was ready is what was asked for.
    assert_eq!(daemon.text("/all.rss").await.matches("<item>").count(), 3);
    for path in [
        topic,
        "/",
        "/topics/roads-policing",
        "/topics/roads-policing+police-powers.rss",
    ] {
        let text = daemon.text(path).await;
        assert!(
            text.contains("On the road") && !text.contains("Roads policing"),
            "{path}"
        );
    }
    // And what happens later goes on by it.
    let news = of_today(5..=5).remove(0);
    world.site().publish(news);
    world.json(&["fetch"]).await;
    daemon.wait_for("/all.rss", "Release number 5").await;
    assert_eq!(daemon.text("/all.rss").await.matches("<item>").count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_is_wrong_is_refused_with_the_reason_and_the_old_one_stays() {
    let mut world = World::read(2).await;
    let manager = Manager::listen(&mut world);
    std::fs::create_dir_all(world.path("config")).unwrap();
    let file = world.path("config/npcc-feeds.toml");
    std::fs::write(&file, "[publish]\nitems = 1\n").unwrap();
    let daemon = Daemon::serving(&world).await;
    let before = daemon.text("/all.rss").await;
    for (wrong, why) in [
        (
            "[publish]\nitems = 2\nitmes = 3\n",
            "config/npcc-feeds.toml:3",
        ),
        (
            "[serve]\npublic_url = \"nowhere\"\n",
            "config/npcc-feeds.toml:2",
        ),
        ("[[sources]]\nschedule = [\"at noon\"]\n", "at noon"),
    ] {
        std::fs::write(&file, wrong).unwrap();
        manager.forgets();
        daemon.signal("HUP");
        manager.hears("READY=1").await;
        assert_eq!(manager.heard("RELOADING=1"), 1);
        manager
            .hears("STATUS=the new configuration is refused: ")
            .await;
        until(why, || daemon.log.lock().unwrap().contains(why)).await;
        assert_eq!(daemon.text("/all.rss").await, before);
    }
    // The environment has the last word on these, so the taxonomy stands for what a file breaks.
    std::fs::write(&file, "[publish]\nitems = 1\n").unwrap();
    std::fs::write(world.path("config/topics.toml"), "[[topics]]\nid = 3\n").unwrap();
    manager.forgets();
    daemon.signal("HUP");
    manager
        .hears("STATUS=the new configuration is refused: config/topics.toml")
        .await;
    assert_eq!(daemon.text("/all.rss").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_cannot_be_exchanged_while_the_daemon_runs() {
    let mut world = World::read(2).await;
    let manager = Manager::listen(&mut world);
    world.settings.remove("STORE__URL");
    std::fs::create_dir_all(world.path("config")).unwrap();
    let file = world.path("config/npcc-feeds.toml");
    std::fs::write(&file, "[store]\nurl = \"sqlite:store/npcc-feeds.db\"\n").unwrap();
    let daemon = Daemon::serving(&world).await;
    let other = "[store]\nurl = \"postgres://me:hunter2@db.example/feeds\"\n";
    std::fs::write(&file, other).unwrap();
    daemon.signal("HUP");
    manager
        .hears("STATUS=the new configuration is refused: [store] url cannot change")
        .await;
    assert_eq!(manager.heard("hunter2"), 0, "nobody hears the password");
    assert!(!daemon.log.lock().unwrap().contains("hunter2"));
    assert_eq!(daemon.get("/all.rss").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_only_a_hub_wanted_does_not_stay_as_it_was_when_there_is_none_any_more() {
    let mut world = World::read(3).await;
    let manager = Manager::listen(&mut world);
    std::fs::create_dir_all(world.path("config")).unwrap();
    let file = world.path("config/npcc-feeds.toml");
    std::fs::write(&file, "[publish]\nhub = \"http://127.0.0.1:9/\"\n").unwrap();
    let daemon = Daemon::serving(&world).await;
    manager.hears("READY=1").await;
    std::fs::write(&file, "[publish]\n").unwrap();
    manager.forgets();
    daemon.signal("HUP");
    manager.hears("READY=1").await;
    let atom = daemon.text("/all.atom").await;
    assert!(!atom.contains("http://127.0.0.1:9/"), "{atom}");
    world
        .json(&["redact", "http://127.0.0.1/releases/release-number-2"])
        .await;
    daemon.wait_for("/all.atom", "has been removed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_that_a_reload_cut_is_made_up_for_at_once() {
    let mut world = World::read(2).await;
    let manager = Manager::listen(&mut world);
    world.forget_cycles().await;
    world.publish_numbered(3..=3);
    world
        .site()
        .set_fault("/feed/rss", crate::site::Fault::Hang);
    let daemon = Daemon::start(&world).await;
    until("the cycle began", || {
        world.asked().iter().any(|one| one == "/feed/rss")
    })
    .await;
    world.site().clear_faults();
    daemon.signal("HUP");
    manager.hears("RELOADING=1").await;
    daemon.wait_for("/all.rss", "Release number 3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_program_takes_the_place_of_another_no_connection_is_dropped() {
    let world = World::read(3).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/all.rss", listener.local_addr().unwrap());
    // As a service manager does: the socket is its own, and each program inherits it as file 3.
    let start = || {
        let mut shell = world.shell("LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" run 3<&0 0</dev/null");
        shell
            .stdin(OwnedFd::from(listener.try_clone().unwrap()))
            .stderr(Stdio::null());
        Program(shell.spawn().unwrap())
    };
    let mut old = start();
    let (is_over, served) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let subscribers: Vec<_> = (0..4)
        .map(|_| {
            let (url, is_over, served) = (url.clone(), is_over.clone(), served.clone());
            tokio::spawn(async move {
                // Each request on a connection of its own, as readers make them.
                let client = reqwest::Client::builder()
                    .pool_max_idle_per_host(0)
                    .build()
                    .unwrap();
                while !is_over.load(Ordering::Relaxed) {
                    let answer = client.get(&url).send().await.unwrap();
                    assert_eq!(answer.status(), 200);
                    assert!(answer.text().await.unwrap().ends_with("</rss>\n"));
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let by = |count: usize| {
        let served = served.clone();
        async move { until("served", || served.load(Ordering::Relaxed) >= count).await }
    };
    by(20).await;
    for _ in 0..3 {
        let stopped = std::process::Command::new("kill")
            .arg(old.0.id().to_string())
            .status();
        assert!(stopped.unwrap().success());
        assert!(
            tokio::task::spawn_blocking(move || old.0.wait().unwrap().success())
                .await
                .unwrap()
        );
        let so_far = served.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(
            served.load(Ordering::Relaxed) <= so_far + 4,
            "nobody serves now"
        );
        old = start();
        by(so_far + 20).await;
    }
    is_over.store(true, Ordering::Relaxed);
    for subscriber in subscribers {
        subscriber.await.unwrap();
    }
}
