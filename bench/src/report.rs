//! What was measured, for people and for programs.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cores;
use crate::exchange::{AXUM, BY_HOST, Cost, Costs, NODE, PORTABLE};
use crate::keys::Algorithm;
use crate::signatures::{Signatures, Timing};

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Nobody has said.
    None,
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

impl Target {
    fn is_met(self, value: f64) -> Option<bool> {
        match self {
            Self::None => None,
            Self::AtMost(limit) => Some(value <= limit),
            Self::AtLeast(limit) => Some(value >= limit),
        }
    }

    /// Such as `<= 16 missed`; empty where there is none.
    fn verdict(self, value: f64) -> String {
        let (sign, limit) = match self {
            Self::None => return String::new(),
            Self::AtMost(limit) => ("<=", limit),
            Self::AtLeast(limit) => (">=", limit),
        };
        let verdict = if self.is_met(value) == Some(true) { "met" } else { "missed" };
        format!("{sign} {limit} {verdict}")
    }

    fn to_json(self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::AtMost(limit) => json!({ "at_most": limit }),
            Self::AtLeast(limit) => json!({ "at_least": limit }),
        }
    }
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    target: Target,
}

impl Figure {
    /// A figure with its unit and what it should be.
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str, target: Target) -> Self {
        Self { name: name.into(), value, unit, target }
    }
}

/// The row of an algorithm.
pub struct Row {
    /// Which one.
    pub algorithm: Algorithm,
    /// Its signatures, alone.
    pub signatures: Signatures,
}

/// Everything that was measured.
pub struct Report {
    /// How it was measured, such as the number of runs.
    pub settings: Value,
    /// The load of the machine when the bench began.
    pub load_before: Option<f64>,
    /// A row an algorithm.
    pub rows: Vec<Row>,
    /// Whole exchanges.
    pub costs: Costs,
    /// The servers in the order of their columns.
    pub servers: Vec<&'static str>,
    /// The figures beside the table.
    pub figures: Vec<Figure>,
    /// What could not be measured, and why: a sentence each.
    pub remarks: Vec<String>,
}

/// What is asked of the signatures, as ratios to native code.
fn verify_target(algorithm: Algorithm) -> Target {
    match algorithm {
        Algorithm::Rs256 => Target::AtMost(16.0),
        Algorithm::Es256 => Target::AtMost(6.0),
        Algorithm::EdDsa => Target::AtMost(2.6),
        _ => Target::None,
    }
}

/// How two servers are held against each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Measure {
    /// Processor time of a token, ours to theirs: small is good.
    Cpu,
    /// Tokens per second, ours to theirs: large is good.
    Rate,
}

/// A server of ours beside another one.
struct Comparison {
    ours: &'static str,
    rival: &'static str,
    measure: Measure,
}

const COMPARISONS: [Comparison; 4] = [
    Comparison { ours: PORTABLE, rival: AXUM, measure: Measure::Cpu },
    Comparison { ours: BY_HOST, rival: AXUM, measure: Measure::Cpu },
    Comparison { ours: PORTABLE, rival: NODE, measure: Measure::Rate },
    Comparison { ours: BY_HOST, rival: NODE, measure: Measure::Rate },
];

impl Comparison {
    /// Such as `portable / axum, CPU`.
    fn name(&self) -> String {
        let measure = match self.measure {
            Measure::Cpu => "CPU",
            Measure::Rate => "tokens/s",
        };
        format!("{} / {}, {measure}", self.ours, self.rival)
    }

    fn ratio(&self, ours: Cost, theirs: Cost) -> f64 {
        match self.measure {
            Measure::Cpu => ours.cpu / theirs.cpu,
            Measure::Rate => ours.rate / theirs.rate,
        }
    }

    /// What is asked of whole exchanges.
    fn target(&self, algorithm: Algorithm) -> Target {
        match (self.ours, self.measure, algorithm) {
            (PORTABLE, Measure::Cpu, Algorithm::Rs256) => Target::AtMost(4.5),
            (BY_HOST, Measure::Cpu, Algorithm::Rs256) => Target::AtMost(1.3),
            (PORTABLE, Measure::Rate, Algorithm::EdDsa) => Target::AtLeast(1.0),
            (BY_HOST, Measure::Rate, Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa) => {
                Target::AtLeast(2.0)
            }
            _ => Target::None,
        }
    }
}

