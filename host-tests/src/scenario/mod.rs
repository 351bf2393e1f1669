//! Scenarios: files of intent, and what becomes of them.
//!
//! [`source`] is a file as a person writes it, [`resolve`] mints its assertions and fills its placeholders,
//! [`resolved`] is the outcome: steps that any host can carry out without a key or a clock of its own.
//! `scenarios/README.md` describes both forms.

pub mod placeholder;
mod recipe;
mod resolve;
pub mod resolved;
mod signature;
pub mod source;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use toml::{Table, Value};

pub use resolve::{Setting, resolve};

/// A scenario with the file it stands in.
pub struct Scenario {
    /// The name of the file without its ending.
    pub topic: String,
    /// What it says.
    pub source: source::Scenario,
}

impl Scenario {
    /// `topic/name`: unique among all scenarios.
    pub fn id(&self) -> String {
        format!("{}/{}", self.topic, self.source.name)
    }
}

/// The folder of the scenario files.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// A file, whose scenarios have what it says of `every` one, where they say nothing else.
fn read(text: &str) -> Result<source::File> {
    let mut file: Table = toml::from_str(text)?;
    let Some(every) = file.remove("every") else { return Ok(toml::from_str(text)?) };
    for scenario in file.get_mut("scenario").and_then(Value::as_array_mut).into_iter().flatten() {
        put_under(scenario, &every);
    }
    Ok(file.try_into()?)
}

/// Puts the members of a table under those of another, and so on within both.
fn put_under(over: &mut Value, under: &Value) {
    let (Value::Table(over), Value::Table(under)) = (over, under) else { return };
    for (name, value) in under {
        match over.get_mut(name) {
            Some(over) => put_under(over, value),
            None => drop(over.insert(name.clone(), value.clone())),
        }
    }
}

/// Every scenario, in the order of files and in them.
///
/// # Errors
/// A file can't be read or is not in the form that README.md describes; names the place.
pub fn all() -> Result<Vec<Scenario>> {
    let entries = std::fs::read_dir(folder()).with_context(|| folder().display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut scenarios: Vec<Scenario> = Vec::new();
    for path in paths {
        let topic = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path)?;
        let file = read(&text).with_context(|| path.display().to_string())?;
        for source in file.scenario {
            let scenario = Scenario { topic: topic.clone(), source };
            ensure!(!scenario.source.rules.is_empty(), "{}: names no rule", scenario.id());
            ensure!(!scenarios.iter().any(|other| other.id() == scenario.id()), "{}: twice", scenario.id());
            scenarios.push(scenario);
        }
    }
    Ok(scenarios)
}
