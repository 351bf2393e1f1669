use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

use super::*;

/// A user that this process is not.
const NOBODY: u32 = 65534;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode can be set");
}

/// Whether files can be given to another user; under CI that must be so.
fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    assert!(root || std::env::var_os("CI").is_none(), "CI runs this as root");
    if !root {
        eprintln!("not tested: what belongs to another user (needs root)");
    }
    root
}

#[test]
fn what_others_may_write_to_is_refused_with_the_command_that_mends_it() {
    let above = tempfile::tempdir().unwrap();
    let data = above.path().join("da ta");
    fs::create_dir(&data).unwrap();
    for mode in [0o700, 0o755, 0o750] {
        set_mode(&data, mode);
        check_directory(&data).unwrap();
    }
    for mode in [0o777, 0o770, 0o702, 0o720, 0o1777] {
        set_mode(&data, mode);
        let refused = check_directory(&data).unwrap_err().to_string();
        assert!(refused.contains(&format!("chmod go-w '{}'", data.display())), "{mode:o}: {refused}");
    }
    set_mode(&data, 0o700);
    let file = data.join("file");
    fs::write(&file, b"").unwrap();
    for (mode, fine) in [(0o600, true), (0o644, true), (0o646, false), (0o664, false)] {
        set_mode(&file, mode);
        assert_eq!(open_file(&file).is_ok(), fine, "{mode:o}");
    }
    assert!(open_file(&data.join("missing")).unwrap().is_none());
}

#[test]
fn a_directory_that_others_could_replace_is_refused() {
    let above = tempfile::tempdir().unwrap();
    let shared = above.path().join("shared");
    let data = shared.join("data");
    fs::create_dir_all(&data).unwrap();
    set_mode(&data, 0o700);
    for (mode, fine) in [(0o755, true), (0o1777, true), (0o777, false), (0o703, false), (0o775, true)] {
        set_mode(&shared, mode);
        let checked = check_directory(&data);
        assert_eq!(checked.is_ok(), fine, "{mode:o}: {checked:?}");
        if let Err(refused) = checked {
            assert!(refused.to_string().contains("chmod go-w"), "{refused}");
        }
    }
    // Of another group, its members could.
    if is_root() {
        set_mode(&shared, 0o775);
        chown(&shared, None, Some(NOBODY)).unwrap();
        assert!(matches!(check_directory(&data), Err(Exposed::Replaceable { .. })));
        set_mode(&shared, 0o755);
        chown(&shared, Some(NOBODY), None).unwrap();
        check_directory(&data).unwrap();
    }
}

#[test]
fn what_belongs_to_somebody_else_is_refused_whatever_its_mode() {
    if !is_root() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("default.db");
    fs::write(&file, b"").unwrap();
    set_mode(&file, 0o600);
    chown(&file, Some(NOBODY), None).unwrap();
    for refused in [open_file(&file).unwrap_err(), make_private(&file).unwrap_err()] {
        assert!(matches!(refused, Exposed::Foreign { owner: NOBODY, .. }), "{refused}");
    }
    chown(data.path(), Some(NOBODY), None).unwrap();
    let refused = check_directory(data.path()).unwrap_err().to_string();
    assert!(refused.contains(&format!("chown -R 0 {}", data.path().display())), "{refused}");
}

#[test]
fn neither_links_nor_pipes_stand_for_files() {
    let data = tempfile::tempdir().unwrap();
    let (file, link) = (data.path().join("file"), data.path().join("link"));
    fs::write(&file, b"").unwrap();
    symlink(&file, &link).unwrap();
    assert!(matches!(open_file(&link), Err(Exposed::Irregular { .. })));
    assert!(matches!(make_private(&link), Err(Exposed::Irregular { .. })));
    let pipe = data.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert!(matches!(open_file(&pipe), Err(Exposed::Irregular { .. })));
    // A data directory may lie behind a link.
    let directory = data.path().join("directory");
    symlink(data.path(), &directory).unwrap();
    check_directory(&directory).unwrap();
}

#[test]
fn a_file_that_others_may_read_is_made_private() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("default.db");
    fs::write(&file, b"kept").unwrap();
    set_mode(&file, 0o644);
    make_private(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(&file).unwrap(), b"kept");
}
