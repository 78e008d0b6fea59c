//! Where the stores of the tests are: in files, or each in a schema of its own on the PostgreSQL server that
//! `NPCC_FEEDS_TEST_POSTGRES` names.

use sqlx::{AssertSqlSafe, Connection};

/// The server, where there is one.
pub fn server() -> Option<String> {
    std::env::var("NPCC_FEEDS_TEST_POSTGRES").ok()
}

/// The address of a store that nobody has used.
pub async fn fresh() -> String {
    match server() {
        Some(server) => on(&server).await,
        None => "sqlite:store/npcc-feeds.db".to_owned(),
    }
}

/// The address of such a store on a server.
pub async fn on(server: &str) -> String {
    sqlx::any::install_default_drivers();
    let schema = format!("test_{}", uuid::Uuid::new_v4().simple());
    let mut connection = sqlx::AnyConnection::connect(server).await.unwrap();
    let sql = AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    format!("{server}?options[search_path]={schema}")
}
