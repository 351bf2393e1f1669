//! The endpoint component that a command runs: one that is given, or that of this program.

use std::path::{Path, PathBuf};

use asserta::Program;

use super::failure::Failure;

/// Loads it. The compiled form is kept in the folder `compiled`.
pub(super) fn load(
    given: Option<&Path>,
    host_signatures: bool,
    compiled: Option<&Path>,
) -> Result<Program, Failure> {
    let (path, place) = match given {
        Some(path) => (path.to_owned(), format!("--component {}", path.display())),
        None => {
            let path = own(host_signatures)?;
            let place = path.display().to_string();
            (path, place)
        }
    };
    let bytes = std::fs::read(&path).map_err(|error| Failure::invalid(&place, error))?;
    Program::load(&bytes, compiled).map_err(|source| Failure::Program { place, source })
}

/// The endpoint component that belongs to this program.
fn own(host_signatures: bool) -> Result<PathBuf, Failure> {
    // Never from the current directory: the component gets the admin token and the signing keys, and whose directory
    // that is nobody knows.
    let program = std::env::current_exe().map_err(|error| Failure::file("this program", error))?;
    let (name, target) = match host_signatures {
        false => ("handler.wasm", "wasm-handler"),
        true => ("handler-host-signatures.wasm", "wasm-host-signatures"),
    };
    let found = component_folders(&program).into_iter().map(|folder| folder.join(name));
    let found = found.into_iter().find(|path| path.is_file());
    found.ok_or_else(|| {
        Failure::invalid(
            "--component",
            format_args!("no {name} is beside {}; `make {target}` builds it", program.display()),
        )
    })
}

/// Where a program has its component: beside it, or for one that cargo built (target/release) in target/components.
fn component_folders(program: &Path) -> Vec<PathBuf> {
    let Some(beside) = program.parent() else { return Vec::new() };
    let built = beside.file_name().is_some_and(|name| name == "release" || name == "debug");
    let components = beside.parent().filter(|_| built).map(|target| target.join("components"));
    [Some(beside.to_owned()), components].into_iter().flatten().collect()
}
