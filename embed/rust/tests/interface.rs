//! The WIT package and the built components are what they say.

use std::path::Path;

use asserta_core::oauth::Reason;
use wasmtime::Engine;
use wasmtime::component::Component;

fn wit(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit").join(file);
    std::fs::read_to_string(path).expect("the WIT package lies in the workspace")
}

/// The cases of an enum, in their order.
fn cases(text: &str, name: &str) -> Vec<String> {
    let (_, rest) = text.split_once(&format!("enum {name} {{")).expect("there is such an enum");
    let (body, _) = rest.split_once('}').expect("it ends");
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("///") && !line.is_empty());
    lines.map(|line| line.trim_end_matches(',').to_owned()).collect()
}

#[test]
fn reasons_and_codes_are_those_of_core() {
    let types = wit("types.wit");
    let reasons: Vec<String> = Reason::ALL.iter().map(|reason| reason.name().to_owned()).collect();
    assert_eq!(cases(&types, "reason"), reasons);
    let codes = cases(&types, "error-code");
    for reason in Reason::ALL {
        assert!(codes.contains(&reason.code().name().replace('_', "-")), "{}", reason.code().name());
    }
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
            let words = ["interface ", "world ", "record ", "enum ", "variant "];
            let is_item = words.iter().any(|word| line.starts_with(word)) || line.contains(": func(");
            if !is_item {
                continue;
            }
            assert_eq!(lines[index - 1], "@since(version = 0.1.0)", "{}: {line}", path.display());
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
    let with_store = ["asserta:exchange/store@0.1.0", world[0], world[1]];
    assert_eq!(imports("exchanger.wasm"), with_store);
    let with_signatures = ["asserta:exchange/signatures@0.1.0", with_store[0], world[0], world[1]];
    assert_eq!(imports("exchanger-host-signatures.wasm"), with_signatures);
}
