//! Whose the data directory is, and who could change it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::server::run;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A data directory that others could change is refused, with the command that mends it.
#[test]
fn a_data_directory_of_others_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    let serve =
        || run(directory.path(), &["serve", "--dev", "--listen", "127.0.0.1:0", "--store", "nothing"]);
    for mode in [0o777, 0o770, 0o702] {
        set_mode(&data, mode);
        let refused = serve();
        assert!(refused.err.contains("chmod go-w /"), "{mode:o}: {refused:?}");
        assert_eq!(refused.code, 1, "{mode:o}: {refused:?}");
    }
    set_mode(&data, 0o700);
    // Accepted: the next mistake is named.
    assert!(serve().err.contains("--store"), "{:?}", serve());
    // Moved away by whoever may write above it.
    set_mode(directory.path(), 0o777);
    let refused = serve();
    assert!(refused.err.contains("chmod go-w"), "{refused:?}");
    set_mode(directory.path(), 0o700);
    let (token, other) = (data.join("admin-token"), directory.path().join("other"));
    fs::write(&other, "planted").unwrap();
    std::os::unix::fs::symlink(&other, &token).unwrap();
    let refused = run(directory.path(), &["org", "list"]);
    assert!(refused.err.contains("a link"), "{refused:?}");
    fs::remove_file(&token).unwrap();
    fs::write(&token, "planted").unwrap();
    set_mode(&token, 0o666);
    let refused = run(directory.path(), &["org", "list"]);
    assert!(refused.err.contains("chmod go-w"), "{refused:?}");
    if std::os::unix::fs::chown(&data, Some(65534), None).is_ok() {
        let refused = serve();
        assert!(refused.err.contains("chown -R") && refused.err.contains("65534"), "{refused:?}");
    } else {
        assert!(std::env::var_os("CI").is_none(), "CI runs this as root");
        eprintln!("not tested: a data directory of another user (needs root)");
    }
}
