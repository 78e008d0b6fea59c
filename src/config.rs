//! The configuration: its types, its defaults, where it is found, and what is checked before it is used.
//!
//! The shipped file `config/npcc-feeds.toml` documents every key and holds every default; a test keeps the two alike.

mod checks;
mod defaults;
mod overrides;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::document::{Document, Problem, Problems};

/// The shipped configuration file, used where no other is found.
pub const SHIPPED: &str = include_str!("../config/npcc-feeds.toml");

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where releases are kept.
    pub store: Store,
    /// How the newsrooms are asked.
    pub fetch: Fetch,
    /// The newsrooms.
    pub sources: Vec<Source>,
    /// How releases are sorted.
    pub classify: Classify,
    /// What the feeds hold.
    pub publish: Publish,
    /// Who is told when something is wrong.
    pub alarm: Alarm,
    /// Where the feeds are served.
    pub serve: Serve,
}

/// Whether a store's address is that of a PostgreSQL server.
pub fn is_on_server(url: &str) -> bool {
    let schemes = ["postgres:", "postgresql:"];
    schemes.iter().any(|scheme| url.starts_with(scheme))
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// The database's address: `sqlite:` and a path, or `postgres://user@host/database`.
    pub url: String,
}

/// `[fetch]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fetch {
    /// The operator's address for the User-Agent; may be empty.
    pub contact: String,
    /// The longest time for one whole request.
    #[serde(deserialize_with = "values::duration")]
    pub timeout: Duration,
    /// The largest decompressed body, in bytes.
    #[serde(deserialize_with = "values::size")]
    pub max_body: u64,
    /// The rest between two requests to one host.
    #[serde(deserialize_with = "values::duration")]
    pub pause: Duration,
    /// How much of the past the daemon fills by itself.
    #[serde(deserialize_with = "values::duration")]
    pub history: Duration,
    /// A proxy's address; empty for none.
    pub proxy: String,
}

/// `[[sources]]`: one newsroom.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// Part of every guid of this source.
    pub id: String,
    /// The publisher's name, as feeds show it.
    pub title: String,
    /// The feed's address.
    pub feed: Option<String>,
    /// The listings' addresses.
    #[serde(deserialize_with = "values::one_or_many")]
    pub listing: Vec<String>,
    /// The suffix of a listing's further pages, with `{n}`.
    pub page: String,
    /// The beginnings of a release's path.
    pub articles: Vec<String>,
    /// The only hosts that are ever asked; a path is one release on all of them.
    pub hosts: Vec<String>,
    /// Cron expressions of five fields.
    pub schedule: Vec<String>,
    /// The IANA name of the schedule's time zone.
    pub timezone: String,
    /// Where things stand in the pages.
    pub select: Select,
}

/// `[sources.select]`: CSS selectors.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Select {
    /// One release on the listing.
    pub card: String,
    /// In a card: the link, whose text is the title.
    pub link: String,
    /// In a card: the day.
    pub date: String,
    /// How days are written, in chrono's terms.
    pub date_format: String,
    /// In a card: the lead.
    pub summary: String,
    /// On a release's page: the title.
    pub title: String,
    /// On a release's page: the day.
    pub published: String,
    /// On a release's page: the text.
    pub body: String,
    /// In the text: what to leave out.
    pub drop: Vec<String>,
}

/// `[classify]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Classify {
    /// The taxonomy's file; none given: the default path, and the built-in copy where that is missing.
    pub topics: Option<PathBuf>,
}

/// `[publish]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Publish {
    /// How many releases a feed holds.
    pub items: usize,
    /// Whether feeds carry the whole text.
    pub content: Content,
    /// A folder that the daemon keeps up to date; empty for none.
    pub to: String,
    /// A WebSub hub; empty for none.
    pub hub: String,
}

/// How much of a release a feed carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// Lead and whole text.
    Full,
    /// The lead alone.
    Summary,
}

/// `[alarm]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alarm {
    /// A command for the shell; empty for none.
    pub command: String,
    /// An address to post to; empty for none.
    pub webhook: String,
}

/// `[serve]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serve {
    /// Address and port to listen on.
    pub listen: String,
    /// The public base address, without a slash at its end.
    pub public_url: String,
}

/// Where the taxonomy is looked for when the configuration does not say.
pub const DEFAULT_TAXONOMY: &str = "config/topics.toml";

impl Source {
    /// The addresses that announce releases: the feed, then the listings.
    pub fn ways_in(&self) -> impl Iterator<Item = &str> {
        let feed = self.feed.iter();
        feed.chain(&self.listing).map(String::as_str)
    }
}