impl Report {
    /// The table and the figures, for people.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write_signatures(&mut text);
        self.write_exchanges(&mut text);
        self.write_figures(&mut text);
        for remark in &self.remarks {
            line(&mut text, format_args!("{remark}"));
        }
        if let Some(load) = self.load_before.filter(|load| *load > 0.5) {
            line(
                &mut text,
                format_args!("Other programs were running (load {load:.1}): take ratios, not figures."),
            );
        }
        text
    }

    fn write_signatures(&self, text: &mut String) {
        line(
            text,
            format_args!(
                "Signatures, microseconds: in Wasm (asserta-core as in the endpoint), native (aws-lc)"
            ),
        );
        line(
            text,
            format_args!(
                "{:9}{:>10}{:>9}{:>8}  {:16}{:>10}{:>9}{:>8}",
                "", "verify", "native", "ratio", "target", "sign", "native", "ratio"
            ),
        );
        for Row { algorithm, signatures: Signatures { verify, sign } } in &self.rows {
            let target = verify_target(*algorithm).verdict(verify.ratio());
            let sign = sign.map_or_else(String::new, timing);
            line(text, format_args!("{:9}{}  {target:16}{sign}", algorithm.name(), timing(*verify)));
        }
        line(text, format_args!(""));
    }

    fn write_exchanges(&self, text: &mut String) {
        if self.costs.is_empty() {
            return;
        }
        line(
            text,
            format_args!("A whole exchange over HTTP, ES256 out, replay in SQLite, one core, 16 connections"),
        );
        let mut head = format!("{:9}", "");
        for server in &self.servers {
            _ = write!(head, "{:>14}{:>10}", format!("{server}/s"), "CPU ms");
        }
        line(text, format_args!("{head}"));
        for Row { algorithm, .. } in &self.rows {
            let mut row = format!("{:9}", algorithm.name());
            for server in &self.servers {
                match self.cost(*algorithm, server) {
                    None => _ = write!(row, "{:>14}{:>10}", "-", "-"),
                    Some(cost) => _ = write!(row, "{:>14.0}{:>10.3}", cost.rate, cost.cpu),
                }
            }
            line(text, format_args!("{row}"));
        }
        line(text, format_args!(""));
        let mut head = format!("{:9}", "");
        for comparison in &COMPARISONS {
            _ = write!(head, "{:>26}", comparison.name());
        }
        line(text, format_args!("{head}"));
        for Row { algorithm, .. } in &self.rows {
            let mut row = format!("{:9}", algorithm.name());
            for (comparison, ratio) in self.comparisons(*algorithm) {
                let cell = ratio.map_or_else(
                    || "-".to_owned(),
                    |ratio| format!("{} {}", rounded(ratio), comparison.target(*algorithm).verdict(ratio)),
                );
                _ = write!(row, "{:>26}", cell.trim_end());
            }
            line(text, format_args!("{row}"));
        }
        line(text, format_args!(""));
    }

    fn comparisons(&self, algorithm: Algorithm) -> impl Iterator<Item = (&'static Comparison, Option<f64>)> {
        COMPARISONS.iter().map(move |comparison| {
            let ours = self.cost(algorithm, comparison.ours);
            let theirs = self.cost(algorithm, comparison.rival);
            (comparison, ours.zip(theirs).map(|(ours, theirs)| comparison.ratio(ours, theirs)))
        })
    }

    fn write_figures(&self, text: &mut String) {
        for Figure { name, value, unit, target } in &self.figures {
            let value_and_unit = format!("{} {unit}", rounded(*value));
            line(text, format_args!("{name:58}{value_and_unit:>14}  {}", target.verdict(*value)));
        }
        if !self.figures.is_empty() {
            line(text, format_args!(""));
        }
    }

    fn cost(&self, algorithm: Algorithm, server: &str) -> Option<Cost> {
        let mut all = self.costs.iter();
        all.find(|((name, on), _)| *name == algorithm.name() && *on == server).map(|(_, cost)| *cost)
    }

    /// The same for programs.
    pub fn to_json(&self) -> Value {
        let timing = |timing: Timing| json!({ "wasm_us": timing.wasm, "native_us": timing.native, "ratio": timing.ratio() });
        let rows = self.rows.iter().map(|Row { algorithm, signatures }| {
            let mut exchange = serde_json::Map::new();
            for server in &self.servers {
                let Some(cost) = self.cost(*algorithm, server) else { continue };
                let cost = json!({ "tokens_per_second": cost.rate, "cpu_ms_per_token": cost.cpu });
                exchange.insert((*server).to_owned(), cost);
            }
            let comparisons = self.comparisons(*algorithm).filter_map(|(comparison, ratio)| {
                let target = comparison.target(*algorithm);
                ratio.map(|ratio| {
                    json!({
                        "name": comparison.name(),
                        "ratio": ratio,
                        "target": target.to_json(),
                        "met": target.is_met(ratio),
                    })
                })
            });
            let comparisons: Vec<_> = comparisons.collect();
            let mut verify = timing(signatures.verify);
            verify["target"] = verify_target(*algorithm).to_json();
            json!({
                "algorithm": algorithm.name(),
                "verify": verify,
                "sign": signatures.sign.map(timing),
                "exchange": exchange,
                "comparisons": comparisons,
            })
        });
        let figures = self.figures.iter().map(|figure| {
            json!({
                "name": figure.name,
                "value": figure.value,
                "unit": figure.unit,
                "target": figure.target.to_json(),
                "met": figure.target.is_met(figure.value),
            })
        });
        json!({
            "processor": cores::processor(),
            "load_before": self.load_before,
            "settings": self.settings,
            "algorithms": rows.collect::<Vec<_>>(),
            "figures": figures.collect::<Vec<_>>(),
            "remarks": self.remarks,
        })
    }

    /// Writes the JSON.
    pub fn save(&self, path: &Path) -> Result<()> {
        write_json(path, &self.to_json())
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    crate::fuel::write(path, value)
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.push_str(words.to_string().trim_end());
    text.push('\n');
}

fn timing(timing: Timing) -> String {
    format!("{:>10}{:>9}{:>8.1}", rounded(timing.wasm), rounded(timing.native), timing.ratio())
}

/// Three digits that mean something.
fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        assert_eq!(Target::AtMost(16.0).verdict(16.0), "<= 16 met");
        assert_eq!(Target::AtMost(2.6).verdict(2.61), "<= 2.6 missed");
        assert_eq!(Target::AtLeast(0.95).verdict(0.9), ">= 0.95 missed");
        assert_eq!(Target::None.verdict(1.0), "");
    }

    #[test]
    fn digits() {
        assert_eq!([rounded(1234.5), rounded(12.34), rounded(0.1234)], ["1234", "12.3", "0.12"]);
    }
}
