//! What is checked beyond types: addresses, selectors, schedules, time zones.

use std::str::FromStr;
use std::time::Duration;

use chrono::NaiveDate;
use chrono::format::{Item, StrftimeItems};
use sqlx::postgres::PgConnectOptions;
use url::Url;

use super::overrides::Overridden;
use super::{Config, Source, is_on_server, variable_problem};
use crate::document::{Document, Problem, Step};
use crate::schedule;

/// Everything wrong with `config`; each problem names the document's line, or the variable that set the key.
pub(super) fn problems(
    config: &Config,
    document: &Document,
    overridden: &[Overridden],
) -> Vec<Problem> {
    let mut checks = Checks {
        document,
        overridden,
        found: Vec::new(),
    };
    checks.sections(config);
    if config.sources.is_empty() {
        checks.tell(
            &[Step::Key("sources")],
            "there is no source",
            "write at least one [[sources]]",
        );
    }
    for (index, source) in config.sources.iter().enumerate() {
        if config.sources[..index].iter().any(|s| s.id == source.id) {
            let path = [Step::Key("sources"), Step::Index(index), Step::Key("id")];
            checks.tell(
                &path,
                format!("a second source is called \"{}\"", source.id),
                "give each source an id of its own",
            );
        }
        checks.source(source, index);
    }
    checks.found
}

/// What may follow the `?` in a PostgreSQL server's address
/// (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS>, as far as sqlx knows it).
const PARAMETERS: [&str; 13] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

const LONGEST_WAIT: Duration = Duration::from_secs(3600);
const LONGEST_HISTORY: Duration = Duration::from_secs(36_500 * 24 * 3600);

struct Checks<'a> {
    document: &'a Document,
    overridden: &'a [Overridden],
    found: Vec<Problem>,
}

