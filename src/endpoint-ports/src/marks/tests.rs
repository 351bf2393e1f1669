//! On the database that Spin runs the statements on, and as Spin does: a connection for each instance.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use rusqlite::Connection;
use rusqlite::types::{Value as Sql, ValueRef};

use super::*;
use crate::at_once;

thread_local! {
    /// Where `default` is; no path: in memory.
    static FILE_OF_DEFAULT: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

struct Sqlite(Connection);

impl Database for Sqlite {
    fn open(name: &str) -> Result<Self, String> {
        assert_eq!(name, "default");
        let connection = FILE_OF_DEFAULT.with_borrow(|path| match path {
            Some(path) => Connection::open(path),
            None => Connection::open_in_memory(),
        });
        connection.map(Self).map_err(|error| error.to_string())
    }

    fn execute(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Value>, String> {
        let parameters = parameters.iter().map(|value| match value {
            Value::Integer(integer) => Sql::Integer(*integer),
            Value::Text(text) => Sql::Text(text.clone()),
            Value::Other => Sql::Null,
        });
        let mut statement = self.0.prepare_cached(statement).map_err(|error| error.to_string())?;
        let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| {
            Ok(match row.get_ref(0)? {
                ValueRef::Integer(integer) => Value::Integer(integer),
                ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                _ => Value::Other,
            })
        });
        rows.and_then(Iterator::collect).map_err(|error| error.to_string())
    }
}

/// A new database, which is gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("asserta-marks-{name}-{}", std::process::id()));
        _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn database(&self) -> PathBuf {
        self.0.join("marks.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The marks as an instance finds them.
fn instance(path: &Path) -> Marks<Sqlite> {
    FILE_OF_DEFAULT.set(Some(path.to_owned()));
    let marks = Marks::default();
    assert_eq!(at_once(marks.get("none")), Ok(None));
    marks
}

/// R45: of all that use an assertion at the same moment one is the first, whichever instance serves it, and also where
/// none has made the table yet.
#[test]
fn one_of_sixteen_is_first() {
    for round in 0..5 {
        let folder = Folder::new(&format!("first-{round}"));
        let (path, start) = (folder.database(), Barrier::new(16));
        let use_it = || {
            FILE_OF_DEFAULT.set(Some(path.clone()));
            let marks = Marks::<Sqlite>::default();
            start.wait();
            at_once(marks.increment("r/000000000001/a"))
        };
        let counts: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(use_it)).collect();
            threads.into_iter().map(|thread| thread.join().expect("it ran")).collect()
        });
        let first = counts.iter().filter(|count| **count == Ok(1)).count();
        assert_eq!(first, 1, "{counts:?}");
        assert_eq!(at_once(instance(&path).increment("r/000000000001/a")), Ok(17), "{counts:?}");
    }
}

/// R45: a mark outlives the instance, and waits in a write-ahead log.
#[test]
fn marks_are_found_again() {
    let folder = Folder::new("again");
    assert_eq!(at_once(instance(&folder.database()).increment("r/1/a")), Ok(1));
    let marks = instance(&folder.database());
    assert_eq!(at_once(marks.increment("r/1/a")), Ok(2));
    assert_eq!(at_once(marks.get("r/1/a")), Ok(Some(b"2".to_vec())));
    assert_eq!(at_once(marks.delete("r/1/a")), Ok(()));
    assert_eq!(at_once(marks.get("r/1/a")), Ok(None));
    let mode = marks.database().expect("open").execute("PRAGMA journal_mode", &[]);
    assert_eq!(mode, Ok(vec![Value::Text("wal".to_owned())]));
}

/// Pages come in order and end with the prefix; one statement deletes what is listed.
#[test]
fn pages_and_a_range() {
    let folder = Folder::new("pages");
    let marks = instance(&folder.database());
    let database = marks.database().expect("open");
    database.execute("BEGIN", &[]).expect("a transaction");
    for number in 0..2500 {
        at_once(marks.increment(&format!("r/{:012}/{number:05}", number / 1000))).expect("counted");
    }
    for other in ["q", "r", "r0", "s/1"] {
        at_once(marks.increment(other)).expect("counted");
    }
    database.execute("COMMIT", &[]).expect("written");

    let first = at_once(marks.page_of_keys("r/", None)).expect("a page");
    assert_eq!((first.keys.len(), first.next.as_ref()), (KEYS_AT_ONCE, first.keys.last()));
    assert!(first.keys.is_sorted());
    let all = at_once(marks.keys("r/")).expect("listed");
    assert_eq!((all.len(), &all[..KEYS_AT_ONCE]), (2500, &first.keys[..]));

    assert_eq!(at_once(marks.delete_listed(&first.keys)), Ok(()));
    assert_eq!(at_once(marks.keys("r/")).as_deref(), Ok(&all[KEYS_AT_ONCE..]));
    assert_eq!(at_once(marks.delete_listed(&[])), Ok(()));
    for other in ["q", "r", "r0", "s/1"] {
        assert!(at_once(marks.get(other)).expect("read").is_some(), "{other} is gone");
    }
}

/// R45, R70: Spin keeps a database without a path in the memory of each connection. Nothing is reserved there.
#[test]
fn a_database_in_memory() {
    FILE_OF_DEFAULT.set(None);
    let marks = Marks::<Sqlite>::default();
    for _ in 0..2 {
        assert_eq!(at_once(marks.increment("r/1/a")), Err(StoreError::Unavailable));
        assert_eq!(at_once(marks.get("r/1/a")), Err(StoreError::Unavailable));
    }
}

/// R70: a table that holds something else counts nothing, and neither does a database that can't be opened.
#[test]
fn databases_of_no_use() {
    let folder = Folder::new("broken");
    let other = Connection::open(folder.database()).expect("open");
    other
        .execute_batch(
            "CREATE TABLE asserta_marks (key TEXT PRIMARY KEY, count TEXT); INSERT INTO asserta_marks VALUES ('a', 'x')",
        )
        .expect("made");
    let marks = instance(&folder.database());
    assert_eq!(at_once(marks.get("a")), Err(StoreError::Unavailable));

    FILE_OF_DEFAULT.set(Some(folder.0.join("no/folder/marks.db")));
    assert_eq!(at_once(Marks::<Sqlite>::default().increment("a")), Err(StoreError::Unavailable));
}
