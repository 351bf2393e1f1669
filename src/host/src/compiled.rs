//! Keeps the compiled form of the component beside the data.
//!
//! Compiling takes seconds, loading what was compiled takes milliseconds. The form is native code, so
//! that loading a file that somebody else wrote would be running their program. What stands against it:
//! - directory, file and digest belong to the user of this process, and nobody else may write to them (they are made
//!   with mode 0700 and 0600); others are not looked at, and it is the opened file that is judged (`ownership`);
//! - its name is a digest of the component, of wasmtime's version and of everything in the engine's
//!   configuration that shapes the code, so that an upgrade finds nothing and compiles;
//! - a digest of its content is kept beside it, and checked on the bytes that are then loaded. This is
//!   against damage, not against somebody who can write here: they could write the digest too, and read
//!   the signing keys besides.

use std::fs;
use std::hash::{Hash as _, Hasher};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use base16ct::lower as hex;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::ownership::Directory;

/// Where a compiled form came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompiledForm {
    /// It was in the directory.
    Found,
    /// It was compiled just now.
    Made,
}

/// The compiled form of `component`, from `directory` where it is there and whole. A directory that
/// cannot be used costs time, never the start.
pub(crate) fn load(
    engine: &Engine,
    component: &[u8],
    directory: &Path,
) -> wasmtime::Result<(Component, CompiledForm)> {
    let name = name(engine, component);
    if let Some(code) = read(directory, &name) {
        match deserialize(engine, &code) {
            Ok(component) => return Ok((component, CompiledForm::Found)),
            Err(error) => tracing::warn!(error = %format!("{error:#}"), "a compiled form cannot be loaded"),
        }
    }
    tracing::info!("compiling the endpoint; the next start finds it compiled");
    let code = engine.precompile_component(component)?;
    if let Err(error) = write(directory, &directory.join(&name), &code) {
        tracing::warn!(%error, "the compiled form cannot be kept");
    }
    Ok((deserialize(engine, &code)?, CompiledForm::Made))
}

#[allow(unsafe_code, reason = "native code cannot be checked; who may have written it is checked instead")]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `code` was made by `precompile_component`, in this process or in one of the same user: it was read from
    // a file and a directory that belong to this user and that nobody else may write to, as the opened handles said
    // (`read`). It is unchanged since (its digest).
    unsafe { Component::deserialize(engine, code) }
}

fn name(engine: &Engine, component: &[u8]) -> String {
    let mut name = Sha256::new();
    name.update(component);
    engine.precompile_compatibility_hash().hash(&mut Feed(&mut name));
    format!("{}.cwasm", hex::encode_string(&name.finalize()))
}

/// The name of the file beside it that has its digest.
fn digest_name(name: &str) -> String {
    format!("{}.sha256", name.trim_end_matches(".cwasm"))
}

/// The content of a file that nobody else can have written, where it has the digest kept beside it.
fn read(directory: &Path, name: &str) -> Option<Vec<u8>> {
    let found = Directory::open(directory).and_then(|directory| {
        let digest = directory.open_file(&digest_name(name))?;
        Ok((directory.open_file(name)?, digest))
    });
    let (mut file, mut digest_file) = match found {
        Ok(found) => found,
        Err(exposed) if exposed.is_missing() => return None,
        Err(exposed) => {
            tracing::warn!(%exposed, "a compiled form is not used");
            return None;
        }
    };
    let (mut code, mut digest) = (Vec::new(), String::new());
    file.read_to_end(&mut code).ok()?;
    digest_file.read_to_string(&mut digest).ok()?;
    if digest.trim() == hex::encode_string(&Sha256::digest(&code)) {
        Some(code)
    } else {
        tracing::warn!("a compiled form was changed or cut off; it is compiled again");
        None
    }
}

fn write(directory: &Path, file: &Path, code: &[u8]) -> io::Result<()> {
    create_private_directory(directory)?;
    Directory::open(directory).map_err(io::Error::other)?;
    // Forms of earlier components and versions are of no more use.
    for entry in fs::read_dir(directory)?.flatten() {
        let extension = entry.path().extension().map(|extension| extension.to_owned());
        if extension.is_some_and(|extension| extension == "cwasm" || extension == "sha256") {
            _ = fs::remove_file(entry.path());
        }
    }
    write_private(&file.with_extension("sha256"), hex::encode_string(&Sha256::digest(code)).as_bytes())?;
    write_private(file, code)
}