impl Config {
    /// Reads a configuration: the document, then the overrides from the environment, then every check.
    ///
    /// `environment` holds name and value of each variable; those that are no override are passed over.
    ///
    /// # Errors
    /// All [`Problems`] that were found, each with file, line and advice.
    pub fn read(document: &Document, environment: &[(String, String)]) -> Result<Config, Problems> {
        // The document alone first: complaints about it then carry its lines.
        let written: Config = document.parse()?;
        let (mut config, overridden) = overrides::apply(document, written, environment)?;
        let problems = checks::problems(&config, document, &overridden);
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        while config.serve.public_url.ends_with('/') {
            config.serve.public_url.pop();
        }
        Ok(config)
    }

    /// What is right but deserves a word: a missing contact, and variables that change nothing.
    pub fn warnings(&self, environment: &[(String, String)]) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.fetch.contact.is_empty() {
            warnings.push(
                "fetch.contact is empty: set it to your page or e-mail address, so that the newsroom's engineers can reach you"
                    .to_owned(),
            );
        }
        warnings.extend(overrides::ignored(environment).into_iter().map(|name| {
            format!("{name} changes nothing: section and key are parted by two underscores, as in NPCC_FEEDS_SERVE__LISTEN")
        }));
        warnings
    }

    /// The source called `id`.
    ///
    /// # Errors
    /// A sentence that names the sources that there are.
    pub fn source(&self, id: &str) -> Result<&Source, String> {
        self.sources
            .iter()
            .find(|source| source.id == id)
            .ok_or_else(|| {
                let ids: Vec<&str> = self.sources.iter().map(|s| s.id.as_str()).collect();
                format!("there is no source \"{id}\"; there is: {}", ids.join(", "))
            })
    }
}

impl Source {
    /// The schedule's time zone; UTC for a name that the checks would have refused.
    pub fn timezone(&self) -> chrono_tz::Tz {
        self.timezone.parse().unwrap_or(chrono_tz::Tz::UTC)
    }
}

/// Reads the shipped configuration.
///
/// # Errors
/// None, as a test reads it; the type is that of [`Config::read`].
pub fn shipped(environment: &[(String, String)]) -> Result<Config, Problems> {
    Config::read(
        &Document::new("the built-in configuration", SHIPPED),
        environment,
    )
}

