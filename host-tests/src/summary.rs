//! What `make test` says at its end: how much ran, and what did not. Each is a small file in `target/summary`, which
//! `make test` empties when it begins, so that no figure of an earlier run is told.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use crate::components::target;

/// The file with a line for each test that could not be made.
const NOT_TESTED: &str = "not-tested";

fn file(name: &str) -> PathBuf {
    let folder = target().join("summary");
    std::fs::create_dir_all(&folder).expect("a folder in target/ can be made");
    folder.join(name)
}

/// So many of a kind (`vectors`, `scenarios`, `rules`) were tested, and all of them passed.
pub fn ran(kind: &str, times: usize) {
    std::fs::write(file(kind), format!("{times}\n")).expect("a file in target/ can be written");
}

/// Here something is missing that the test needs: a tool, a right, data. That is never a pass. Under CI it fails;
/// elsewhere it is said, also where the output of tests is captured, and the test ends.
///
/// # Panics
/// Where `CI` is set.
pub fn not_tested(what: &str) {
    assert!(!is_ci(std::env::var("CI").ok().as_deref()), "not tested: {what}");
    // Not `eprintln!`, which is shown for a failed test only.
    writeln!(std::io::stderr().lock(), "not tested: {what}").expect("standard error is there");
    let list = OpenOptions::new().create(true).append(true).open(file(NOT_TESTED));
    list.and_then(|mut list| writeln!(list, "{what}")).expect("a file in target/ can be written");
}

/// Services set `CI` to `true`; nobody means yes by an empty one, or by `false`.
fn is_ci(variable: Option<&str>) -> bool {
    !matches!(variable, None | Some("" | "0" | "false"))
}

#[cfg(test)]
mod tests {
    use super::is_ci;

    #[test]
    fn what_says_that_this_is_ci() {
        assert!([Some("true"), Some("1"), Some("yes")].into_iter().all(is_ci));
        assert!(![None, Some(""), Some("false"), Some("0")].into_iter().any(is_ci));
    }
}
