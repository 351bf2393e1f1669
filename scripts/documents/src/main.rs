//! Writes the files that follow from the documents of core (`make documents`).

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::model::Model;

mod markdown;
mod model;
mod openapi;
mod presets;
mod python;
mod rust;
mod typescript;

fn main() -> Result<()> {
    for (path, text) in files()? {
        if read(path).ok().as_ref() != Some(&text) {
            std::fs::write(root().join(path), text).with_context(|| path.to_owned())?;
            println!("{path}");
        }
    }
    Ok(())
}

/// The files and what stands in them.
fn files() -> Result<[(&'static str, String); 7]> {
    let schema = asserta_core::schema::of_registrations();
    let model = Model::of(&schema)?;
    let (trust, presets) = ("docs/trust.md", "docs/presets.md");
    Ok([
        ("src/core/schema.json", in_lines(&schema)?),
        ("src/http/openapi.json", in_lines(&openapi::document(&schema)?)?),
        ("embed/python/src/asserta/_documents.py", python::module(&model)),
        ("embed/javascript/src/documents.ts", typescript::module(&model)),
        ("embed/rust/src/documents/registrations.rs", rust::module(&model)),
        (trust, markdown::with_tables(&read(trust)?, &model)?),
        (presets, presets::with_tables(&read(presets)?)?),
    ])
}

/// With tabs: it is served as it is, out of a component that shall be small.
fn in_lines(schema: &Value) -> Result<String> {
    let mut text = Vec::new();
    schema.serialize(&mut Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"\t")))?;
    text.push(b'\n');
    Ok(String::from_utf8(text)?)
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(root().join(path)).with_context(|| path.to_owned())
}

/// A sentence in lines of at most `width` characters.
fn wrap(sentence: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[test]
fn the_files_are_current() -> Result<()> {
    for (path, text) in files()? {
        assert_eq!(read(path)?, text, "{path} is out of date: make documents");
    }
    Ok(())
}
