//! Where the stores of the tests are: in files, or each in a schema of its own on the PostgreSQL server that
//! `NPCC_FEEDS_TEST_POSTGRES` names. The library's own tests have it too.

use std::path::Path;

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};

/// The server, where there is one.
pub fn server() -> Option<String> {
    std::env::var("NPCC_FEEDS_TEST_POSTGRES").ok()
}

/// The address of a store that nobody has used: on the server where there is one, otherwise in this file.
pub async fn fresh(file: &Path) -> String {
    sqlx::any::install_default_drivers();
    let Some(server) = server() else {
        return format!("sqlite:{}", file.display());
    };
    let schema = format!("test_{}", uuid::Uuid::new_v4().simple());
    let mut connection = AnyConnection::connect(&server).await.unwrap();
    let sql = AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    format!("{server}?options[search_path]={schema}")
}

/// The store's own tables, by name.
pub async fn tables(store: &mut AnyConnection) -> Vec<String> {
    let sql = match server() {
        None => "SELECT name FROM sqlite_master WHERE type = 'table'",
        Some(_) => {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()"
        }
    };
    let rows = sqlx::query(sql).fetch_all(store).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The columns of a table.
pub async fn columns(store: &mut AnyConnection, table: &str) -> Vec<String> {
    let sql = match server() {
        None => "SELECT name FROM pragma_table_info($1)",
        Some(_) => {
            "SELECT CAST(column_name AS TEXT) FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = $1"
        }
    };
    let rows = sqlx::query(sql).bind(table.to_owned()).fetch_all(store);
    rows.await.unwrap().iter().map(|row| row.get(0)).collect()
}
