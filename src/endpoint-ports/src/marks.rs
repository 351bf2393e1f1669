//! The marks of used assertions in a table of a database: one statement for each, and one for all that are swept at once.

use std::cell::OnceCell;

use asserta_core::ports::{Event, Events as _, KeyPage, Store, StoreError};

use crate::log::Log;

/// How many keys are listed at once.
const KEYS_AT_ONCE: usize = 1000;
/// The last of the characters: what begins with a prefix sorts before the prefix with this one.
const LAST: char = '\u{10ffff}';

const TABLE: &str = "CREATE TABLE IF NOT EXISTS asserta_marks (key TEXT NOT NULL PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID";
const INCREMENT: &str = "INSERT INTO asserta_marks (key, count) VALUES (?1, 1) \
                         ON CONFLICT (key) DO UPDATE SET count = count + 1 RETURNING count";
const GET: &str = "SELECT count FROM asserta_marks WHERE key = ?1";
const DELETE: &str = "DELETE FROM asserta_marks WHERE key = ?1";
const DELETE_RANGE: &str = "DELETE FROM asserta_marks WHERE key BETWEEN ?1 AND ?2";
const LIST: &str = "SELECT key FROM asserta_marks WHERE key > ?1 AND key < ?2 ORDER BY key LIMIT ?3";
/// The file of the database; of one in memory it is empty.
const FILE: &str = "SELECT file FROM pragma_database_list WHERE name = 'main'";
/// With a write-ahead log a mark waits for the disk once, and not four times; the database remembers it.
const WRITE_AHEAD: &str = "PRAGMA journal_mode = WAL";

/// A parameter of a statement, or what it gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An integer.
    Integer(i64),
    /// A text.
    Text(String),
    /// Anything else, which nothing here asks for.
    Other,
}

/// An open SQL database of SQLite's dialect. An error is the cause, for the operator.
pub trait Database: Sized {
    /// Opens the database `name`.
    ///
    /// # Errors
    /// Why that can't be done.
    fn open(name: &str) -> Result<Self, String>;
    /// Runs one statement to its end, in a transaction of its own, and gives the first column of its rows.
    ///
    /// # Errors
    /// Why it failed.
    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Value>, String>;
}

/// The marks of used assertions, in the database that the host calls `default`.
pub struct Marks<D> {
    database: OnceCell<D>,
}

impl<D> Default for Marks<D> {
    fn default() -> Self {
        Self { database: OnceCell::new() }
    }
}

impl<D: Database> Marks<D> {
    fn database(&self) -> Result<&D, String> {
        if let Some(database) = self.database.get() {
            return Ok(database);
        }
        let database = D::open("default")?;
        Ok(self.database.get_or_init(|| database))
    }

    /// Runs a statement. One that fails may lack the table: that is made, and the statement gets a second chance. An
    /// increment that took place and failed all the same counts twice then, and burns its assertion.
    fn run(
        &self,
        operation: &str,
        key: &str,
        statement: &str,
        parameters: &[Value],
    ) -> Result<Vec<Value>, StoreError> {
        let attempt = || {
            let database = self.database()?;
            database.execute(statement, parameters).or_else(|_| {
                prepare(database)?;
                database.execute(statement, parameters)
            })
        };
        attempt().map_err(|cause| failed(operation, key, &cause))
    }
}

/// Makes the table.
fn prepare(database: &impl Database) -> Result<(), String> {
    // Databases elsewhere (libSQL) may not know this; those are in no memory of ours.
    if let Ok(files) = database.execute(FILE, &[])
        && files.iter().any(|file| matches!(file, Value::Text(path) if path.is_empty()))
    {
        return Err("the database is in memory, where an assertion would work again".to_owned());
    }
    // It is faster, and no more: what refuses it works without.
    _ = database.execute(WRITE_AHEAD, &[]);
    database.execute(TABLE, &[]).map(drop)
}

fn failed(operation: &str, key: &str, cause: &str) -> StoreError {
    Log.emit(&Event::StoreFailure { store: "replay", operation, key: Some(key), cause });
    StoreError::Unavailable
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The number that a statement gave.
fn count(operation: &str, key: &str, values: &[Value]) -> Result<i64, StoreError> {
    match values {
        [Value::Integer(count)] => Ok(*count),
        _ => Err(failed(operation, key, "the statement gave no number")),
    }
}

impl<D: Database> Store for Marks<D> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let values = self.run("get", key, GET, &[text(key)])?;
        if values.is_empty() {
            return Ok(None);
        }
        count("get", key, &values).map(|count| Some(count.to_string().into_bytes()))
    }

    /// Nothing is written here but marks, and those are counted.
    async fn set(&self, key: &str, _value: &[u8]) -> Result<(), StoreError> {
        Err(failed("set", key, "there are only marks here"))
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.run("delete", key, DELETE, &[text(key)]).map(drop)
    }

    async fn delete_listed(&self, keys: &[String]) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (keys.iter().min(), keys.iter().max()) else { return Ok(()) };
        self.run("delete", first, DELETE_RANGE, &[text(first), text(last)]).map(drop)
    }

    async fn page_of_keys(&self, prefix: &str, from: Option<&str>) -> Result<KeyPage, StoreError> {
        let after = from.unwrap_or(prefix);
        let parameters =
            [text(after), Value::Text(format!("{prefix}{LAST}")), Value::Integer(KEYS_AT_ONCE as i64)];
        let values = self.run("list-keys", prefix, LIST, &parameters)?;
        let keys: Vec<String> = values
            .into_iter()
            .filter_map(|value| match value {
                Value::Text(key) => Some(key),
                _ => None,
            })
            .collect();
        let next = keys.last().filter(|_| keys.len() >= KEYS_AT_ONCE).cloned();
        Ok(KeyPage { keys, next })
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        count("increment", key, &self.run("increment", key, INCREMENT, &[text(key)])?)
    }
}

#[cfg(test)]
mod tests;
