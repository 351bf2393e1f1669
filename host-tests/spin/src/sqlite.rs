//! `fermyon:spin/sqlite` on SQLite, as Spin has it: a connection for each that an instance opens, all on one file, and a
//! statement that runs to its end.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};
use wasmtime::component::Resource;

use crate::world::World;
use crate::world::bindings::fermyon::spin::sqlite;

/// The file of the database `default`, gone with the app.
pub(crate) struct DatabaseFile(PathBuf);

impl DatabaseFile {
    /// A name that no other app has.
    pub(crate) fn new() -> std::io::Result<Self> {
        static APPS: AtomicU64 = AtomicU64::new(0);
        let number = APPS.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("spin-stand-in-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder.join("sqlite_db.db")))
    }
}

impl Drop for DatabaseFile {
    fn drop(&mut self) {
        if let Some(folder) = self.0.parent() {
            _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// A connection that an instance has open.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenConnection(Mutex<Connection>);

type Given<T> = wasmtime::Result<Result<T, sqlite::Error>>;

fn io(error: impl ToString) -> sqlite::Error {
    sqlite::Error::Io(error.to_string())
}

fn row(row: &Row<'_>) -> rusqlite::Result<sqlite::RowResult> {
    let columns = row.as_ref().column_count();
    let value = |column| {
        Ok(match row.get_ref(column)? {
            ValueRef::Null => sqlite::Value::Null,
            ValueRef::Integer(integer) => sqlite::Value::Integer(integer),
            ValueRef::Real(real) => sqlite::Value::Real(real),
            ValueRef::Text(text) => sqlite::Value::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(blob) => sqlite::Value::Blob(blob.to_vec()),
        })
    };
    Ok(sqlite::RowResult { values: (0..columns).map(value).collect::<rusqlite::Result<_>>()? })
}

impl sqlite::Host for World {}

impl sqlite::HostConnection for World {
    async fn open(&mut self, database: String) -> Given<Resource<OpenConnection>> {
        // Those of spin.toml.
        if database != "default" {
            return Ok(Err(sqlite::Error::AccessDenied));
        }
        Ok(match Connection::open(&self.app.database_file.0) {
            Ok(connection) => Ok(self.table.push(OpenConnection(Mutex::new(connection)))?),
            Err(error) => Err(io(error)),
        })
    }

    async fn execute(
        &mut self,
        connection: Resource<OpenConnection>,
        statement: String,
        parameters: Vec<sqlite::Value>,
    ) -> Given<sqlite::QueryResult> {
        let connection = self.table.get(&connection)?.0.lock().unwrap_or_else(PoisonError::into_inner);
        let parameters = parameters.into_iter().map(|value| match value {
            sqlite::Value::Null => Sql::Null,
            sqlite::Value::Integer(integer) => Sql::Integer(integer),
            sqlite::Value::Real(real) => Sql::Real(real),
            sqlite::Value::Text(text) => Sql::Text(text),
            sqlite::Value::Blob(blob) => Sql::Blob(blob),
        });
        let run = || {
            let mut statement = connection.prepare_cached(&statement)?;
            let columns = statement.column_names().map(str::to_owned).collect();
            let rows = statement.query_map(params_from_iter(parameters), row)?;
            Ok(sqlite::QueryResult { columns, rows: rows.collect::<rusqlite::Result<_>>()? })
        };
        Ok(run().map_err(|error: rusqlite::Error| io(error)))
    }

    async fn drop(&mut self, connection: Resource<OpenConnection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}
