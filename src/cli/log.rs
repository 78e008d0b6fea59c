//! The log: lines for people, JSON lines, or the journal's own fields where standard error is the journal.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, IsTerminal, Write as _};
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::text;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// Lines for people
    Text,
    /// A JSON object a line
    Json,
    /// The journal's fields, as `journalctl -o verbose` shows them
    Journal,
}

/// Where the journal listens (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>).
const JOURNAL: &str = "/run/systemd/journal/socket";
/// A datagram holds about 200 kB; nothing that is logged is worth more than this.
const LONGEST: usize = 8192;

/// Logs to standard error or the journal: our own words at `level`, those of libraries only from warnings on.
/// Gives in what form that is.
pub(super) fn begin(level: Level, format: Option<LogFormat>) -> LogFormat {
    let libraries = LevelFilter::from_level(level).min(LevelFilter::WARN);
    let targets = Targets::new()
        .with_default(libraries)
        .with_target(env!("CARGO_CRATE_NAME"), level);
    let format = format.unwrap_or(if is_journal() {
        LogFormat::Journal
    } else {
        LogFormat::Text
    });
    let lines = || {
        tracing_subscriber::fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal())
            .with_target(false)
    };
    let journal = (format == LogFormat::Journal).then(|| Journal::at(Path::new(JOURNAL)));
    let layer = match (format, journal) {
        (LogFormat::Json, _) => lines()
            .json()
            .flatten_event(true)
            .with_ansi(false)
            .with_writer(|| Visible(io::stderr()))
            .boxed(),
        (LogFormat::Journal, Some(Ok(journal))) => journal.boxed(),
        _ => lines().boxed(),
    };
    tracing_subscriber::registry()
        .with(targets)
        .with(layer)
        .init();
    format
}

/// Writes out the control characters that JSON leaves as they are: DEL and C1.
struct Visible<W>(W);

impl<W: io::Write> io::Write for Visible<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let shown = String::from_utf8_lossy(line);
        self.0.write_all(text::visible_lines(&shown).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Whether standard error is the journal, as `JOURNAL_STREAM` says (systemd.exec(5)).
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    let error = io::stderr().as_fd().try_clone_to_owned().map(File::from);
    error
        .and_then(|file| file.metadata())
        .is_ok_and(|metadata| {
            use std::os::unix::fs::MetadataExt;
            stream == format!("{}:{}", metadata.dev(), metadata.ino())
        })
}

/// Writes events to the journal with their fields. The message holds them as well: `journalctl` shows nothing else unless it is
/// asked, and what failed stands in a field as a rule. (The library for this leaves them out of the message.)
struct Journal {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Journal {
    fn at(path: &Path) -> io::Result<Journal> {
        let socket = UnixDatagram::unbound()?;
        // Whether anybody listens shows now; later on the journal may be started anew in between.
        socket.send_to(&[], path)?;
        Ok(Journal {
            socket,
            path: path.to_owned(),
        })
    }
}

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut told = Told::default();
        event.record(&mut told);
        let entry = told.entry(*event.metadata().level());
        if self.socket.send_to(&entry, &self.path).is_err() {
            // Where that fails too, nobody hears; `eprintln!` would panic.
            let _ = writeln!(io::stderr(), "{} {}", event.metadata().level(), told.line());
        }
    }
}

/// What an event says.
#[derive(Default)]
struct Told {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Told {
    fn put(&mut self, field: &Field, value: String) {
        // The journal shows nothing of what holds a control character. Lines for people have them written out by their library.
        let mut value = text::visible_lines(&value).into_owned();
        if value.len() > LONGEST {
            let mut end = LONGEST;
            while !value.is_char_boundary(end) {
                end -= 1;
            }
            value.truncate(end);
            value.push('…');
        }
        match field.name() {
            "message" => self.message = value,
            name => self.fields.push((name, value)),
        }
    }

    /// The message with its fields, on one line.
    fn line(&self) -> String {
        let mut line = self.message.clone();
        for (name, value) in &self.fields {
            // Nothing that can fail.
            let _ = write!(
                line,
                "{}{name}={value}",
                if line.is_empty() { "" } else { " " }
            );
        }
        line
    }

    /// The journal's datagram.
    fn entry(&self, level: Level) -> Vec<u8> {
        // As syslog(3) counts.
        let priority = match level {
            Level::ERROR => "3",
            Level::WARN => "4",
            Level::INFO => "6",
            _ => "7",
        };
        let mut entry = Vec::new();
        let mut put = |name: &str, value: &str| {
            entry.extend(name.bytes());
            if value.contains('\n') {
                entry.push(b'\n');
                entry.extend((value.len() as u64).to_le_bytes());
            } else {
                entry.push(b'=');
            }
            entry.extend(value.bytes());
            entry.push(b'\n');
        };
        put("MESSAGE", &self.line());
        put("PRIORITY", priority);
        put("SYSLOG_IDENTIFIER", "npcc-feeds");
        for (name, value) in &self.fields {
            let name: String = name
                .chars()
                .map(|c| match c.to_ascii_uppercase() {
                    c if c.is_ascii_alphanumeric() => c,
                    _ => '_',
                })
                .collect();
            // Those that begin with a line are the journal's own, and these are taken above.
            put(&format!("NPCC_FEEDS_{name}"), value);
        }
        entry
    }
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_json_hold_no_orders_to_a_terminal() {
        let mut shown = Vec::new();
        let line = "{\"error\":\"sec\u{9b}ond\u{7f}\"}\n";
        Visible(&mut shown).write_all(line.as_bytes()).unwrap();
        assert_eq!(shown, b"{\"error\":\"sec\\u009bond\\u007f\"}\n");
    }

    #[test]
    fn the_journal_gets_fields_and_a_message_that_says_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        assert!(Journal::at(&path).is_err(), "nobody listens");
        let journal = UnixDatagram::bind(&path).unwrap();
        let layer = Journal::at(&path).unwrap();
        let mut bytes = [0; 20_000];
        assert_eq!(journal.recv(&mut bytes).unwrap(), 0);
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            let error = "first\nsec\u{9b}ond";
            tracing::warn!(source = "npcc", %error, last.page = 7, "a page cannot be read");
            tracing::info!(text = "x".repeat(9000), "long");
        });
        let read = journal.recv(&mut bytes).unwrap();
        let mut expected = b"MESSAGE\n".to_vec();
        let message = "a page cannot be read source=npcc error=first\nsec\\u009bond last.page=7";
        expected.extend((message.len() as u64).to_le_bytes());
        expected.extend(message.bytes());
        expected.extend(b"\nPRIORITY=4\nSYSLOG_IDENTIFIER=npcc-feeds\nNPCC_FEEDS_SOURCE=npcc\nNPCC_FEEDS_ERROR\n");
        expected.extend(18_u64.to_le_bytes());
        expected.extend(b"first\nsec\\u009bond\nNPCC_FEEDS_LAST_PAGE=7\n");
        assert_eq!(
            String::from_utf8_lossy(&bytes[..read]),
            String::from_utf8_lossy(&expected)
        );
        let read = journal.recv(&mut bytes).unwrap();
        assert!((16_000..18_000).contains(&read), "{read}");
    }
}
