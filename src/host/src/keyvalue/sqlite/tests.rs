//! What is true of SQLite alone; what holds for each store is in `host-tests/tests/key_value_stores.rs`.

use super::SqliteStores;
use crate::keyvalue::KeyValue;

/// R72, and R45 "survives a restart": what was written is there when the files are opened again.
#[tokio::test]
async fn values_outlive_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let first = SqliteStores::open(directory.path()).unwrap();
    first.open("default").await.unwrap().set("k", b"x").await.unwrap();
    first.open("replay").await.unwrap().increment("n").await.unwrap();
    // Opened while the first is still there, as after a SIGKILL: nothing was closed in order.
    let second = SqliteStores::open(directory.path()).unwrap();
    assert_eq!(second.open("default").await.unwrap().get("k").await, Ok(Some(b"x".to_vec())));
    assert_eq!(second.open("replay").await.unwrap().increment("n").await, Ok(2));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let stores = SqliteStores::open(directory.path()).unwrap();
    stores.open("default").await.unwrap().set("k", b"x").await.unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.file_name());
    }
}

/// A database that somebody else could have written is not opened, nor one with such a log.
#[cfg(unix)]
#[test]
fn what_others_may_write_is_not_opened() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    for name in ["default.db", "replay.db", "default.db-wal", "default.db-shm"] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(name);
        fs::write(&file, b"").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        let refused = SqliteStores::open(directory.path()).err().map(|error| error.to_string());
        assert!(refused.as_ref().is_some_and(|text| text.contains("chmod go-w")), "{name}: {refused:?}");
    }
}
