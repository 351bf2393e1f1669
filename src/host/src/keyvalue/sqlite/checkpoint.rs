//! Moves what was committed from the write-ahead logs into the databases, off the request path.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::database::Database;
use crate::keyvalue::StoreError;

const INTERVAL: Duration = Duration::from_secs(1);

/// Logs smaller than this wait: reading through them costs nothing yet.
const WORTHWHILE_BYTES: u64 = 1 << 20;

/// From here on, writers wait for the moment that it takes to begin the log anew. Otherwise a load
/// that never pauses would let it grow without end.
const TOO_LARGE_BYTES: u64 = 16 << 20;

/// The thread that makes checkpoints; it ends when this is dropped.
pub(super) struct Checkpoints {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub(super) fn start(databases: Vec<Arc<Database>>) -> Result<Self, StoreError> {
        let mut watched = Vec::new();
        for database in databases {
            let connection = database.connect()?;
            watched.push((database, connection));
        }
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let thread = std::thread::Builder::new().name("checkpoints".to_owned()).spawn({
            let stop = stop.clone();
            move || run(&stop, &watched)
        });
        let thread = thread.map_err(|error: io::Error| StoreError::Failed(error.to_string()))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.take() {
            // A checkpoint that panicked has nothing more to say: the log is still whole.
            _ = thread.join();
        }
    }
}

fn run(stop: &(Mutex<bool>, Condvar), watched: &[(Arc<Database>, Connection)]) {
    let mut stopped = stop.0.lock().unwrap_or_else(PoisonError::into_inner);
    while !*stopped {
        stopped = stop.1.wait_timeout(stopped, INTERVAL).unwrap_or_else(PoisonError::into_inner).0;
        if !*stopped {
            for (database, connection) in watched {
                if let Err(error) = checkpoint(database, connection) {
                    tracing::warn!(%error, "a checkpoint failed; the next one tries again");
                }
            }
        }
    }
}

fn checkpoint(database: &Database, connection: &Connection) -> Result<(), StoreError> {
    let size = std::fs::metadata(database.write_ahead_log()).map_or(0, |log| log.len());
    if size < WORTHWHILE_BYTES {
        return Ok(());
    }
    // Blocks nobody, and does most of the work of a blocking one that may follow.
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    if size >= TOO_LARGE_BYTES {
        // Whoever writes waits at our mutex, which is fair, not at SQLite's lock, which sleeps.
        let _writer = database.writer()?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(())
}
