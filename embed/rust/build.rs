//! Finds the components that the crate carries: packed into it, or built beside it in the workspace.

use std::path::Path;
use std::{env, fs};

fn main() {
    let has = |feature: &str| env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    carry("exchanger.wasm");
    if has("HOST_SIGNATURES") {
        carry("exchanger-host-signatures.wasm");
    }
    if has("HTTP") {
        carry("handler.wasm");
    }
    if has("HTTP") && has("HOST_SIGNATURES") {
        carry("handler-host-signatures.wasm");
    }
}

/// Puts a component where the crate includes it from.
fn carry(name: &str) {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let places = ["component", "../../target/components"];
    let places = places.map(|place| Path::new(&root).join(place).join(name));
    let found = places.iter().find(|place| place.is_file());
    // Cargo takes what is not there for changed, and would build all anew each time.
    println!("cargo::rerun-if-changed={}", found.unwrap_or(&places[1]).display());
    // Lints run before the components are built; without them `Exchanger::new` says that they are not there.
    let found = found.and_then(|place| fs::read(place).ok()).unwrap_or_else(|| {
        println!("cargo::warning=there is no {name}: build it with `make wasm`");
        Vec::new()
    });
    fs::write(Path::new(&out).join(name), found).expect("cargo's output folder is writable");
}
