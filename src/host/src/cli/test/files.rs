//! Files and folders of cases, read within limits.

use std::path::{Path, PathBuf};

use super::cases::{Case, read_file};
use crate::cli::failure::Failure;

/// The most files of cases.
const MOST_FILES: usize = 1000;
/// The most entries of a folder, whatever they are.
const MOST_ENTRIES: usize = 10_000;
/// The most cases in all files together.
const MOST_CASES: usize = 10_000;
/// How deep folders may lie in each other.
const MOST_DEPTH: usize = 8;

/// The cases of all files and folders, in the order of their names.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Case>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let before = files.len();
        collect(path, 0, &mut files)?;
        if files.len() == before {
            return Err(Failure::invalid(
                path.display().to_string(),
                "holds no file of cases (.toml or .json)",
            ));
        }
    }
    let mut cases = Vec::new();
    for file in files {
        read_file(&file, &mut cases)?;
        if cases.len() > MOST_CASES {
            let problem = format!("makes more than {MOST_CASES} cases");
            return Err(Failure::invalid(file.display().to_string(), problem));
        }
    }
    Ok(cases)
}

/// The files of cases in a folder and the folders in it; or a file itself, whatever its name is.
fn collect(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let name = path.display().to_string();
    let failed = |error: std::io::Error| Failure::invalid(name.clone(), error);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_dir() {
        files.push(path.to_owned());
    } else if depth > MOST_DEPTH {
        return Err(Failure::invalid(name, format_args!("lies more than {MOST_DEPTH} folders deep")));
    } else {
        let entries = std::fs::read_dir(path).map_err(failed)?;
        let entries = entries.map(|entry| entry.map(|entry| entry.path())).take(MOST_ENTRIES + 1);
        let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        if entries.len() > MOST_ENTRIES {
            return Err(Failure::invalid(name, format_args!("has more than {MOST_ENTRIES} entries")));
        }
        entries.sort();
        for entry in entries {
            if entry.is_dir() || holds_cases(&entry)? {
                collect(&entry, depth + 1, files)?;
            }
        }
    }
    if files.len() > MOST_FILES {
        return Err(Failure::invalid(name, format_args!("makes more than {MOST_FILES} files of cases")));
    }
    Ok(())
}

/// Whether a file of a folder is one of cases. What somebody may take for one must not be passed over in silence.
fn holds_cases(path: &Path) -> Result<bool, Failure> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "toml" | "json" => Ok(true),
        "yaml" | "yml" => {
            Err(Failure::invalid(path.display().to_string(), "cases are TOML or JSON; this is named as YAML"))
        }
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_whole() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
        let paths = [directory.path().to_owned()];
        assert!(read(&paths).unwrap_err().to_string().ends_with("holds no file of cases (.toml or .json)"));
        std::fs::create_dir(directory.path().join("in")).unwrap();
        write("b.toml", "[[cases]]\nname = 'b'\nclaims.sub = 's'\ngranted = true\n");
        write("a.json", r#"{"cases":[{"name":"a","claims":{"sub":"s"},"granted":true}]}"#);
        write("in/c.TOML", "[[cases]]\nname = 'c'\nclaims.sub = 's'\ngranted = true\n");
        write("README.md", "cases");
        let names: Vec<_> = read(&paths).unwrap().into_iter().map(|case| case.name).collect();
        assert_eq!(names, ["a", "b", "c"]);
        write("in/d.yml", "cases:");
        assert!(read(&paths).unwrap_err().to_string().contains("d.yml: cases are TOML or JSON"));
    }
}
