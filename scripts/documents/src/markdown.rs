//! The tables of the documentation, between `<!-- members of X -->` and `<!-- end -->`.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::model::{Form, Model, is_empty};

const BEGIN: &str = "<!-- members of ";
const END: &str = "<!-- end -->";

/// The page with its tables written anew.
pub(crate) fn with_tables(page: &str, model: &Model) -> Result<String> {
    let mut text = String::new();
    let mut left = page;
    while let Some((before, after)) = left.split_once(BEGIN) {
        let (name, after) = after.split_once(" -->").context("a table's mark has no end")?;
        let (_, after) = after.split_once(END).context("a table has no end")?;
        let _ = write!(text, "{before}{BEGIN}{name} -->\n{}{END}", table(name, model)?);
        left = after;
    }
    Ok(text + left)
}

fn table(name: &str, model: &Model) -> Result<String> {
    let found = model.get(name).with_context(|| format!("no type is called {name}"))?;
    let Form::Object { members, .. } = &found.form else { anyhow::bail!("{name} has no members") };
    let mut text = "| member | default | meaning |\n| --- | --- | --- |\n".to_owned();
    for member in members {
        let default = match &member.default {
            _ if member.required => "needed".to_owned(),
            Some(default) if !is_empty(default) => match default {
                Value::String(name) => format!("`{name}`"),
                other => format!("`{other}`"),
            },
            _ => "none".to_owned(),
        };
        let meaning = member.description.replace('|', "\\|");
        let _ = writeln!(text, "| `{}` | {default} | {meaning} |", member.name);
    }
    Ok(text)
}
