//! Finds the components that the crate carries: packed into it, or built beside it in the workspace.

use std::path::Path;
use std::{env, fs};

fn main() {
    carry("exchanger.wasm");
    if env::var_os("CARGO_FEATURE_HOST_SIGNATURES").is_some() {
        carry("exchanger-host-signatures.wasm");
    }
}

/// Puts a component where the crate includes it from.
fn carry(name: &str) {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let places = ["component", "../../target/components"];
    let places = places.map(|place| Path::new(&root).join(place).join(name));
    for place in &places {
        println!("cargo::rerun-if-changed={}", place.display());
    }
    // Lints run before the components are built; without them `Exchanger::new` says that they are not there.
    let found = places.iter().find_map(|place| fs::read(place).ok()).unwrap_or_else(|| {
        println!("cargo::warning=there is no {name}: build it with `make wasm-exchanger`");
        Vec::new()
    });
    fs::write(Path::new(&out).join(name), found).expect("cargo's output folder is writable");
}
