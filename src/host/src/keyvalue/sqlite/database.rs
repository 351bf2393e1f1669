//! One bucket in one SQLite file.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use crate::keyvalue::{Bucket, KEYS_PER_PAGE, StoreError, begin, check_key, page_of};
use crate::ownership::{self, Exposed};

/// The layout of the file, kept in its `user_version`.
const LAYOUT: i64 = 1;

/// A value is a BLOB where it was `set`, an INTEGER where it was counted: so that an increment is one
/// statement, and never takes bytes for a number.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS entries
    (key TEXT PRIMARY KEY NOT NULL, value ANY NOT NULL) STRICT, WITHOUT ROWID";
const GET: &str = "SELECT value FROM entries WHERE key = ?1";
const SET: &str = "INSERT INTO entries (key, value) VALUES (?1, ?2)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const DELETE: &str = "DELETE FROM entries WHERE key = ?1";
const LIST: &str = "SELECT key FROM entries WHERE key > ?1 ORDER BY key LIMIT ?2";
/// SQLite turns a sum beyond 64 bits into a real: the condition leaves the counter alone then.
const INCREMENT: &str = "INSERT INTO entries (key, value) VALUES (?1, 1)
    ON CONFLICT (key) DO UPDATE SET value = value + 1
    WHERE typeof(value) = 'integer' AND typeof(value + 1) = 'integer'
    RETURNING value";

/// What an acknowledged write outlives; see [`SqliteStores`](super::SqliteStores).
#[derive(Clone, Copy, Debug)]
pub(super) enum Durability {
    /// The loss of power.
    EachWrite,
    /// The death of the process; the loss of power only after the next checkpoint.
    OnCheckpoint,
}

/// A bucket in a SQLite file. Calls take microseconds, so that a connection behind a mutex is the
/// whole of its concurrency.
pub(super) struct Database {
    path: PathBuf,
    writer: Mutex<Connection>,
    /// Where writes wait for the disk, reads have their own connection and never wait for them. Where they do not, one
    /// connection is faster for both: a write by another one makes a connection forget the pages that it has read.
    reader: Option<Mutex<Connection>>,
}

impl Database {
    pub(super) fn open(path: PathBuf, durability: Durability) -> Result<Self, StoreError> {
        create_private(&path)?;
        let writer = connect(&path)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        // The checkpoint thread does it instead, off the request path.
        writer.pragma_update(None, "wal_autocheckpoint", 0)?;
        writer.pragma_update(
            None,
            "synchronous",
            match durability {
                Durability::EachWrite => "FULL",
                Durability::OnCheckpoint => "NORMAL",
            },
        )?;
        let layout: i64 = writer.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if layout > LAYOUT {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            return Err(StoreError::Failed(format!("{name} was made by a newer version of asserta")));
        }
        writer.execute_batch(CREATE)?;
        writer.pragma_update(None, "user_version", LAYOUT)?;
        let reader = match durability {
            Durability::EachWrite => Some(Mutex::new(connect_reader(&path)?)),
            Durability::OnCheckpoint => None,
        };
        Ok(Self { path, writer: Mutex::new(writer), reader })
    }

    /// The file of the write-ahead log.
    pub(super) fn write_ahead_log(&self) -> PathBuf {
        beside(&self.path, "-wal")
    }

    /// A further connection, for checkpoints.
    pub(super) fn connect(&self) -> Result<Connection, StoreError> {
        Ok(connect(&self.path)?)
    }

    pub(super) fn writer(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        self.writer.lock().map_err(|_| poisoned())
    }

    fn reader(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        self.reader.as_ref().unwrap_or(&self.writer).lock().map_err(|_| poisoned())
    }
}

#[async_trait]
impl Bucket for Database {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let connection = self.reader()?;
        let mut statement = connection.prepare_cached(GET)?;
        let value = statement.query_row([key], |row| {
            Ok(match row.get_ref(0)? {
                ValueRef::Integer(count) => count.to_string().into_bytes(),
                other => other.as_bytes()?.to_vec(),
            })
        });
        Ok(value.optional()?)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        check_key(key)?;
        self.writer()?.prepare_cached(SET)?.execute(params![key, value])?;
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.writer()?.prepare_cached(DELETE)?.execute([key])?;
        Ok(())
    }

    async fn keys(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let connection = self.reader()?;
        let mut statement = connection.prepare_cached(LIST)?;
        let limit = limit.min(KEYS_PER_PAGE) as i64;
        let rows = statement.query_map(params![begin(prefix, after), limit], |row| row.get(0))?;
        Ok(page_of(rows.collect::<Result<_, _>>()?, prefix))
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        check_key(key)?;
        let connection = self.writer()?;
        let mut statement = connection.prepare_cached(INCREMENT)?;
        let mut rows = statement.query([key])?;
        let Some(row) = rows.next()? else { return Err(StoreError::NotACounter) };
        let value = row.get(0)?;
        // The step after the last row commits. It has to be taken here: left to the end of the scope,
        // its error (a full disk) would be lost, and a reservation that was not made be acknowledged.
        match rows.next()? {
            None => Ok(value),
            Some(_) => Err(StoreError::Failed("an increment changed two rows".to_owned())),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

fn poisoned() -> StoreError {
    StoreError::Failed("an earlier call panicked".to_owned())
}

fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

fn connect_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Signing keys are in there: nobody but the owner may read it, and nobody else can have written it. SQLite gives its
/// other files the mode of this one; those that are there already are looked at in the same way.
fn create_private(path: &Path) -> Result<(), StoreError> {
    ownership::make_private(path).map_err(exposed)?;
    for suffix in ["-wal", "-shm"] {
        ownership::open_file(&beside(path, suffix)).map_err(exposed)?;
    }
    Ok(())
}

fn exposed(exposed: Exposed) -> StoreError {
    StoreError::Failed(exposed.to_string())
}

/// The path of a file that SQLite keeps beside a database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}
