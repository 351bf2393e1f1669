//! The WIT package and the built components are what they say.

use std::path::Path;

use asserta_core::oauth::Reason;
use wasmtime::Engine;
use wasmtime::component::Component;

fn wit(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit").join(file);
    std::fs::read_to_string(path).expect("the WIT package lies in the workspace")
}

/// The names that the comment of a type lists, each with what stands in parentheses after it.
fn listed(text: &str, name: &str) -> Vec<(String, Option<String>)> {
    let (before, _) = text.split_once(&format!("type {name} = string;")).expect("there is such a type");
    let lines: Vec<&str> = before.trim_end().lines().map(str::trim).collect();
    let comment = lines.rsplit(|line| line.is_empty()).next().expect("its comment");
    let entry = |line: &str| {
        let (name, rest) = line.strip_prefix("/// - `")?.split_once('`')?;
        let code = rest.strip_prefix(" (`").and_then(|rest| rest.split_once("`)"));
        Some((name.to_owned(), code.map(|(code, _)| code.to_owned())))
    };
    comment.iter().filter_map(|line| entry(line)).collect()
}

/// All of them, and no more: a host that knows the list knows what to expect.
#[test]
fn reasons_and_codes_are_those_of_core() {
    let types = wit("types.wit");
    let reasons =
        Reason::ALL.iter().map(|reason| (reason.name().to_owned(), Some(reason.code().name().to_owned())));
    assert_eq!(listed(&types, "reason"), reasons.collect::<Vec<_>>());
    let mut codes: Vec<&str> = Vec::new();
    for reason in Reason::ALL {
        if !codes.contains(&reason.code().name()) {
            codes.push(reason.code().name());
        }
    }
    let mut named: Vec<String> = listed(&types, "error-code").into_iter().map(|(name, _)| name).collect();
    named.sort_unstable();
    codes.sort_unstable();
    assert_eq!(named, codes);
}

#[test]
fn every_item_is_documented_and_dated() {
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")).expect("a folder")
    {
        let path = file.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "wit") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a file");
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let words = ["interface ", "world ", "record ", "enum ", "variant ", "type "];
            let is_item = words.iter().any(|word| line.starts_with(word)) || line.contains(": func(");
            if !is_item {
                continue;
            }
            assert_eq!(lines[index - 1], "@since(version = 0.2.0)", "{}: {line}", path.display());
            assert!(lines[index - 2].starts_with("///"), "{}: {line}", path.display());
        }
    }
}

fn imports(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/components").join(name);
    let bytes = std::fs::read(&path).expect("`make wasm-exchanger` builds it");
    let engine = Engine::default();
    let component = Component::new(&engine, bytes).expect("a component");
    component.component_type().imports(&engine).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_components_import_what_their_worlds_say_and_nothing_else() {
    let world = ["wasi:clocks/wall-clock@0.2.6", "wasi:random/random@0.2.6"];
    assert_eq!(imports("exchanger-standalone.wasm"), world);
    let with_store = ["asserta:exchange/store@0.2.0", world[0], world[1]];
    assert_eq!(imports("exchanger.wasm"), with_store);
    let with_signatures = ["asserta:exchange/signatures@0.2.0", with_store[0], world[0], world[1]];
    assert_eq!(imports("exchanger-host-signatures.wasm"), with_signatures);
    if Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/components/exchanger-events.wasm").exists() {
        let with_events = ["asserta:exchange/events@0.2.0", with_store[0], world[0], world[1]];
        assert_eq!(imports("exchanger-events.wasm"), with_events);
    } else {
        assert!(std::env::var_os("CI").is_none(), "there is no exchanger-events.wasm");
        println!("not tested: exchanger-events.wasm, which scripts/build-wasm.sh builds");
    }
}
