//! The table of `docs/clients.md` says what runs, and with which versions.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::clients::{CLIENTS, Capability, Client};

#[test]
fn the_table_says_what_runs() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).with_context(|| path.to_owned());
    let package = serde_json::from_str(&read("clients/node/package.json")?)?;
    let requirements = read("clients/python/requirements.txt")?;
    let table = table(&package, &requirements)?;
    let page = read("../docs/clients.md")?;
    ensure!(page.contains(&table), "docs/clients.md has another table than this:\n\n{table}");
    Ok(())
}

fn table(package: &Value, requirements: &str) -> Result<String> {
    let mut table = "| |".to_owned();
    for client in &CLIENTS {
        table += &format!(" {} {} |", client.name, version(client, package, requirements)?);
    }
    table += &format!("\n| --- |{}\n", " --- |".repeat(CLIENTS.len()));
    for capability in Capability::ALL {
        let cells: String =
            CLIENTS.iter().map(|client| if client.can(capability) { " yes |" } else { " no |" }).collect();
        table += &format!("| {} |{cells}\n", capability.title());
    }
    Ok(table)
}

/// The version that is installed.
fn version<'a>(client: &Client, package: &'a Value, requirements: &'a str) -> Result<&'a str> {
    let of_node = package["dependencies"][client.name].as_str();
    let of_python =
        || requirements.lines().find_map(|line| line.strip_prefix(client.name)?.strip_prefix("=="));
    of_node.or_else(of_python).with_context(|| format!("{} is pinned nowhere", client.name))
}
