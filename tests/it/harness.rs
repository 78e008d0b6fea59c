//! A newsroom, a store in a folder of its own, and the binary.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::site::{Item, Newsroom, Site, read_items};
use crate::store;

/// What takes longer will not end.
const LONGEST_RUN: Duration = Duration::from_secs(300);

/// The releases of the example newsroom, newest first.
pub fn examples() -> Vec<Item> {
    read_items(include_str!("../../examples/newsroom/releases.jsonl")).unwrap()
}

/// So many releases that are alike in nothing but their shape, the newest first.
pub fn numbered(range: std::ops::RangeInclusive<u32>) -> Vec<Item> {
    range.rev().map(release).collect()
}

/// The same, but young enough to be watched for edits.
pub fn of_today(range: std::ops::RangeInclusive<u32>) -> Vec<Item> {
    let today = chrono::Utc::now().date_naive().to_string();
    let mut items = numbered(range);
    items
        .iter_mut()
        .for_each(|item| item.date.clone_from(&today));
    items
}

fn day(n: u32) -> chrono::NaiveDate {
    let first = chrono::NaiveDate::from_ymd_opt(2025, 6, 1).unwrap();
    first + chrono::Days::new(n.into())
}

/// A release with words of its own, of the day that follows the number before.
pub fn release(n: u32) -> Item {
    let words: Vec<String> = (0..60).map(|word| format!("w{n}x{word}")).collect();
    Item {
        id: format!("release-number-{n}"),
        title: format!("Release number {n}"),
        date: day(n).to_string(),
        time: None,
        lead: format!("Lead of number {n}."),
        body: format!("Lead of number {n}.\n\n{}.", words.join(" ")),
        path: None,
        guid: None,
    }
}

/// What a test works with.
pub struct World {
    pub newsroom: Newsroom,
    pub folder: TempDir,
    /// Overrides of the configuration, beside those that point it here.
    pub settings: BTreeMap<String, String>,
    /// Other variables of the environment.
    environment: BTreeMap<String, String>,
}

impl World {
    pub async fn new(items: Vec<Item>) -> World {
        let newsroom = Newsroom::start(Site::new(items), "127.0.0.1:0")
            .await
            .unwrap();
        let base = newsroom.base();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store/npcc-feeds.db");
        let settings = [
            ("SOURCES__0__FEED", format!("{base}/feed/rss")),
            ("SOURCES__0__LISTING", format!("{base}/releases")),
            (
                "SOURCES__0__HOSTS",
                "[\"127.0.0.1\", \"localhost\"]".to_owned(),
            ),
            ("FETCH__PAUSE", "1ms".to_owned()),
            ("FETCH__CONTACT", "tests".to_owned()),
            ("STORE__URL", store::fresh(&file).await),
            ("SERVE__LISTEN", "127.0.0.1:0".to_owned()),
        ];
        World {
            newsroom,
            folder,
            settings: settings.map(|(key, value)| (key.to_owned(), value)).into(),
            environment: BTreeMap::new(),
        }
    }

    /// A world whose store is a file, whatever there is, for what is about the file.
    pub async fn in_file(items: Vec<Item>) -> World {
        let mut world = World::new(items).await;
        world.set("STORE__URL", "sqlite:store/npcc-feeds.db");
        world
    }

    /// Has an empty store from now on.
    pub async fn begin_another_store(&mut self) {
        let url = store::fresh(&self.path("another/npcc-feeds.db")).await;
        self.set("STORE__URL", &url);
    }

    /// A world that has read these releases of today.
    pub async fn read(last: u32) -> World {
        let world = World::new(of_today(1..=last)).await;
        world.fetch().await;
        world
    }

    /// A world that has read these releases of as many days, back to the first.
    pub async fn read_all(last: u32) -> World {
        let world = World::new(numbered(1..=last)).await;
        world.fetch().await;
        world.json(&["backfill"]).await;
        world
    }

