//! The stores of a Spin host.

use asserta_core::ports::KeyPage;

use crate::bindings::fermyon::spin::sqlite::{self, Connection};
use crate::bindings::wasi::keyvalue::atomics;
use crate::bindings::wasi::keyvalue::store::{self, Error};
use crate::key_value::Bucket;
use crate::marks::{Database, Value};

/// A store of the manifest's `key_value_stores`.
pub struct SpinBucket(store::Bucket);

fn cause(error: Error) -> String {
    match error {
        Error::NoSuchStore => "no such store".to_owned(),
        Error::AccessDenied => "access denied".to_owned(),
        Error::Other(text) => text,
    }
}

impl Bucket for SpinBucket {
    fn open(store: &'static str) -> Result<Self, String> {
        store::open(store).map(Self).map_err(cause)
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.0.get(key).map_err(cause)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), String> {
        self.0.set(key, value).map_err(cause)
    }

    fn delete(&self, key: &str) -> Result<(), String> {
        self.0.delete(key).map_err(cause)
    }

    fn list_keys(&self, cursor: Option<&str>) -> Result<KeyPage, String> {
        let page = self.0.list_keys(cursor).map_err(cause)?;
        Ok(KeyPage { keys: page.keys, next: page.cursor })
    }

    fn list_keys_from(&self, prefix: &str) -> Option<KeyPage> {
        self.list_keys(Some(prefix)).ok()
    }

    fn increment(&self, key: &str) -> Result<i64, String> {
        atomics::increment(&self.0, key, 1).map_err(cause)
    }
}

/// A database of the manifest's `sqlite_databases`.
pub struct SpinDatabase(Connection);

fn database_cause(error: sqlite::Error) -> String {
    match error {
        sqlite::Error::NoSuchDatabase => "no such database".to_owned(),
        sqlite::Error::AccessDenied => "access denied: the manifest's sqlite_databases lacks it".to_owned(),
        sqlite::Error::InvalidConnection => "invalid connection".to_owned(),
        sqlite::Error::DatabaseFull => "the database is full".to_owned(),
        sqlite::Error::Io(text) => text,
    }
}

impl Database for SpinDatabase {
    fn open(name: &str) -> Result<Self, String> {
        Connection::open(name).map(Self).map_err(database_cause)
    }

    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Value>, String> {
        let parameters: Vec<_> = parameters
            .iter()
            .map(|value| match value {
                Value::Integer(integer) => sqlite::Value::Integer(*integer),
                Value::Text(text) => sqlite::Value::Text(text.clone()),
                Value::Other => sqlite::Value::Null,
            })
            .collect();
        let result = self.0.execute(statement, &parameters).map_err(database_cause)?;
        let first = |row: sqlite::RowResult| match row.values.into_iter().next() {
            Some(sqlite::Value::Integer(integer)) => Value::Integer(integer),
            Some(sqlite::Value::Text(text)) => Value::Text(text),
            _ => Value::Other,
        };
        Ok(result.rows.into_iter().map(first).collect())
    }
}
