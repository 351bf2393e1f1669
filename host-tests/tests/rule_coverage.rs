//! The rule book, `docs/rules.md`, is true: each number that code or tests use is defined there with its source, and
//! each rule that holds is named by a test. What is only planned is claimed by none.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use host_tests::summary;

/// Whether a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Holds,
    /// But for what its text names as planned.
    Partly,
    Planned,
}

/// A file, and whether it proves something.
struct Source {
    name: String,
    text: String,
    is_test: bool,
}

#[test]
fn the_rule_book_is_true() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let book = book(&std::fs::read_to_string(root.join("docs/rules.md"))?)?;
    let mut sources = Vec::new();
    collect(&root, &root, &mut sources)?;
    let findings = findings(&book, &sources);
    ensure!(findings.is_empty(), "docs/rules.md:\n{}", findings.join("\n"));
    ensure!(book.len() > 80, "the book has another form: {} rules", book.len());
    summary::ran("rules", book.values().filter(|status| **status != Status::Planned).count());
    Ok(())
}

/// The rules of the book, each `- **R42** text — source`.
fn book(text: &str) -> Result<BTreeMap<u32, Status>> {
    let mut book = BTreeMap::new();
    for entry in text.split("\n- ").skip(1) {
        let entry = entry.split("\n\n").next().unwrap_or(entry);
        let number = numbers(entry).next().filter(|_| entry.starts_with("**R")).with_context(|| {
            format!("an entry does not begin with the number of a rule: {}", &entry[..entry.len().min(40)])
        })?;
        let after = entry.split_once("** ").map_or("", |(_, after)| after);
        let status = match after {
            after if after.starts_with("**planned** ") => Status::Planned,
            after if after.starts_with("**partly** ") => Status::Partly,
            _ => Status::Holds,
        };
        let source = entry.rsplit_once('—').map_or("", |(_, source)| source.trim());
        ensure!(!source.is_empty(), "R{number} has no source");
        let has_plans = entry.contains("Planned:");
        ensure!(
            status == Status::Planned || (status == Status::Partly) == has_plans,
            "R{number}: what is planned?"
        );
        ensure!(book.insert(number, status).is_none(), "R{number} is defined twice");
    }
    Ok(book)
}

/// What does not hold, a sentence each.
fn findings(book: &BTreeMap<u32, Status>, sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut tested: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for source in sources {
        for rule in numbers(&source.text).collect::<BTreeSet<_>>() {
            if !book.contains_key(&rule) {
                findings.push(format!("R{rule} is not defined, and {} names it", source.name));
            } else if source.is_test {
                tested.entry(rule).or_default().insert(&source.name);
            }
        }
    }
    for (rule, status) in book {
        match (status, tested.get(rule)) {
            (Status::Holds | Status::Partly, None) => findings.push(format!("no test names R{rule}")),
            (Status::Planned, Some(tests)) => {
                findings.push(format!("R{rule} is marked as planned, and tests name it: {tests:?}"));
            }
            _ => {}
        }
    }
    findings
}

/// Collects what people write: code and documents. What tests are stands apart from code that they test.
fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    const BUILT: [&str; 7] = ["target", "node_modules", "data", "dist", "build", "generated", "__pycache__"];
    const WRITTEN: [&str; 8] = ["rs", "toml", "wit", "py", "ts", "mjs", "sh", "md"];
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_written = path.extension().and_then(OsStr::to_str).is_some_and(|end| WRITTEN.contains(&end));
        if kind.is_dir() && !name.starts_with('.') && !BUILT.contains(&&*name) {
            collect(root, &path, sources)?;
        } else if kind.is_file() && is_written {
            sources.extend(split(path.strip_prefix(root)?.to_path_buf(), &std::fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// A file of code may end with its tests.
fn split(path: PathBuf, text: &str) -> Vec<Source> {
    let source = |text: &str, is_test| Source {
        name: path.to_string_lossy().into_owned(),
        text: text.to_owned(),
        is_test,
    };
    let is_own_test = path.components().any(|part| part.as_os_str() == "tests")
        || path.starts_with("host-tests/scenarios") && path.extension() == Some(OsStr::new("toml"))
        || path.starts_with("fuzz/fuzz_targets")
        || path.ends_with("tests.rs");
    // The book is what all is held against, and this test has made-up rules in it.
    if path == Path::new("docs/rules.md") || path.ends_with("rule_coverage.rs") {
        return Vec::new();
    }
    match text.split_once("#[cfg(test)]\nmod tests {") {
        Some((code, tests)) => vec![source(code, is_own_test), source(tests, true)],
        None => vec![source(text, is_own_test)],
    }
}

/// The rules that a text names: `R45`, as a word of its own.
fn numbers(text: &str) -> impl Iterator<Item = u32> + '_ {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices('R').filter_map(move |(at, _)| {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let is_alone = !before.ends_with(is_word) && !after[digits..].starts_with(is_word);
        if is_alone && (1..=3).contains(&digits) { after[..digits].parse().ok() } else { None }
    })
}

/// The check itself finds what it is there for.
#[test]
fn what_is_missing_is_found() -> Result<()> {
    let text = "# Rules\n\n- **R1** One. — RFC 1\n- **R2** **planned** Two. — ours\n- **R3** **partly** Three.\n  \
                Planned: more. — ours\n\n## More\n\n- **R4** Four. — RFC 4 4\n";
    let book = self::book(text)?;
    assert_eq!(book.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4]);
    let file = |name: &str, text: &str| split(PathBuf::from(name), text);
    let good = [
        file("src/a.rs", "// R1, R2: not yet\n#[cfg(test)]\nmod tests { /* R1 */ }"),
        file("host-tests/scenarios/a.toml", "rules = [\"R3\", \"R4\"]"),
        file("README.md", "RS256, R2D2, xR9, R1234 and R99_9 are no rules"),
    ];
    let good: Vec<Source> = good.into_iter().flatten().collect();
    assert_eq!(findings(&book, &good), [""; 0]);
    let bad = [file("src/a.rs", "R1 R5"), file("src/tests/b.rs", "R3 R2"), file("host-tests/src/c.rs", "R4")];
    let bad: Vec<Source> = bad.into_iter().flatten().collect();
    assert_eq!(
        findings(&book, &bad),
        [
            "R5 is not defined, and src/a.rs names it",
            "no test names R1",
            "R2 is marked as planned, and tests name it: {\"src/tests/b.rs\"}",
            "no test names R4",
        ]
    );
    for wrong in ["\n- **R1** No source.\n", "\n- **R1** A. — b\n- **R1** C. — d\n", "\n- R1x — ours\n"]
    {
        assert!(self::book(wrong).is_err(), "{wrong}");
    }
    Ok(())
}
