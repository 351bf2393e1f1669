//! Writes `target/scenarios.json`: every scenario with nothing left to work out, for hosts in other languages.

use anyhow::{Result, ensure};
use host_tests::components::target;
use host_tests::local_host::{PUBLIC_URL, present};
use host_tests::scenario::{Setting, all, resolve};
use serde_json::{Value, json};

#[test]
fn scenarios_json_is_written_and_complete() -> Result<()> {
    let now = present();
    let endpoint_url = |id: &str, name: &str| format!("https://keys.example/{id}/{name}");
    let setting = Setting { public_url: PUBLIC_URL, now, endpoint_url: &endpoint_url };
    let written = all()?;
    let resolved = written.iter().map(|written| Ok(serde_json::to_value(resolve(written, &setting)?)?));
    let resolved = resolved.collect::<Result<Vec<Value>>>()?;
    for scenario in &resolved {
        only_runtime_placeholders(scenario)?;
    }
    let dump = json!({ "now": now, "public_url": PUBLIC_URL, "scenarios": resolved });
    let path = target().join("scenarios.json");
    std::fs::write(&path, serde_json::to_vec_pretty(&dump)?)?;
    println!("{}: {} scenarios", path.display(), written.len());
    Ok(())
}

/// What README.md says hosts have to fill.
const RUNTIME: [&str; 7] = [
    "any",
    "client_id:",
    "client_secret:",
    "previous_client_secret:",
    "basic:",
    "basic-escaped:",
    "access_token:",
];

fn only_runtime_placeholders(value: &Value) -> Result<()> {
    let text = value.to_string();
    for placeholder in text.split("${").skip(1) {
        let known = RUNTIME.iter().any(|name| placeholder.starts_with(name));
        ensure!(known, "${{{} is left", &placeholder[..placeholder.len().min(40)]);
    }
    Ok(())
}