    pub fn site(&self) -> &Site {
        &self.newsroom.site
    }

    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.insert(key.to_owned(), value.to_owned());
    }

    pub fn environment(&mut self, variable: &str, value: &str) {
        self.environment
            .insert(variable.to_owned(), value.to_owned());
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary, ready to be started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_npcc-feeds"));
        command.args(arguments).current_dir(self.folder.path());
        command.envs(&self.environment);
        // It is the tests' own, and no key of the configuration's.
        command.env_remove("NPCC_FEEDS_TEST_POSTGRES");
        for (key, value) in &self.settings {
            command.env(format!("NPCC_FEEDS_{key}"), value);
        }
        command
    }

    /// A shell that does something and then becomes the binary, which is its `$0`.
    pub fn shell(&self, script: &str) -> Command {
        let program = self.command(&[]);
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(program.get_program());
        let set = program.get_envs();
        shell.envs(set.filter_map(|(key, value)| Some((key, value?))));
        shell.env_remove("NPCC_FEEDS_TEST_POSTGRES");
        shell.current_dir(self.folder.path());
        shell
    }

    /// Runs the binary to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = tokio::process::Command::from(self.command(arguments));
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(LONGEST_RUN, command.output()).await;
        output
            .unwrap_or_else(|_| panic!("{arguments:?} does not end"))
            .unwrap()
    }

    /// Runs a command that must succeed, and reads its JSON.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--format", "json"]].concat()).await;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// One cycle; its report.
    pub async fn fetch(&self) -> Value {
        self.json(&["fetch"]).await["sources"][0].clone()
    }

    /// One cycle in which something must fail; its report.
    pub async fn failing_fetch(&self) -> Value {
        let output = self.run(&["fetch", "--format", "json"]).await;
        assert_eq!(output.status.code(), Some(1));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["sources"][0].clone()
    }

    /// Runs the binary and kills it when the newsroom has been asked so often.
    pub async fn kill_after(&self, arguments: &[&str], requests: usize) {
        self.site().clear_asked();
        let mut child = self
            .command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while self.site().asked().len() < requests && child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Lets the newsroom publish, the last on top.
    pub fn publish_numbered(&self, range: std::ops::RangeInclusive<u32>) {
        for n in range {
            self.site().publish(release(n));
        }
    }

    /// The addresses that the newsroom was asked for.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.site().asked();
        asked.into_iter().map(|asked| asked.path).collect()
    }

    /// Turns the clock forward for the pages that are to be read again.
    pub async fn make_pages_due(&self) {
        self.change_store("UPDATE addresses SET page_due = 0 WHERE page_due IS NOT NULL")
            .await;
    }

    /// Whether the store's file or its journal holds a text anywhere, or a server's files of its tables and indexes.
    pub fn store_holds(&self, text: &str) -> bool {
        if !self.settings["STORE__URL"].starts_with("sqlite:") {
            let searching = self.server_holds(text);
            return block_in_place(|| Handle::current().block_on(searching));
        }
        let file = self.settings["STORE__URL"].replacen("sqlite:", "", 1);
        let files = [file.clone(), format!("{file}-wal")];
        files.iter().any(|name| {
            let bytes = std::fs::read(self.path(name)).unwrap_or_default();
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        })
    }

    async fn server_holds(&self, text: &str) -> bool {
        let mut server = self.open_store().await;
        // What the server copies for its statistics is in its files too, and what it keeps in memory alone is not yet.
        let tables = store::tables(&mut server).await.join(", ");
        for sql in [format!("ANALYZE {tables}"), "CHECKPOINT".to_owned()] {
            let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut server);
            done.await.unwrap();
        }
        let found = sqlx::query(
            "WITH own AS (SELECT oid, reltoastrelid FROM pg_class
             WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'i'))
             SELECT 1 FROM (SELECT oid FROM own UNION SELECT reltoastrelid FROM own WHERE reltoastrelid <> 0
             UNION SELECT 'pg_statistic'::regclass) AS files
             WHERE position(convert_to($1, 'UTF8') IN pg_read_binary_file(pg_relation_filepath(oid))) > 0 LIMIT 1",
        )
        .bind(text)
        .fetch_optional(&mut server)
        .await
        .unwrap();
        server.close().await.unwrap();
        found.is_some()
    }

    /// Turns the clock forward for one page alone.
    pub async fn make_page_due(&self, path: &'static str) {
        let mut store = self.open_store().await;
        sqlx::query("UPDATE addresses SET page_due = CASE WHEN path = $1 THEN 0 ELSE NULL END")
            .bind(path)
            .execute(&mut store)
            .await
            .unwrap();
        store.close().await.unwrap();
    }

    /// Lets a day pass for the pages that were found to be gone.
    pub async fn let_gone_pages_age(&self) {
        self.change_store("UPDATE addresses SET gone_at = gone_at - 86401, page_due = 0 WHERE gone_at IS NOT NULL")
            .await;
    }

    /// Lets a numbered release be withdrawn by its publisher.
    pub async fn let_withdraw(&self, n: u32) {
        self.site().withdraw(&format!("release-number-{n}"));
        self.make_pages_due().await;
        self.failing_fetch().await;
        self.let_gone_pages_age().await;
        assert_eq!(self.fetch().await["withdrawn"], 1);
    }

    /// Turns the clock forward behind the next scheduled cycle.
    pub async fn forget_cycles(&self) {
        self.change_store("UPDATE sources SET last_cycle_at = 0")
            .await;
    }

    /// Lets the past pass for filled.
    pub async fn forget_history(&self) {
        self.change_store("UPDATE sources SET history_since = 0")
            .await;
    }

    /// Turns the clock forward by more than a day for the listing.
    pub async fn forget_listing(&self) {
        self.change_store("UPDATE sources SET listing_read_at = 0")
            .await;
    }

    /// Lets the newsroom's addresses pass for never read.
    pub async fn forget_validators(&self) {
        self.change_store("DELETE FROM validators").await;
    }

    /// Changes the store behind the program's back.
    pub async fn change_store(&self, sql: &'static str) {
        let mut store = self.open_store().await;
        sqlx::query(sql).execute(&mut store).await.unwrap();
        store.close().await.unwrap();
    }

    /// The store, beside whoever else uses it.
    pub async fn open_store(&self) -> AnyConnection {
        self.try_store().await.unwrap()
    }

    pub async fn try_store(&self) -> sqlx::Result<AnyConnection> {
        sqlx::any::install_default_drivers();
        let url = match self.settings["STORE__URL"].strip_prefix("sqlite:") {
            Some(path) => format!("sqlite://{}", self.path(path).display()),
            None => self.settings["STORE__URL"].clone(),
        };
        AnyConnection::connect(&url).await
    }

    /// A feed as published, by the name of its file.
    pub async fn feed(&self, name: &str) -> rss::Channel {
        self.publish().await;
        let bytes = std::fs::read(self.path(&format!("out/{name}.rss"))).unwrap();
        rss::Channel::read_from(bytes.as_slice()).unwrap()
    }

    pub async fn releases(&self) -> Vec<Value> {
        self.json(&["releases"]).await.as_array().unwrap().clone()
    }

    /// Where a text stands in what is published.
    pub async fn places(&self, text: &str) -> Vec<String> {
        let files = self.publish().await;
        let holds = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains(text);
        let found = files.iter().filter(|(_, bytes)| holds(bytes));
        found.map(|(name, _)| name.clone()).collect()
    }

    /// Publishes into a folder; every file by its name, but for the compressed forms.
    pub async fn publish(&self) -> BTreeMap<String, Vec<u8>> {
        self.json(&["publish", "out"]).await;
        let mut files = self.files("out");
        let is_form = |name: &str| name.ends_with(".gz") || name.ends_with(".br");
        files.retain(|name, _| !is_form(name) && name != ".npcc-feeds");
        files
    }

    /// All files below a folder, by their names in it.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let root = self.path(folder);
        let mut folders = vec![root.clone()];
        let mut files = BTreeMap::new();
        while let Some(inside) = folders.pop() {
            for entry in std::fs::read_dir(inside).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&root).unwrap().display().to_string();
                    files.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}

/// One word of a numbered release's text that stands nowhere else.
pub fn word(n: u32) -> String {
    format!("w{n}x7 ")
}

/// A field of every row.
pub fn field(rows: &[Value], name: &str) -> Vec<String> {
    rows.iter()
        .map(|row| row[name].as_str().unwrap().to_owned())
        .collect()
}