impl Checks<'_> {
    fn tell(&mut self, path: &[Step<'_>], what: impl Into<String>, advice: &str) {
        let steps: Vec<String> = path
            .iter()
            .map(|step| match step {
                Step::Key(key) => (*key).to_owned(),
                Step::Index(index) => index.to_string(),
            })
            .collect();
        let problem = match self.overridden.iter().find(|o| steps.starts_with(&o.path)) {
            Some(over) => variable_problem(&over.variable, what, advice),
            None => self.document.problem(path, what, advice),
        };
        self.found.push(problem);
    }

    fn sections(&mut self, config: &Config) {
        let url = [Step::Key("store"), Step::Key("url")];
        let store = &config.store.url;
        let is_file = store.strip_prefix("sqlite:").is_some_and(is_path);
        let is_server = is_on_server(store)
            && Url::parse(store).is_ok_and(|url| url.has_authority() || url.path() != "/");
        if !is_file && !is_server {
            // It may hold a password.
            self.tell(
                &url,
                "the address is of no store that this program knows".to_owned(),
                "write it as \"sqlite:state/npcc-feeds.db\", or as \"postgres://user@host/database\"",
            );
        }
        if is_server && has_unknown_parameter(store) {
            // It may be what stands behind the & of a password.
            self.tell(
                &url,
                "the address has a parameter that no server knows".to_owned(),
                &format!("it may have {}", PARAMETERS.join(", ")),
            );
        } else if is_server && PgConnectOptions::from_str(store).is_err() {
            self.tell(
                &url,
                "the address has a value that the database's client does not understand".to_owned(),
                "see its port, hostaddr and sslmode, and that each % begins two digits, as %25 for itself",
            );
        }
        let fetch = &config.fetch;
        if fetch.timeout.is_zero() {
            self.tell(
                &[Step::Key("fetch"), Step::Key("timeout")],
                "a timeout of nothing lets no request pass",
                "\"30s\" is the default",
            );
        }
        let visible = |c: char| (' '..='~').contains(&c) && c != '(' && c != ')';
        if !fetch.contact.chars().all(visible) {
            self.tell(
                &[Step::Key("fetch"), Step::Key("contact")],
                "the contact holds a character that a User-Agent cannot carry",
                "write a page's address or an e-mail address",
            );
        }
        // What is wrong comes to the log. A password may stand in this, and a webhook's address is one as a whole.
        if !fetch.proxy.is_empty() && web_address(&fetch.proxy).is_none() {
            self.tell(
                &[Step::Key("fetch"), Step::Key("proxy")],
                "this is no proxy's address",
                "write it as \"http://proxy.example:3128\"",
            );
        }
        for (key, duration) in [("timeout", fetch.timeout), ("pause", fetch.pause)] {
            if duration > LONGEST_WAIT {
                self.tell(
                    &[Step::Key("fetch"), Step::Key(key)],
                    format!("{} is too long", humantime::format_duration(duration)),
                    "an hour is the most",
                );
            }
        }
        if fetch.history > LONGEST_HISTORY {
            self.tell(
                &[Step::Key("fetch"), Step::Key("history")],
                format!("{} is too long", humantime::format_duration(fetch.history)),
                "\"36500d\" is the most, and the whole archive",
            );
        }
        if config.publish.items == 0 || config.publish.items > 1000 {
            self.tell(
                &[Step::Key("publish"), Step::Key("items")],
                format!("a feed cannot hold {} releases", config.publish.items),
                "between 1 and 1000; 50 is the default",
            );
        }
        let hub = &config.publish.hub;
        if !hub.is_empty() && web_address(hub).is_none() {
            self.tell(
                &[Step::Key("publish"), Step::Key("hub")],
                format!("{hub:?} is no address of a hub"),
                "one that begins with https:// or http://, or nothing",
            );
        }
        let webhook = &config.alarm.webhook;
        if !webhook.is_empty() && web_address(webhook).is_none() {
            self.tell(
                &[Step::Key("alarm"), Step::Key("webhook")],
                "this is no address to post to",
                "one that begins with https:// or http://, or nothing",
            );
        }
        if !is_listen_address(&config.serve.listen) {
            self.tell(
                &[Step::Key("serve"), Step::Key("listen")],
                format!("\"{}\" is no address to listen on", config.serve.listen),
                "write address and port, as \"127.0.0.1:8611\" or \"[::]:8611\"",
            );
        }
        let public = web_address(&config.serve.public_url);
        let key = [Step::Key("serve"), Step::Key("public_url")];
        let has_blank = config.serve.public_url.contains(char::is_whitespace);
        match public {
            Some(url) if !url.username().is_empty() || url.password().is_some() => self.tell(
                &key,
                "the address holds a user's name or password, which every feed would show"
                    .to_owned(),
                "write it as \"https://feeds.example.org\"",
            ),
            Some(url) if url.query().is_none() && url.fragment().is_none() && !has_blank => {}
            _ => self.tell(
                &key,
                match config.serve.public_url.contains('@') {
                    // A password may stand before it.
                    true => "this is no web address".to_owned(),
                    false => format!("\"{}\" is no web address", config.serve.public_url),
                },
                "write it as \"https://feeds.example.org\"",
            ),
        }
    }

    fn source(&mut self, source: &Source, index: usize) {
        let at = |key: &'static str| [Step::Key("sources"), Step::Index(index), Step::Key(key)];
        let id_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if source.id.is_empty() || !source.id.chars().all(id_char) {
            self.tell(
                &at("id"),
                format!("\"{}\" cannot be a source's id", source.id),
                "use lower-case letters, digits and hyphens",
            );
        }
        for (n, host) in source.hosts.iter().enumerate() {
            let path = [
                Step::Key("sources"),
                Step::Index(index),
                Step::Key("hosts"),
                Step::Index(n),
            ];
            let named = Url::parse(&format!("http://{host}/"));
            if !named.is_ok_and(|url| url.host_str() == Some(host.as_str()) && url.port().is_none())
            {
                self.tell(
                    &path,
                    format!("\"{host}\" is no host name"),
                    "write it in lower case, without scheme, port or path",
                );
            }
        }
        if source.feed.is_none() && source.listing.is_empty() {
            self.tell(
                &[Step::Key("sources"), Step::Index(index)],
                "this source has neither a feed nor a listing",
                "give it at least one of them",
            );
        }
        if let Some(feed) = &source.feed {
            self.address(source, feed, &at("feed"));
        }
        for (n, listing) in source.listing.iter().enumerate() {
            let [sources, place, key] = at("listing");
            self.address(source, listing, &[sources, place, key, Step::Index(n)]);
        }
        if !source.page.contains("{n}") {
            self.tell(
                &at("page"),
                format!("\"{}\" has no place for the page's number", source.page),
                "write {n} where the number belongs, as in \"?page={n}\"",
            );
        }
        if source.articles.is_empty() || source.articles.iter().any(|a| !a.starts_with('/')) {
            self.tell(
                &at("articles"),
                "a release's path begins with a slash",
                "write it as [\"/releases/\"]",
            );
        }
        self.schedule(source, index);
        self.selectors(source, index);
    }

    fn address(&mut self, source: &Source, address: &str, path: &[Step<'_>]) {
        match web_address(address) {
            None => self.tell(
                path,
                format!("\"{address}\" is no web address"),
                "it begins with https://",
            ),
            Some(url) if !url.username().is_empty() || url.password().is_some() => self.tell(
                path,
                "a name or a password stands in this address, which is shown on the pages",
                "leave it out: a newsroom is read as everybody reads it",
            ),
            Some(url)
                if !source
                    .hosts
                    .iter()
                    .any(|h| Some(h.as_str()) == url.host_str()) =>
            {
                self.tell(
                    path,
                    format!("the host of \"{address}\" is not among the source's hosts"),
                    "add it to `hosts`: no other host is ever asked",
                )
            }
            Some(_) => {}
        }
    }

    fn schedule(&mut self, source: &Source, index: usize) {
        let [sources, place, key] = [
            Step::Key("sources"),
            Step::Index(index),
            Step::Key("schedule"),
        ];
        if source.schedule.is_empty() {
            self.tell(
                &[sources, place, key],
                "the schedule is empty",
                "write at least one cron expression, as \"*/15 * * * *\"",
            );
        }
        for (n, expression) in source.schedule.iter().enumerate() {
            let what = match schedule::parse(expression) {
                Err(error) => format!("\"{expression}\" is no cron expression: {error}"),
                Ok(cron) if !schedule::ever_comes(&cron) => {
                    format!("\"{expression}\" names a day that never comes")
                }
                Ok(_) => continue,
            };
            self.tell(
                &[sources, place, key, Step::Index(n)],
                what,
                "write minute, hour, day, month and weekday, as \"*/15 6-22 * * *\"",
            );
        }
        if chrono_tz::Tz::from_str(&source.timezone).is_err() {
            self.tell(
                &[sources, place, Step::Key("timezone")],
                format!("\"{}\" is no time zone", source.timezone),
                "write its IANA name, as \"Europe/London\"",
            );
        }
    }

    fn selectors(&mut self, source: &Source, index: usize) {
        let select = &source.select;
        let [sources, place, table] = [
            Step::Key("sources"),
            Step::Index(index),
            Step::Key("select"),
        ];
        let single = [
            ("card", &select.card),
            ("link", &select.link),
            ("date", &select.date),
            ("summary", &select.summary),
            ("title", &select.title),
            ("published", &select.published),
            ("body", &select.body),
        ];
        for (key, selector) in single {
            self.selector(selector, &[sources, place, table, Step::Key(key)]);
        }
        for (n, selector) in select.drop.iter().enumerate() {
            let path = [sources, place, table, Step::Key("drop"), Step::Index(n)];
            self.selector(selector, &path);
        }
        if !gives_days(&select.date_format) {
            self.tell(
                &[sources, place, table, Step::Key("date_format")],
                format!("\"{}\" is no format that gives a day", select.date_format),
                "it takes day, month and year: \"%d %b %Y\" reads 25 Sep 2026",
            );
        }
    }

    fn selector(&mut self, selector: &str, path: &[Step<'_>]) {
        // The parser's own words are meant for those who write it.
        if scraper::Selector::parse(selector).is_err() {
            self.tell(
                path,
                format!("\"{selector}\" is no CSS selector"),
                "a class is written \".name\", an element \"h1\", an element with a class \"p.date\"",
            );
        }
    }
}

/// Whether a day that is written in a format is read back as that day.
fn gives_days(format: &str) -> bool {
    let is_wrong = StrftimeItems::new(format).any(|item| item == Item::Error);
    let day = NaiveDate::from_ymd_opt(2026, 9, 25).unwrap_or_default();
    !is_wrong && NaiveDate::parse_from_str(&day.format(format).to_string(), format) == Ok(day)
}

/// Whether it is a file's path, and not one of SQLite's own addresses, of which this program would make a file.
fn is_path(text: &str) -> bool {
    let path = text.strip_prefix("//").unwrap_or(text);
    !path.is_empty()
        && path.trim() == path
        && !path.starts_with([':', '?'])
        && !path.starts_with("file:")
        && !path.contains('?')
        && !path.ends_with('/')
}

fn web_address(text: &str) -> Option<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// A host or address, a colon, a port. A host's name is looked up only when the daemon starts.
fn is_listen_address(text: &str) -> bool {
    text.parse::<std::net::SocketAddr>().is_ok()
        || text.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && !host.contains([':', '/', ' ']) && port.parse::<u16>().is_ok()
        })
}

/// A parameter that sqlx would only warn of, with its value, which may be a password under a wrong name.
fn has_unknown_parameter(server: &str) -> bool {
    let is_known = |name: &str| PARAMETERS.contains(&name) || name.starts_with("options[");
    Url::parse(server).is_ok_and(|url| url.query_pairs().any(|(name, _)| !is_known(&name)))
}
