//! Who else could change what a server keeps.
//!
//! Whoever may write to the data directory, or put another one in its place, is the server: its signing keys, its admin
//! token and the native code of its endpoint are in there. So the directory, and each file that something is read from,
//! must belong to the user of this process, and nobody else may write to it. Files are opened once, links are not
//! followed, and it is the opened file that is judged: a path can mean another file a moment later.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A file or directory that somebody else could change, and what mends that.
#[derive(Debug, thiserror::Error)]
pub enum Exposed {
    /// It belongs to somebody else.
    #[error(
        "{} belongs to user {owner}, and this process is user {own}: run it as that user or, if nobody else had a hand \
         in what is there: chown -R {own} {}", path.display(), quoted(path)
    )]
    Foreign {
        /// What belongs to somebody else.
        path: PathBuf,
        /// The user it belongs to.
        owner: u32,
        /// The user of this process.
        own: u32,
    },
    /// Others may write to it.
    #[error(
        "others may write to {}: if nobody else had a hand in what is there: chmod go-w {}",
        path.display(), quoted(path)
    )]
    Writable {
        /// What they may write to.
        path: PathBuf,
    },
    /// Others may put another directory in its place.
    #[error(
        "others may write to {}, and so put another directory in the place of {}: chmod go-w {}",
        parent.display(), path.display(), quoted(parent)
    )]
    Replaceable {
        /// The directory.
        path: PathBuf,
        /// The directory above it that others may write to.
        parent: PathBuf,
    },
    /// It is a link, or neither a file nor a directory.
    #[error("{} is not a plain file or directory, but a link or a device", path.display())]
    Irregular {
        /// What is no file.
        path: PathBuf,
    },
    /// It cannot be opened.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// What cannot be opened.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl Exposed {
    fn unreadable(path: &Path, source: io::Error) -> Self {
        // What the system says of a link that it was told not to follow.
        #[cfg(unix)]
        if source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
            return Self::Irregular { path: path.to_owned() };
        }
        Self::Unreadable { path: path.to_owned(), source }
    }

    /// Whether it does not exist.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte);
    if text.bytes().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Checks a data directory: it is ours, nobody else may write to it, and nobody can put another in its place.
///
/// Directories above it may belong to somebody else: root serves what lies in a user's home, as containers often do. That user
/// can move the directory away, but can't make another that is ours.
///
/// # Errors
/// Says what is wrong, with the command that mends it.
pub fn check_directory(path: &Path) -> Result<(), Exposed> {
    // What was asked for may be a link: it is the directory behind it that counts.
    let real = path.canonicalize().map_err(|source| Exposed::unreadable(path, source))?;
    Directory::open(&real)?;
    check_parents(&real)
}

/// Opens a file to read it; `None` where there is none.
///
/// # Errors
/// Somebody else could have written it.
pub fn open_file(path: &Path) -> Result<Option<File>, Exposed> {
    match open_with(path, OpenOptions::new().read(true)) {
        Ok(file) => Ok(Some(file)),
        Err(exposed) if exposed.is_missing() => Ok(None),
        Err(exposed) => Err(exposed),
    }
}

/// Makes a file that nobody else may read, or makes the one that is there such a file.
pub(crate) fn make_private(path: &Path) -> Result<(), Exposed> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = open_with(path, &mut options)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let unreadable = |source| Exposed::unreadable(path, source);
        if file.metadata().map_err(unreadable)?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(unreadable)?;
        }
    }
    Ok(())
}

fn open_with(path: &Path, options: &mut OpenOptions) -> Result<File, Exposed> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags().bits().cast_signed());
    let file = options.open(path).map_err(|source| Exposed::unreadable(path, source))?;
    check(&file, path, false)?;
    Ok(file)
}

/// No link is followed, and a pipe in a file's place does not make us wait for somebody who writes to it.
#[cfg(unix)]
fn flags() -> rustix::fs::OFlags {
    rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC
}

/// A directory that is ours and open: what is looked up in it is in it, whatever its path means by then.
pub(crate) struct Directory {
    #[cfg(unix)]
    handle: File,
    path: PathBuf,
}

impl Directory {
    pub(crate) fn open(path: &Path) -> Result<Self, Exposed> {
        #[cfg(unix)]
        {
            let handle = rustix::fs::open(path, flags(), rustix::fs::Mode::empty());
            let handle = File::from(handle.map_err(|error| Exposed::unreadable(path, error.into()))?);
            check(&handle, path, true)?;
            Ok(Self { handle, path: path.to_owned() })
        }
        #[cfg(not(unix))]
        Ok(Self { path: path.to_owned() })
    }

    /// Opens one of its files to read it.
    pub(crate) fn open_file(&self, name: &str) -> Result<File, Exposed> {
        let path = self.path.join(name);
        #[cfg(unix)]
        {
            let file = rustix::fs::openat(&self.handle, name, flags(), rustix::fs::Mode::empty());
            let file = File::from(file.map_err(|error| Exposed::unreadable(&path, error.into()))?);
            check(&file, &path, false)?;
            Ok(file)
        }
        #[cfg(not(unix))]
        open_with(&path, OpenOptions::new().read(true))
    }
}

#[cfg(unix)]
fn check(file: &File, path: &Path, directory: bool) -> Result<(), Exposed> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata = file.metadata().map_err(|source| Exposed::unreadable(path, source))?;
    if metadata.is_dir() != directory || !(metadata.is_dir() || metadata.is_file()) {
        return Err(Exposed::Irregular { path: path.to_owned() });
    }
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != own {
        return Err(Exposed::Foreign { path: path.to_owned(), owner: metadata.uid(), own });
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(Exposed::Writable { path: path.to_owned() });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_: &File, _: &Path, _: bool) -> Result<(), Exposed> {
    Ok(())
}

/// Where others may write to a directory above, they may rename what is in it, unless it has the sticky bit, as `/tmp` has.
/// The group of this process is no other: many systems give each user a group, and directories that it may write to.
#[cfg(unix)]
fn check_parents(path: &Path) -> Result<(), Exposed> {
    use std::os::unix::fs::MetadataExt as _;

    let own_group = rustix::process::getegid().as_raw();
    for parent in path.ancestors().skip(1) {
        let metadata = std::fs::metadata(parent).map_err(|source| Exposed::unreadable(parent, source))?;
        let mode = metadata.mode();
        let (sticky, by_group, by_all) = (mode & 0o1000 != 0, mode & 0o020 != 0, mode & 0o002 != 0);
        if !sticky && (by_all || by_group && metadata.gid() != own_group) {
            return Err(Exposed::Replaceable { path: path.to_owned(), parent: parent.to_owned() });
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_parents(_: &Path) -> Result<(), Exposed> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests;
