//! `wasi:keyvalue` on SQLite, with the statements and the encoding of Spin's own store: a counter is eight bytes, and a
//! list has no cursor.

use rusqlite::{Connection, OptionalExtension as _, params};
use wasmtime::component::Resource;

use crate::world::World;
use crate::world::bindings::wasi::keyvalue::{atomics, store};

/// Makes the table.
pub(crate) fn create(database: &Connection) -> rusqlite::Result<()> {
    database.execute_batch(
        "CREATE TABLE spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key))",
    )
}

/// A store that an instance has open, by its label.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenBucket(String);

type Given<T> = wasmtime::Result<Result<T, store::Error>>;

fn other(error: impl ToString) -> store::Error {
    store::Error::Other(error.to_string())
}

impl World {
    fn in_bucket<T>(
        &self,
        bucket: &Resource<OpenBucket>,
        work: impl FnOnce(&mut Connection, &str) -> Result<T, store::Error>,
    ) -> Given<T> {
        let label = &self.table.get(bucket)?.0;
        Ok(work(&mut self.app.database(), label))
    }
}

impl store::Host for World {
    async fn open(&mut self, identifier: String) -> Given<Resource<OpenBucket>> {
        // Those of spin.toml.
        if !matches!(identifier.as_str(), "default" | "replay") {
            return Ok(Err(store::Error::NoSuchStore));
        }
        Ok(Ok(self.table.push(OpenBucket(identifier))?))
    }
}

impl store::HostBucket for World {
    async fn get(&mut self, bucket: Resource<OpenBucket>, key: String) -> Given<Option<Vec<u8>>> {
        self.in_bucket(&bucket, |database, label| {
            let query = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
            database.query_row(query, params![label, key], |row| row.get(0)).optional().map_err(other)
        })
    }

    async fn set(&mut self, bucket: Resource<OpenBucket>, key: String, value: Vec<u8>) -> Given<()> {
        self.in_bucket(&bucket, |database, label| {
            let statement = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
                ON CONFLICT (store, key) DO UPDATE SET value = ?3";
            database.execute(statement, params![label, key, value]).map(drop).map_err(other)
        })
    }

    async fn delete(&mut self, bucket: Resource<OpenBucket>, key: String) -> Given<()> {
        self.in_bucket(&bucket, |database, label| {
            let statement = "DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2";
            database.execute(statement, params![label, key]).map(drop).map_err(other)
        })
    }

    async fn exists(&mut self, bucket: Resource<OpenBucket>, key: String) -> Given<bool> {
        Ok(store::HostBucket::get(self, bucket, key).await?.map(|value| value.is_some()))
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<OpenBucket>,
        cursor: Option<String>,
    ) -> Given<store::KeyResponse> {
        if cursor.is_some() {
            return Ok(Err(other("list_keys: cursor not supported")));
        }
        self.in_bucket(&bucket, |database, label| {
            let keys = || {
                let mut query = database.prepare("SELECT key FROM spin_key_value WHERE store = ?1")?;
                let keys = query.query_map([label], |row| row.get(0))?;
                keys.collect::<rusqlite::Result<Vec<String>>>()
            };
            Ok(store::KeyResponse { keys: keys().map_err(other)?, cursor: None })
        })
    }

    async fn drop(&mut self, bucket: Resource<OpenBucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for World {
    async fn increment(&mut self, bucket: Resource<OpenBucket>, key: String, delta: i64) -> Given<i64> {
        self.in_bucket(&bucket, |database, label| {
            let transaction = database.transaction().map_err(other)?;
            let query = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
            let value: Option<Vec<u8>> = transaction
                .query_row(query, params![label, key], |row| row.get(0))
                .optional()
                .map_err(other)?;
            let count = match value {
                Some(bytes) => i64::from_le_bytes(bytes.as_slice().try_into().map_err(other)?),
                None => 0,
            };
            let count = count + delta;
            let statement = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
                ON CONFLICT (store, key) DO UPDATE SET value = ?3";
            transaction.execute(statement, params![label, key, count.to_le_bytes()]).map_err(other)?;
            transaction.commit().map_err(other)?;
            Ok(count)
        })
    }
}
