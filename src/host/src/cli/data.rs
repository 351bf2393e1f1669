//! The data directory: what this command line keeps in it beside the databases.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use asserta::ownership;

use super::failure::Failure;

const ADMIN_TOKEN: &str = "admin-token";

/// The data directory of a server.
#[derive(Clone, Debug)]
pub(crate) struct DataDirectory(PathBuf);

impl DataDirectory {
    /// Makes the directory where it is missing, for its owner alone. One that somebody else could change is refused.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(path)
            .map_err(|error| Failure::invalid(format!("--data {}", path.display()), error))?;
        ownership::check_directory(path)?;
        Ok(Self(path.to_owned()))
    }

    /// A directory that may be there or not.
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The admin token that a server in development keeps here.
    pub(crate) fn admin_token(&self) -> Result<Option<String>, Failure> {
        Ok(self.read(ADMIN_TOKEN)?.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()))
    }

    /// That token, made where it is missing.
    pub(crate) fn make_admin_token(&self) -> Result<String, Failure> {
        if let Some(token) = self.admin_token()? {
            return Ok(token);
        }
        let token = random_text()?;
        self.write(ADMIN_TOKEN, &format!("{token}\n"))?;
        Ok(token)
    }

    /// Where a file of this name is.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The text of a file that nobody else can have written, or `None` where it does not exist.
    pub(crate) fn read(&self, name: &str) -> Result<Option<String>, Failure> {
        let path = self.file(name);
        let Some(mut file) = ownership::open_file(&path)? else { return Ok(None) };
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| Failure::file(path, error))?;
        Ok(Some(text))
    }

    /// Writes a file that nobody but the owner can read, whole or not at all.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let (path, part) = (self.file(name), self.file(&format!("{name}.part")));
        let written = write_private(&part, text, false).and_then(|()| fs::rename(&part, &path));
        written.map_err(|error| Failure::file(path, error))
    }
}

/// Writes a file with mode 0600. With `fresh`, it must not exist yet.
pub(crate) fn write_private(path: &Path, text: &str, fresh: bool) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(fresh);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// 256 random bits, in hexadecimal.
pub(crate) fn random_text() -> Result<String, Failure> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failure::invalid("randomness", error))?;
    Ok(base16ct::lower::encode_string(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_admin_token_is_made_once_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDirectory::create(&directory.path().join("data")).unwrap();
        assert_eq!(data.admin_token().unwrap(), None);
        let token = data.make_admin_token().unwrap();
        assert_eq!(token.len(), 64);
        assert_eq!(data.make_admin_token().unwrap(), token);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(data.path()), mode(&data.file(ADMIN_TOKEN))), (0o700, 0o600));
        }
    }

    #[test]
    fn a_fresh_file_replaces_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        write_private(&path, "first", true).unwrap();
        assert!(write_private(&path, "second", true).is_err());
        assert_eq!(fs::read_to_string(path).unwrap(), "first");
    }
}
