//! The built components, where `make wasm` puts them.

use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use asserta::Program;

/// The folder `target` of the workspace.
pub fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}

/// The file of a component.
pub fn path(component: &str) -> PathBuf {
    target().join("components").join(component)
}

/// The bytes of a component.
///
/// # Errors
/// It was not built; says how to.
pub fn bytes(component: &str) -> Result<Vec<u8>> {
    let path = path(component);
    std::fs::read(&path)
        .with_context(|| format!("{} is missing: run `make wasm wasm-tests` first", path.display()))
}

/// A component, compiled once for each process and kept in `target/` for the next.
///
/// # Errors
/// It was not built, or does not fit the host.
pub fn program(component: &str) -> Result<Program> {
    static PROGRAMS: LazyLock<Mutex<Vec<(String, Program)>>> = LazyLock::new(Mutex::default);
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, program)) = programs.iter().find(|(known, _)| known == component) {
        return Ok(program.clone());
    }
    let compiled = target().join("host-tests-compiled");
    let program = Program::load(&bytes(component)?, Some(&compiled))?;
    programs.push((component.to_owned(), program.clone()));
    Ok(program)
}
