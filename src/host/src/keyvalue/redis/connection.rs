//! The connection to Redis, made anew when it is lost.
//!
//! The `redis` crate's own manager makes one anew after errors of input and output alone: a server that once
//! said that it has too many clients, or that the password is wrong, would be away for good.

use std::time::{Duration, Instant};

use ::redis::aio::MultiplexedConnection;
use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult,
};
use ::redis::{RetryMethod, ServerErrorKind, cmd};
use tokio::sync::Mutex;

/// A server that does not answer is away. Both together stay well below the 30 seconds of a request.
const CONNECT_TIME: Duration = Duration::from_secs(1);
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// After a failed try all requests are told so for this time, instead of trying one after the other.
const PAUSE: Duration = Duration::from_millis(100);

/// One connection for all requests: commands of several are under way at once.
pub(super) struct Connection {
    client: Client,
    state: Mutex<State>,
}

enum State {
    Unused,
    Open { connection: MultiplexedConnection, number: u64 },
    Lost { number: u64 },
    Failed { at: Instant, error: RedisError, number: u64 },
}

impl State {
    /// How many connections there were.
    fn number(&self) -> u64 {
        match self {
            Self::Unused => 0,
            Self::Open { number, .. } | Self::Lost { number } | Self::Failed { number, .. } => *number,
        }
    }
}

impl Connection {
    pub(super) fn new(client: Client) -> Self {
        Self { client, state: Mutex::new(State::Unused) }
    }

    /// A command that changes nothing: it is sent once more where the first try only found out that the
    /// connection is gone.
    pub(super) async fn read<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        match self.try_read(command).await {
            Err(error) if error.is_connection_dropped() => self.try_read(command).await,
            other => other,
        }
    }

    async fn try_read<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let (mut connection, number) = self.open().await?;
        let result = command.query_async(&mut connection).await;
        self.notice(number, result).await
    }

    /// Changes, mostly a transaction. They are never sent twice: what a lost connection has done to them nobody knows.
    pub(super) async fn write<T: FromRedisValue>(&self, changes: &Pipeline) -> RedisResult<T> {
        let (mut connection, number) = self.open().await?;
        let result = changes.query_async(&mut connection).await;
        self.notice(number, result).await
    }

    /// Passes a result on, and takes a connection out of use that is of none any more.
    async fn notice<T>(&self, number: u64, result: RedisResult<T>) -> RedisResult<T> {
        if result.as_ref().is_err_and(ends_connection) {
            let mut state = self.state.lock().await;
            if matches!(&*state, State::Open { number: current, .. } if *current == number) {
                *state = State::Lost { number };
            }
        }
        result
    }

    async fn open(&self) -> RedisResult<(MultiplexedConnection, u64)> {
        let mut state = self.state.lock().await;
        match &*state {
            State::Open { connection, number } => return Ok((connection.clone(), *number)),
            State::Failed { at, error, .. } if at.elapsed() < PAUSE => return Err(error.clone()),
            State::Unused | State::Lost { .. } | State::Failed { .. } => {}
        }
        let number = state.number() + 1;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIME))
            .set_response_timeout(Some(ANSWER_TIME));
        match self.client.get_multiplexed_async_connection_with_config(&config).await {
            Ok(mut connection) => {
                tracing::info!("connected to Redis");
                warn_of_loss(&mut connection).await;
                *state = State::Open { connection: connection.clone(), number };
                Ok((connection, number))
            }
            Err(error) => {
                if !matches!(&*state, State::Failed { .. }) {
                    tracing::error!(%error, "Redis cannot be reached; requests are answered with 503");
                }
                *state = State::Failed { at: Instant::now(), error: error.clone(), number };
                Err(error)
            }
        }
    }
}

/// Tells the operator of settings with which the server forgets what it has acknowledged.
async fn warn_of_loss(connection: &mut MultiplexedConnection) {
    // Some providers answer no INFO, or another one: then there is nothing to say.
    let Ok(info) = cmd("INFO").query_async::<String>(connection).await else { return };
    let says = |line: &str| info.lines().any(|one| one.trim_end() == line);
    if says("aof_enabled:0") {
        tracing::warn!("Redis has no append-only file: if it dies, used assertions work once more");
    }
    let policy = info.lines().find_map(|line| line.strip_prefix("maxmemory_policy:")).map(str::trim_end);
    if let Some(policy) = policy.filter(|policy| *policy != "noeviction") {
        tracing::warn!(policy, "Redis may evict keys when it is full: used assertions would work once more");
    }
}

/// Whether the next command needs another connection: this one is gone or out of step, or the server behind it
/// no longer the one that takes writes.
fn ends_connection(error: &RedisError) -> bool {
    error.is_io_error()
        || matches!(
            error.retry_method(),
            RetryMethod::Reconnect | RetryMethod::ReconnectFromInitialConnections
        )
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}