/// A problem that no document's line can carry.
pub(crate) fn variable_problem(name: &str, what: impl Into<String>, advice: &str) -> Problem {
    Problem::with_file(&format!("environment variable {name}"), what, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(text: &str) -> String {
        match Config::read(&Document::new("my.toml", text), &[]) {
            Ok(_) => String::new(),
            Err(problems) => problems.to_string(),
        }
    }

    #[test]
    fn the_shipped_file_holds_every_key_at_its_default() {
        let shipped = shipped(&[]).unwrap();
        assert_eq!(shipped, Config::default());
        // Every key stands in the file: without any one line, a strict reader would still find the default, so the
        // file's own keys are counted.
        let table: toml::Table = toml::from_str(SHIPPED).unwrap();
        let source = table["sources"][0].as_table().unwrap();
        assert_eq!(source.len(), 10);
        assert_eq!(source["select"].as_table().unwrap().len(), 9);
        assert_eq!(table["fetch"].as_table().unwrap().len(), 6);
        assert_eq!(table["publish"].as_table().unwrap().len(), 4);
        assert_eq!(table["serve"].as_table().unwrap().len(), 2);
        assert_eq!(table["alarm"].as_table().unwrap().len(), 2);
        assert_eq!(table["store"].as_table().unwrap().len(), 1);
        assert_eq!(table["classify"].as_table().unwrap().len(), 1);
        assert_eq!(table.len(), 7);
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(
            Config::read(&Document::new("e", ""), &[]).unwrap(),
            Config::default()
        );
    }

    #[test]
    fn what_may_be_a_secret_is_not_told_again() {
        for (text, what) in [
            (
                "[alarm]\nwebhook = \"hooks.example/a-secret\"\n",
                "no address to post to",
            ),
            (
                "[store]\nurl = \"postgres://db/feeds?pasword=a-secret\"\n",
                "a parameter that no server knows",
            ),
            (
                "[store]\nurl = \"postgres://db/feeds?password=half&a-secret\"\n",
                "a parameter that no server knows",
            ),
            (
                "[fetch]\nproxy = \"user:a-secret@proxy\"\n",
                "no proxy's address",
            ),
            (
                "[[sources]]\nfeed = \"https://user:a-secret@news.npcc.police.uk/feed/rss\"\n",
                "a name or a password",
            ),
            (
                "[[sources]]\nlisting = [\"https://a-secret@news.npcc.police.uk/releases\"]\n",
                "a name or a password",
            ),
        ] {
            let told = complaints(text);
            assert!(told.starts_with("my.toml:2: "), "{told}");
            assert!(told.contains(what) && !told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_right_ones() {
        let told = complaints("[serve]\nlisten = \"127.0.0.1:1\"\nlissen = \"x\"\n");
        assert!(told.starts_with("my.toml:3: "), "{told}");
        assert!(
            told.contains("lissen") && told.contains("public_url"),
            "{told}"
        );
    }

    #[test]
    fn bad_values_are_told_with_line_and_advice() {
        let told = complaints(
            "[[sources]]\nfeed = \"https://news.npcc.police.uk/feed/rss\"\nschedule = [\"every day\"]\n[sources.select]\ncard = \"..x\"\n[fetch]\n",
        );
        assert!(
            told.contains("my.toml:3: ") && told.contains("every day"),
            "{told}"
        );
        assert!(
            told.contains("my.toml:5: ") && told.contains("..x"),
            "{told}"
        );
        for store in [
            "sqlite::memory:",
            "sqlite: ",
            "sqlite:state/",
            "sqlite:a.db?mode=ro",
            "sqlite:file:a.db",
        ] {
            let told = complaints(&format!("[store]\nurl = \"{store}\"\n"));
            assert!(
                told.starts_with("my.toml:2: ") && told.contains("sqlite:state/npcc-feeds.db"),
                "{told}"
            );
        }
        for url in [
            " https://feeds.example.org",
            "https://feeds.example.org/a b",
            "https://user:a-secret@feeds.example.org",
            "https://user:a-secret@feeds example.org",
            "ftp://user:a-secret@feeds.example.org",
        ] {
            let told = complaints(&format!("[serve]\npublic_url = \"{url}\"\n"));
            assert!(
                told.starts_with("my.toml:2: ") && !told.contains("a-secret"),
                "{told}"
            );
        }
        for value in ["\"many\"", "-3", "3.5"] {
            let told = complaints(&format!("[publish]\nitems = {value}\n"));
            assert!(
                told.starts_with("my.toml:2: ") && told.contains("expected a whole number"),
                "{told}"
            );
        }
        let told = complaints("[fetch]\ntimeout = \"soon\"\n");
        assert!(
            told.starts_with("my.toml:2: ") && told.contains("30s"),
            "{told}"
        );
        for (key, value) in [
            ("timeout", "500000000000y"),
            ("pause", "2h"),
            ("history", "90000d"),
            ("proxy", "socks5://x:1"),
        ] {
            let told = complaints(&format!("[fetch]\n{key} = \"{value}\"\n"));
            assert!(told.starts_with("my.toml:2: "), "{key}: {told}");
        }
        let told = complaints(
            "[[sources]]\nfeed = \"https://news.npcc.police.uk/feed/rss\"\n[sources.select]\ncard = \"\"\ndate_format = \"%d %b\"\n",
        );
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(told.contains("my.toml:5: \"%d %b\""), "{told}");
        let told = complaints("[[sources]]\nid = \"x\"\n");
        assert!(told.contains("feed") && told.contains("listing"), "{told}");
        let told = complaints(
            "[[sources]]\nfeed = \"https://elsewhere.example/feed\"\nhosts = [\"news.example\"]\n",
        );
        assert!(
            told.contains("my.toml:2: ") && told.contains("elsewhere.example"),
            "{told}"
        );
    }

    #[test]
    fn the_environment_overrides_one_key() {
        let variables = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect()
        };
        let config = shipped(&variables(&[
            ("NPCC_FEEDS_SERVE__LISTEN", "0.0.0.0:80"),
            ("NPCC_FEEDS_PUBLISH__ITEMS", "7"),
            ("NPCC_FEEDS_SOURCES__0__TITLE", "Police"),
            ("NPCC_FEEDS_CONFIG", "/nowhere"),
            ("HOME", "/home/police"),
        ]))
        .unwrap();
        assert_eq!(config.serve.listen, "0.0.0.0:80");
        assert_eq!(config.publish.items, 7);
        assert_eq!(config.sources[0].title, "Police");
        let told = shipped(&variables(&[("NPCC_FEEDS_SERVE__LISTENN", "x")])).unwrap_err();
        assert!(
            told.to_string().contains("NPCC_FEEDS_SERVE__LISTENN"),
            "{told}"
        );
        let told = shipped(&variables(&[("NPCC_FEEDS_PUBLISH__ITEMS", "-5")])).unwrap_err();
        assert!(told.to_string().contains("`-5`"), "{told}");
        let single = variables(&[("NPCC_FEEDS_STORE_URL", "x"), ("NPCC_FEEDS_CONFIG", "y")]);
        let warnings = shipped(&single).unwrap().warnings(&single);
        assert!(
            warnings[1].starts_with("NPCC_FEEDS_STORE_URL"),
            "{warnings:?}"
        );
        assert_eq!(warnings.len(), 2);
        let told = shipped(&variables(&[("NPCC_FEEDS_SERVE__LISTEN", "nonsense")])).unwrap_err();
        assert!(
            told.to_string().contains("NPCC_FEEDS_SERVE__LISTEN"),
            "{told}"
        );
    }
}
