//! A daemon that runs beside a test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::harness::World;

/// A running daemon. It is killed when a test ends.
pub struct Daemon {
    pub child: Child,
    pub base: String,
    pub log: Arc<Mutex<String>>,
}

impl Daemon {
    pub async fn start(world: &World) -> Daemon {
        Daemon::start_with(world, &["run"]).await
    }

    pub async fn start_with(world: &World, arguments: &[&str]) -> Daemon {
        Daemon::start_by(world.command(arguments)).await
    }

    pub async fn start_by(mut command: Command) -> Daemon {
        command.stderr(Stdio::piped());
        tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
            let address = lines
                .by_ref()
                .map(Result::unwrap)
                .find_map(|line| Some(line.split_once("address=")?.1.split(' ').next()?.to_owned()))
                .expect("the daemon says where it serves");
            // The rest of the log must be read, or the daemon would wait for room in the pipe.
            let log = Arc::new(Mutex::new(String::new()));
            std::thread::spawn({
                let log = log.clone();
                move || {
                    for line in lines.map_while(Result::ok) {
                        *log.lock().unwrap() += &(line + "\n");
                    }
                }
            });
            let base = format!("http://{address}");
            Daemon { child, base, log }
        })
        .await
        .unwrap()
    }

    /// Starts it, and waits for its first edition.
    pub async fn serving(world: &World) -> Daemon {
        let daemon = Daemon::start(world).await;
        daemon.wait_for("/all.rss", "<rss").await;
        daemon
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        reqwest::get(format!("{}{path}", self.base)).await.unwrap()
    }

    pub async fn text(&self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    /// Waits until a document holds something.
    pub async fn wait_for(&self, path: &str, part: &str) {
        let started = Instant::now();
        while !self.text(path).await.contains(part) {
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "{part} never came to {path}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }
}

pub fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let done = std::process::Command::new("kill")
        .args(["-s", name, &pid])
        .status()
        .unwrap();
    assert!(done.success());
}

/// Waits until something holds.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    until_within(Duration::from_secs(30), what, holds).await;
}

/// Waits until something holds, for so long.
pub async fn until_within(patience: Duration, what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < patience, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
