//! Where a store is: in a file, or on a server that several machines share.

use std::path::PathBuf;
use std::str::FromStr;

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, ConnectOptions};

use super::{Error, Result, postgres, sqlite};
use crate::config::is_on_server;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// A PostgreSQL server.
    Server,
}

impl Place {
    /// The place at an address, with how to connect to it; a file is made where there is none.
    pub(super) fn of(url: &str) -> Result<(Place, AnyConnectOptions)> {
        if is_on_server(url) {
            let options = AnyConnectOptions::from_str(url).map_err(|source| Error::Open {
                url: postgres::shown(url),
                source,
            })?;
            // A writer that waits for another would be logged for a slow statement.
            return Ok((Place::Server, options.disable_statement_logging()));
        }
        let file = sqlite::file(url)?;
        let file = sqlite::make(&file)?;
        let options =
            AnyConnectOptions::from_str(&sqlite::as_url(&file)).map_err(|source| Error::Open {
                url: url.to_owned(),
                source,
            })?;
        Ok((Place::File(file), options))
    }

    /// What every connection begins with.
    pub(super) async fn prepare(
        &self,
        connection: &mut AnyConnection,
    ) -> std::result::Result<(), sqlx::Error> {
        match self {
            Place::File(_) => sqlite::prepare(connection).await,
            Place::Server => postgres::prepare(connection).await,
        }
    }

    /// Whether a connection may be used again once it is given back; what was begun on it is rolled back.
    pub(super) async fn clean(
        &self,
        connection: &mut AnyConnection,
    ) -> std::result::Result<bool, sqlx::Error> {
        match self {
            Place::File(_) => sqlite::clean(connection).await,
            Place::Server => postgres::clean(connection).await,
        }
    }
}
