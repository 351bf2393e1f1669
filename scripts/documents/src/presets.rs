//! `docs/presets.md`: what the presets know, between `<!-- presets -->` and `<!-- end -->`.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use asserta_core::trust::preset::{self, Need, Preset};
use serde_json::Value;

const BEGIN: &str = "<!-- presets -->\n";
const END: &str = "<!-- end -->";

/// The page with its tables written anew.
pub(crate) fn with_tables(page: &str) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).context("the presets have no begin")?;
    let (_, after) = rest.split_once(END).context("the presets have no end")?;
    let mut text = format!("{before}{BEGIN}");
    text += "| preset | `iss` | lifetime at most | the same token again | needs |\n| --- | --- | --- | --- | --- |\n";
    for preset in preset::all() {
        text += &row(preset)?;
    }
    for preset in preset::all() {
        text += &section(preset);
    }
    Ok(text + END + after)
}

fn row(preset: &Preset) -> Result<String> {
    let Value::String(replay) = serde_json::to_value(preset.replay)? else {
        anyhow::bail!("replay is no text")
    };
    let flags = |need: Need, separator: &str| {
        let such = preset.parameters.iter().filter(|parameter| parameter.need == need);
        such.map(|parameter| format!("`{}`", flag(parameter.name))).collect::<Vec<_>>().join(separator)
    };
    let needs = [flags(Need::Required, ", "), flags(Need::OneOf, " or ")];
    let needs: Vec<_> = needs.into_iter().filter(|needs| !needs.is_empty()).collect();
    Ok(format!(
        "| [`{name}`](#{name}) | `{}` | {} s | `{replay}` | {} |\n",
        preset.issuer,
        preset.max_lifetime,
        needs.join(", and "),
        name = preset.name,
    ))
}

fn section(preset: &Preset) -> String {
    let mut text = format!("\n### {}\n\n", preset.name);
    let tenant: Vec<_> = preset.tenant.iter().map(|claim| format!("`{claim}`")).collect();
    let _ = writeln!(text, "[{}]({}).", preset.title, preset.documentation);
    let _ = writeln!(text, "Audience: {}", preset.audience);
    let _ = writeln!(text, "Replay: {}", preset.replay_habit);
    let _ = writeln!(text, "Whose token it is: {}.", tenant.join(", "));
    if let Some(note) = preset.note {
        let _ = writeln!(text, "{note}");
    }
    text += "\n| flag | needed | condition on | meaning |\n| --- | --- | --- | --- |\n";
    for parameter in preset.parameters {
        let need = match parameter.need {
            Need::Required => "yes",
            Need::OneOf => "one of these",
            Need::Optional => "no",
        };
        let claim = parameter.claim.map_or_else(String::new, |claim| format!("`{claim}`"));
        let example = match parameter.default {
            Some(default) => format!("By default `{default}`."),
            None => format!("Such as `{}`.", parameter.example),
        };
        let _ = writeln!(
            text,
            "| `{}` | {need} | {claim} | {} {example} |",
            flag(parameter.name),
            parameter.description
        );
    }
    text
}

fn flag(parameter: &str) -> String {
    format!("--{}", parameter.replace('_', "-"))
}