fn create_private_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Writes beside and renames, so that no reader ever sees half of it.
fn write_private(file: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = file.with_extension(format!("{}.part", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&unfinished)?.write_all(content)?;
    fs::rename(&unfinished, file)
}

/// Lets what implements `Hash` flow into a digest that stays the same from run to run.
struct Feed<'a>(&'a mut Sha256);

impl Hasher for Feed<'_> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("only the digest is asked for")
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use wasmtime::Config;

    use super::*;

    /// The smallest component there is: magic, version 0x0d, layer 1.
    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    fn engine() -> Engine {
        Engine::new(&Config::new()).unwrap()
    }

    fn compiled_file(directory: &Path) -> PathBuf {
        let mut files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        files.find(|path| path.extension().is_some_and(|extension| extension == "cwasm")).unwrap()
    }

    #[test]
    fn the_second_start_finds_what_the_first_compiled() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join("compiled");
        assert_eq!(load(&engine(), COMPONENT, &directory).unwrap().1, CompiledForm::Made);
        assert_eq!(load(&engine(), COMPONENT, &directory).unwrap().1, CompiledForm::Found);
    }

    #[test]
    fn a_changed_file_is_compiled_again() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join("compiled");
        load(&engine(), COMPONENT, &directory).unwrap();
        let file = compiled_file(&directory);
        let mut code = fs::read(&file).unwrap();
        let middle = code.len() / 2;
        code[middle] ^= 1;
        fs::write(&file, &code).unwrap();
        assert_eq!(load(&engine(), COMPONENT, &directory).unwrap().1, CompiledForm::Made);
        fs::write(compiled_file(&directory), b"").unwrap();
        assert_eq!(load(&engine(), COMPONENT, &directory).unwrap().1, CompiledForm::Made);
        assert_eq!(load(&engine(), COMPONENT, &directory).unwrap().1, CompiledForm::Found);
    }

    #[test]
    fn another_configuration_or_component_is_compiled_again() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join("compiled");
        load(&engine(), COMPONENT, &directory).unwrap();
        let mut config = Config::new();
        config.epoch_interruption(true);
        let other = Engine::new(&config).unwrap();
        assert_eq!(load(&other, COMPONENT, &directory).unwrap().1, CompiledForm::Made);
        // An empty custom section named "x" makes other bytes of it.
        let longer = [COMPONENT, b"\0\x02\x01x"].concat();
        assert_eq!(load(&other, &longer, &directory).unwrap().1, CompiledForm::Made);
        let kept = fs::read_dir(&directory).unwrap().count();
        assert_eq!(kept, 2, "one compiled form and its digest");
    }

    #[cfg(unix)]
    #[test]
    fn files_are_private_and_what_others_may_write_is_not_loaded() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join("compiled");
        load(&engine(), COMPONENT, &directory).unwrap();
        let file = compiled_file(&directory);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&directory), mode(&file), mode(&file.with_extension("sha256"))),
            (0o700, 0o600, 0o600)
        );
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(load(&engine(), COMPONENT, &directory).unwrap().1, CompiledForm::Made);
        assert_eq!(mode(&file), 0o600);
    }

    /// Code of another user is not run, whatever the modes: neither its file nor its digest nor its folder.
    #[cfg(unix)]
    #[test]
    fn what_belongs_to_another_user_is_not_loaded() {
        use std::os::unix::fs::chown;

        let root = rustix::process::geteuid().is_root();
        assert!(root || std::env::var_os("CI").is_none(), "CI runs this as root");
        if !root {
            eprintln!("not tested: compiled forms of another user (needs root)");
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().join("compiled");
        let load = || load(&engine(), COMPONENT, &directory).unwrap().1;
        load();
        let file = compiled_file(&directory);
        for given_away in [&file, &file.with_extension("sha256")] {
            chown(given_away, Some(65534), None).unwrap();
            assert_eq!(load(), CompiledForm::Made, "{}", given_away.display());
            assert_eq!(load(), CompiledForm::Found);
        }
        let (elsewhere, link) = (directory.with_extension("elsewhere"), compiled_file(&directory));
        fs::rename(&link, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
        assert_eq!(load(), CompiledForm::Made, "a link");
        chown(&directory, Some(65534), None).unwrap();
        assert_eq!((load(), load()), (CompiledForm::Made, CompiledForm::Made));
    }

    #[test]
    fn a_directory_that_cannot_be_made_costs_only_time() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, b"").unwrap();
        assert_eq!(load(&engine(), COMPONENT, &file.join("compiled")).unwrap().1, CompiledForm::Made);
    }
}
