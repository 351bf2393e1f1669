//! What the components that serve HTTP ask of a host, what they offer, and how large they are.

use std::io::Write as _;

use anyhow::{Result, ensure};
use host_tests::components;
use wasmparser::{Parser, Payload};

/// What the endpoint itself needs: settings, stores with `increment`, clocks, randomness and outbound HTTP.
const OWN: [&str; 10] = [
    "fermyon:spin/sqlite@2.0.0",
    "spin:variables/variables@3.0.0",
    "wasi:clocks/monotonic-clock@0.3.0",
    "wasi:clocks/system-clock@0.3.0",
    "wasi:clocks/types@0.3.0",
    "wasi:http/client@0.3.0",
    "wasi:http/types@0.3.0",
    "wasi:keyvalue/atomics@0.2.0-draft2",
    "wasi:keyvalue/store@0.2.0-draft2",
    "wasi:random/random@0.3.0",
];

/// The same of the endpoint for WASI HTTP 0.2, beside what the standard library links.
const OWN_OF_P2: [&str; 6] = [
    "fermyon:spin/sqlite@2.0.0",
    "fermyon:spin/variables@2.0.0",
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:keyvalue/atomics@0.2.0-draft2",
    "wasi:keyvalue/store@0.2.0-draft2",
];

/// And of its variant for wasmCloud, whose settings come from the environment.
const OWN_OF_P2_WASMCLOUD: [&str; 4] = [
    "wasi:http/outgoing-handler@0.2.12",
    "wasi:http/types@0.2.12",
    "wasi:keyvalue/atomics@0.2.0-draft",
    "wasi:keyvalue/store@0.2.0-draft",
];

/// What Rust's standard library links for wasm32-wasip2, in whichever 0.2 version it has. Hosts give it standard
/// error alone: no environment, no terminal, no directory (`wasi:filesystem` finds no preopens), and sockets are not
/// among them.
const OF_STD: [&str; 13] = [
    "wasi:cli/environment@0.2.",
    "wasi:cli/exit@0.2.",
    "wasi:cli/stderr@0.2.",
    "wasi:cli/stdin@0.2.",
    "wasi:cli/stdout@0.2.",
    "wasi:cli/terminal-",
    "wasi:clocks/monotonic-clock@0.2.",
    "wasi:clocks/wall-clock@0.2.",
    "wasi:filesystem/preopens@0.2.",
    "wasi:filesystem/types@0.2.",
    "wasi:io/",
    "wasi:random/insecure-seed@0.2.",
    "wasi:random/random@0.2.",
];

#[test]
fn imports_are_those_of_the_design() -> Result<()> {
    imports("endpoint.wasm", &OWN, "wasi:http/handler@0.3.0")
}

/// The same routes for hosts that speak WASI HTTP 0.2: nothing of 0.3, and nothing of Spin in wasmCloud's.
#[test]
fn imports_of_the_endpoint_for_wasi_0_2() -> Result<()> {
    imports("endpoint-p2.wasm", &OWN_OF_P2, "wasi:http/incoming-handler@0.2.12")?;
    imports("endpoint-p2-wasmcloud.wasm", &OWN_OF_P2_WASMCLOUD, "wasi:http/incoming-handler@0.2.12")
}

/// A component imports all of its `own`, what the standard library links, and nothing else; it exports one interface.
fn imports(component: &str, own: &[&str], export: &str) -> Result<()> {
    let (imports, exports) = interfaces(&components::bytes(component)?)?;
    let mut out = std::io::stdout().lock();
    for import in &imports {
        writeln!(out, "{component}: import {import}")?;
    }
    let allowed = |import: &str| own.contains(&import) || OF_STD.iter().any(|std| import.starts_with(std));
    let unexpected: Vec<&String> = imports.iter().filter(|import| !allowed(import)).collect();
    ensure!(unexpected.is_empty(), "{component} imports {unexpected:?}");
    for needed in own {
        ensure!(imports.iter().any(|import| import == needed), "{component} no longer imports {needed}");
    }
    ensure!(exports == [export], "{component} exports {exports:?}");
    Ok(())
}

