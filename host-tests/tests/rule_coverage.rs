//! Every rule of the rule book is proven by a scenario, or by a test here that names it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use host_tests::scenario;

/// Rules about what no scenario can say: neighbours that fail, processes that die.
const BY_TESTS: std::ops::RangeInclusive<u32> = 70..=73;

#[test]
fn every_rule_has_a_scenario() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut proofs: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for scenario in scenario::all()? {
        for rule in &scenario.source.rules {
            let number = rule.trim_start_matches('R').parse()?;
            proofs.entry(number).or_default().insert(scenario.id());
        }
    }
    let mut in_code: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(root.join("tests"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name != "rule_coverage.rs" && name.ends_with(".rs") {
            for rule in rules_in(&std::fs::read_to_string(&path)?) {
                in_code.entry(rule).or_default().insert(name.clone());
            }
        }
    }

    let mut out = std::io::stdout().lock();
    for (rule, scenarios) in &proofs {
        writeln!(out, "R{rule:<3} {:3} scenarios", scenarios.len())?;
    }
    let Ok(book) = std::fs::read_to_string(root.join("../../shared/RULES.md")) else {
        writeln!(out, "the rule book is not here: the rules of the scenarios are not compared with it")?;
        return Ok(());
    };
    let book: BTreeSet<u32> =
        book.lines().filter_map(|line| line.strip_prefix("- R")).flat_map(first_number).collect();
    ensure!(book.len() > 40, "the rule book has another form");
    let proven =
        |rule: &u32| proofs.contains_key(rule) || BY_TESTS.contains(rule) && in_code.contains_key(rule);
    let missing: Vec<&u32> = book.iter().filter(|rule| !proven(rule)).collect();
    ensure!(missing.is_empty(), "rules without a scenario: {missing:?}");
    let unknown: Vec<&u32> = proofs.keys().filter(|rule| !book.contains(rule)).collect();
    ensure!(unknown.is_empty(), "scenarios name rules that the book does not have: {unknown:?}");
    Ok(())
}

fn first_number(text: &str) -> Option<u32> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The rules that a file names: `R45`.
fn rules_in(text: &str) -> Vec<u32> {
    text.split('R').skip(1).filter_map(first_number).filter(|number| (1..100).contains(number)).collect()
}
