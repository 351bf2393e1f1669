//! Stores in Redis, which several nodes share.
//!
//! A bucket is a set of Redis keys of one prefix:
//! - `asserta:{bucket}:value:{key}` holds a counter as Redis counts (`INCR`), or bytes behind a `=`: so
//!   that Redis itself takes no bytes for a number, whatever they are.
//! - `asserta:{bucket}:keys` is a sorted set of all keys, each with the score 0: the order of their bytes,
//!   which Redis has no other way to list in pages.
//!
//! A key and its place in the set change in one transaction (`MULTI`), which Redis also writes to its log
//! as one. A Redis that is full takes none, whatever is in it, but it takes deletions: those are then sent one
//! by one, the value first. A key that is left in the set without one is deleted again by whoever lists it.

mod connection;

use std::sync::Arc;

use ::redis::io::tcp::TcpSettings;
use ::redis::{
    Client, Cmd, ConnectionAddr, IntoConnectionInfo as _, Pipeline, RedisError, ServerError, TlsCertificates,
    cmd, pipe,
};
use async_trait::async_trait;
use tokio_rustls::rustls::crypto::ring;

use self::connection::Connection;
use super::{Bucket, KEYS_PER_PAGE, KeyValue, StoreError, begin, check_key, page_of};
use crate::outbound::Authorities;
use crate::settings::Secret;

/// Bytes begin with this, counters never do.
const BYTES: u8 = b'=';

/// The two buckets in one database of a Redis server, version 6 or newer.
///
/// What a call acknowledged is as safe as the server keeps it: with `appendonly yes` and `appendfsync always`
/// it outlives the server's death. A server that may evict keys (`maxmemory-policy`) forgets used assertions,
/// and must not. The connection comes back by itself after a failure.
pub struct RedisStores {
    default: Arc<RedisBucket>,
    replay: Arc<RedisBucket>,
}

impl RedisStores {
    /// The stores behind `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS. Connects at
    /// the first use: a server that is away now is used when it is there. With TLS, its certificate must come
    /// from one of the `authorities`; without any, from one of the operating system's.
    ///
    /// # Errors
    /// [`StoreError::BadAddress`], which does not show the address: a password is in it.
    pub fn new(url: &Secret, authorities: Option<&Authorities>) -> Result<Self, StoreError> {
        let info = url.reveal().into_connection_info();
        let info = info.map_err(|_| StoreError::BadAddress("not an address of a Redis server"))?;
        // Without it a command waits for the acknowledgement of the one before.
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let with_tls = match info.addr() {
            ConnectionAddr::TcpTls { insecure: true, .. } => {
                return Err(StoreError::BadAddress("a certificate that is not checked protects nothing"));
            }
            ConnectionAddr::TcpTls { .. } => true,
            _ => false,
        };
        let client = match authorities {
            None => Client::open(info),
            Some(_) if !with_tls => {
                return Err(StoreError::BadAddress("certificate authorities count with rediss:// alone"));
            }
            Some(authorities) => {
                let root_cert = Some(authorities.pem().to_vec());
                Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })
            }
        };
        let client = client.map_err(|_| StoreError::BadAddress("not usable for Redis"))?;
        // Taken by `rediss://`. Where the program has chosen another one already, that one is used.
        _ = ring::default_provider().install_default();
        let connection = Arc::new(Connection::new(client));
        let bucket = |name| Arc::new(RedisBucket { name, connection: connection.clone() });
        Ok(Self { default: bucket("default"), replay: bucket("replay") })
    }
}

#[async_trait]
impl KeyValue for RedisStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn Bucket>, StoreError> {
        match name {
            "default" => Ok(self.default.clone()),
            "replay" => Ok(self.replay.clone()),
            _ => Err(StoreError::NoSuchBucket),
        }
    }
}

struct RedisBucket {
    name: &'static str,
    connection: Arc<Connection>,
}

impl RedisBucket {
    fn keys(&self) -> String {
        format!("asserta:{}:keys", self.name)
    }

    fn value(&self, key: &str) -> String {
        format!("asserta:{}:value:{key}", self.name)
    }

    /// A change that leaves a key with a value.
    fn with_key(&self, key: &str, change: &mut Cmd) -> Pipeline {
        let mut transaction = pipe();
        transaction.atomic().add_command(change.clone());
        transaction.cmd("ZADD").arg(self.keys()).arg(0).arg(key).ignore();
        transaction
    }

    /// What leaves a key without.
    fn without_key(&self, key: &str) -> Pipeline {
        let mut deletions = pipe();
        deletions.cmd("DEL").arg(self.value(key)).ignore();
        deletions.cmd("ZREM").arg(self.keys()).arg(key).ignore();
        deletions
    }
}

#[async_trait]
impl Bucket for RedisBucket {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let value: Option<Vec<u8>> = self.connection.read(cmd("GET").arg(self.value(key))).await?;
        value.map(|value| stored(&value)).transpose()
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        check_key(key)?;
        let value = [&[BYTES], value].concat();
        let change = self.with_key(key, cmd("SET").arg(self.value(key)).arg(value));
        let ((),) = self.connection.write(&change).await?;
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let transaction = self.without_key(key).atomic().clone();
        match self.connection.write::<()>(&transaction).await {
            Err(error) if is_full(&error) => self.connection.write(&self.without_key(key)).await?,
            other => other?,
        }
        Ok(())
    }

    async fn keys(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError> {
        let after = match begin(prefix, after) {
            "" => "-".to_owned(),
            after => format!("({after}"),
        };
        let mut list = cmd("ZRANGEBYLEX");
        list.arg(self.keys()).arg(after).arg("+").arg("LIMIT").arg(0).arg(limit.min(KEYS_PER_PAGE));
        Ok(page_of(self.connection.read(&list).await?, prefix))
    }

    async fn increment(&self, key: &str) -> Result<i64, StoreError> {
        check_key(key)?;
        let change = self.with_key(key, cmd("INCR").arg(self.value(key)));
        match self.connection.write(&change).await {
            Ok((count,)) => Ok(count),
            // The key was there, so that the rest of the transaction changed nothing.
            Err(error) if is_no_counter(&error) => Err(StoreError::NotACounter),
            Err(error) => Err(error.into()),
        }
    }
}

/// A value as its reader sees it.
fn stored(value: &[u8]) -> Result<Vec<u8>, StoreError> {
    if let [BYTES, bytes @ ..] = value {
        return Ok(bytes.to_vec());
    }
    let count = std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok());
    let count =
        count.ok_or_else(|| StoreError::Failed("a value in Redis was not written by us".to_owned()))?;
    Ok(count.to_string().into_bytes())
}

/// What Redis answers to `INCR` where it cannot count. It has no code of its own for that.
fn is_no_counter(error: &RedisError) -> bool {
    has_server_error(error, |error| {
        let details = error.details().unwrap_or_default();
        details.contains("not an integer") || details.contains("would overflow")
    })
}

/// What it answers to a transaction where it has no memory left. Nothing of it was done then.
fn is_full(error: &RedisError) -> bool {
    has_server_error(error, |error| error.code() == "OOM")
}

fn has_server_error(error: &RedisError, is_wanted: impl Fn(&ServerError) -> bool) -> bool {
    error.clone().into_server_errors().is_some_and(|errors| errors.iter().any(|(_, error)| is_wanted(error)))
}

impl From<RedisError> for StoreError {
    fn from(error: RedisError) -> Self {
        Self::Failed(format!("Redis: {error}"))
    }
}