/// A store, somebody to tell, the time and random numbers: no network, no files, nothing to wait on.
#[test]
fn the_handler_imports_four_interfaces() -> Result<()> {
    let four = [
        "asserta:exchange/events@0.2.0",
        "asserta:exchange/store@0.2.0",
        "wasi:clocks/wall-clock@0.2.6",
        "wasi:random/random@0.2.6",
    ];
    // With a policy composed in, the import of it is gone, and none of the policy's has come (R87).
    for (component, more) in [
        ("handler.wasm", None),
        ("handler-host-signatures.wasm", Some("asserta:exchange/signatures@0.2.0")),
        ("handler-policy.wasm", Some("asserta:exchange/policy@0.2.0")),
        ("handler-policy-contrary.wasm", None),
        ("handler-policy-cel.wasm", None),
        ("handler-policy-cedar.wasm", None),
    ] {
        let (mut imports, exports) = interfaces(&components::bytes(component)?)?;
        let mut wanted: Vec<&str> = four.into_iter().chain(more).collect();
        imports.sort();
        wanted.sort_unstable();
        ensure!(imports == wanted, "{component} imports {imports:?}");
        ensure!(exports == ["asserta:exchange/http@0.2.0"], "{component} exports {exports:?}");
    }
    Ok(())
}

/// R120: a middleware of `wasi:http`: what it guards, the client that fetches keys, the time, and its settings. With something
/// behind it the first is gone. The library of the packages reaches nothing.
#[test]
fn the_guard_imports_what_a_middleware_needs() -> Result<()> {
    let needed = [
        // In whichever 0.2 version the linker has.
        "wasi:cli/environment@0.2.",
        "wasi:clocks/system-clock@0.3.0",
        "wasi:clocks/types@0.3.0",
        "wasi:http/client@0.3.0",
        "wasi:http/handler@0.3.0",
        "wasi:http/types@0.3.0",
    ];
    let (mut imports, exports) = interfaces(&components::bytes("guard.wasm")?)?;
    imports.sort();
    let as_needed = imports.iter().zip(needed).all(|(import, needed)| import.starts_with(needed));
    ensure!(as_needed && imports.len() == needed.len(), "guard.wasm imports {imports:?}");
    ensure!(exports == ["wasi:http/handler@0.3.0"], "it exports {exports:?}");
    let (composed, exports) = interfaces(&components::bytes("guard-guarded.wasm")?)?;
    ensure!(!composed.iter().any(|import| import.contains("/handler@")), "it imports {composed:?}");
    ensure!(exports == ["wasi:http/handler@0.3.0"], "it exports {exports:?}");
    let (imports, exports) = interfaces(&components::bytes("guard-library.wasm")?)?;
    ensure!(imports.is_empty(), "guard-library.wasm imports {imports:?}");
    ensure!(exports == ["asserta:exchange/guard@0.2.0"], "it exports {exports:?}");
    Ok(())
}

/// R87: the examples of a policy can reach nothing.
#[test]
fn policies_import_nothing() -> Result<()> {
    for component in ["policy-contrary.wasm", "policy-cel.wasm", "policy-cedar.wasm"] {
        let (imports, exports) = interfaces(&components::bytes(component)?)?;
        ensure!(imports.is_empty(), "{component} imports {imports:?}");
        ensure!(exports == ["asserta:exchange/policy@0.2.0"], "{component} exports {exports:?}");
    }
    Ok(())
}

/// R87: so does an exchanger with one: a store, the time and random numbers are all that it asks of its host.
#[test]
fn the_exchanger_with_a_policy_imports_what_the_plain_one_does() -> Result<()> {
    let (plain, exports) = interfaces(&components::bytes("exchanger.wasm")?)?;
    ensure!(!plain.iter().any(|import| import.contains("policy")), "exchanger.wasm imports {plain:?}");
    let (composed, composed_exports) = interfaces(&components::bytes("exchanger-policy-contrary.wasm")?)?;
    ensure!(composed == plain, "exchanger-policy-contrary.wasm imports {composed:?}");
    ensure!(composed_exports == exports, "it exports {composed_exports:?}");
    Ok(())
}

/// The names that a component imports and exports at its outermost level.
fn interfaces(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>)> {
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    imports.sort();
    Ok((imports, exports))
}
