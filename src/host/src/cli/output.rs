//! Prints what commands found: tables for people, JSON for programs.

use std::io::{self, Write, stdout};

use serde_json::Value;

/// Prints JSON.
pub(crate) fn json(value: &Value) -> io::Result<()> {
    writeln!(stdout().lock(), "{value:#}")
}

/// Prints a record: as JSON for programs, a member a line for people.
pub(crate) fn record(as_json: bool, record: &Value) -> io::Result<()> {
    if as_json { json(record) } else { members(record) }
}

/// Prints one line.
pub(crate) fn line(text: impl std::fmt::Display) -> io::Result<()> {
    writeln!(stdout().lock(), "{text}")
}

/// Prints a text that ends its own lines.
pub(crate) fn text(text: &str) -> io::Result<()> {
    stdout().lock().write_all(text.as_bytes())
}

/// Prints rows below a header, in columns as wide as they need to be.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    write_table(&mut stdout().lock(), header, rows)
}

/// Prints the members of a document, one a line, nested ones as JSON.
fn members(document: &Value) -> io::Result<()> {
    let Value::Object(members) = document else { return json(document) };
    let width = members.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut out = stdout().lock();
    for (name, value) in members {
        let value = plain(value);
        let mut lines = value.lines();
        writeln!(out, "{name:width$}  {}", lines.next().unwrap_or_default())?;
        for line in lines {
            writeln!(out, "{:width$}  {line}", "")?;
        }
    }
    Ok(())
}

/// A value as a person would write it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// A member of a document as a person would write it.
pub(crate) fn member(document: &Value, name: &str) -> String {
    plain(document.get(name).unwrap_or(&Value::Null))
}

fn write_table(out: &mut impl Write, header: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut print = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<_> = cells.zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", padded.join("  ").trim_end())
    };
    print(&mut header.iter().copied())?;
    for row in rows {
        print(&mut row.iter().map(String::as_str))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut out = Vec::new();
        let rows = [vec!["partner-é".to_owned(), "on".to_owned()], vec!["x".to_owned(), "off".to_owned()]];
        write_table(&mut out, &["NAME", "STATE"], &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "NAME       STATE\npartner-é  on\nx          off\n");
    }
}
