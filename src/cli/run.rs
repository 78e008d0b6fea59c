//! `run`: the daemon.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use listenfd::ListenFd;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Outcome, Stop, abandon, close, setup, whole};
use crate::config::Config;
use crate::daemon::{Ingest, Notice};
use crate::store::{self, DaemonLock, Store};

/// How long a service whose store or address cannot be used waits before it tries again; each time twice as long.
const PAUSE: Duration = Duration::from_secs(4);
/// It never waits longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What the daemon needs before it can serve.
struct Begun {
    store: Store,
    lock: DaemonLock,
    listener: Option<TcpListener>,
}

pub(super) async fn run(file: Option<&Path>) -> Outcome {
    let setup = setup::read(file)?;
    setup.warn();
    // Before anybody hears that the daemon is there: until then they would end it.
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let hangup = signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?;
    let mut listeners = passed_listeners()?;
    let begun = tokio::select! {
        begun = begun(&setup.config, listeners.is_empty()) => Some(begun?),
        _ = terminate.recv() => None,
    };
    if let Some(begun) = begun {
        let _lock = begun.lock;
        listeners.extend(begun.listener);
        let ingest = Ingest::new(setup.config, begun.store.clone(), setup.classifier);
        let served = serve(ingest, listeners, file, terminate, hangup).await;
        match served {
            Ok(()) => close(&begun.store).await,
            Err(_) => abandon(&begun.store).await,
        }
        served?;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Begins. What may pass by itself, as a disk that is full or a server that is away, ends the daemon of whoever started it by hand.
/// A service manager's waits for it: its unit starts none again that has ended with 1.
async fn begun(config: &Config, listens: bool) -> Result<Begun, Stop> {
    // Who started us waits for our word (sd_notify(3)).
    let is_service = std::env::var_os("NOTIFY_SOCKET").is_some();
    let mut pause = PAUSE;
    loop {
        match begin(config, listens).await {
            Err(Stop::Error(error)) if is_service && !is_lasting(&error) => {
                let why = whole(&error);
                tracing::error!("{why}; nothing is served until that has passed");
                Notice::Status(format!("waiting: {why}").replace('\n', " ")).send();
                tokio::time::sleep(pause).await;
                pause = LONGEST_PAUSE.min(2 * pause);
            }
            begun => return begun,
        }
    }
}

/// Takes the store for this daemon, and the address if it `listens` itself.
async fn begin(config: &Config, listens: bool) -> Result<Begun, Stop> {
    let store = Store::open(&config.store.url).await?;
    let taken = async {
        // Of one that is damaged the journal stays as it is from now on.
        store.check().await?;
        let lock = store.keep().await?;
        let listener = match listens {
            true => Some(listener(&config.serve.listen).await?),
            false => None,
        };
        Ok((lock, listener))
    };
    match taken.await {
        Ok((lock, listener)) => Ok(Begun {
            store,
            lock,
            listener,
        }),
        Err(stop) => {
            close(&store).await;
            Err(stop)
        }
    }
}

fn is_lasting(error: &anyhow::Error) -> bool {
    let of_store = error.downcast_ref::<store::Error>();
    // A port that is not for everybody.
    let of_system = error.downcast_ref::<io::Error>();
    of_store.is_some_and(store::Error::is_lasting)
        || of_system.is_some_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

async fn serve(
    ingest: Ingest,
    listeners: Vec<TcpListener>,
    file: Option<&Path>,
    terminate: Signal,
    hangup: Signal,
) -> Outcome {
    for listener in &listeners {
        let address = listener
            .local_addr()
            .context("the listener has no address")?;
        let public_url = &ingest.config.serve.public_url;
        tracing::info!(%address, %public_url, "serving; Ctrl-C stops");
    }
    let stop = CancellationToken::new();
    tokio::spawn(stop_when_told(terminate, stop.clone()));
    let (reload, reloads) = mpsc::channel(1);
    let file = file.map(Path::to_owned);
    tokio::spawn(reload_when_told(hangup, file, ingest.clone(), reload));
    ingest.run(listeners, reloads, stop).await?;
    Ok(())
}

/// The sockets that the service manager holds for us (sd_listen_fds(3)).
fn passed_listeners() -> Result<Vec<TcpListener>, Stop> {
    let mut passed = ListenFd::from_env();
    let mut listeners = Vec::new();
    for place in 0..passed.len() {
        let listener = passed.take_tcp_listener(place).context(
            "a socket of the .socket unit is no TCP socket that listens; see its ListenStream=",
        )?;
        // There is one at each place.
        if let Some(listener) = listener {
            listener
                .set_nonblocking(true)
                .and_then(|()| TcpListener::from_std(listener))
                .map(|listener| listeners.push(listener))
                .context("a socket of the .socket unit cannot be used")?;
        }
    }
    if !listeners.is_empty() {
        tracing::info!("the service manager's sockets are used; [serve] listen is not");
    }
    Ok(listeners)
}

/// A socket of our own.
async fn listener(listen: &str) -> Result<TcpListener, Stop> {
    TcpListener::bind(listen).await.map_err(|error| {
        let why = match error.kind() {
            ErrorKind::AddrInUse => "is another npcc-feeds running? ",
            _ => "",
        };
        let told = format!("cannot listen on {listen} ({why}see [serve] listen)");
        anyhow::Error::new(error).context(told).into()
    })
}

async fn stop_when_told(mut terminate: Signal, stop: CancellationToken) {
    tokio::select! {
        _ = terminate.recv() => {}
        // Where Ctrl-C cannot be waited for, it ends the program as it always does.
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping");
    stop.cancel();
}

/// Reads configuration and taxonomy anew at each SIGHUP. What is wrong is told, and what was there stays.
async fn reload_when_told(
    mut hangup: Signal,
    file: Option<PathBuf>,
    ingest: Ingest,
    reload: mpsc::Sender<Ingest>,
) {
    while hangup.recv().await.is_some() {
        Notice::Reloading.send();
        match reloaded(file.clone(), &ingest).await {
            Ok(next) => {
                next.pulses.await_edition();
                // Where nobody takes it, the daemon is stopping.
                let _ = reload.send(next).await;
            }
            Err(why) => {
                tracing::error!("{why}\nthe old configuration stays");
                let first = why.lines().next().unwrap_or_default();
                Notice::Status(format!("the new configuration is refused: {first}")).send();
                // Otherwise the edition that is in the making tells it, and not before it is there.
                if !ingest.pulses.is_edition_awaited() {
                    Notice::Ready.send();
                }
            }
        }
    }
}

async fn reloaded(file: Option<PathBuf>, ingest: &Ingest) -> Result<Ingest, String> {
    // The automaton of all phrases takes a moment to make.
    let read = tokio::task::spawn_blocking(move || setup::read(file.as_deref())).await;
    let read = read.map_err(|error| error.to_string())?;
    let setup = read.map_err(|stop| stop.to_string())?;
    let (old, new) = (&ingest.config, &setup.config);
    // Without their values, in which a password may stand.
    let fixed = [
        ("[store] url", old.store.url == new.store.url),
        ("[serve] listen", old.serve.listen == new.serve.listen),
    ];
    for (key, is_same) in fixed {
        if !is_same {
            return Err(format!(
                "{key} cannot change while the daemon runs; restart it"
            ));
        }
    }
    setup.warn();
    Ok(ingest.reloaded(setup.config, setup.classifier))
}
