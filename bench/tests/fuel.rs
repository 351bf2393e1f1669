//! The guard: an exchange may not take more instructions than it did, unnoticed. It needs no quiet machine.

use std::path::{Path, PathBuf};

use asserta_bench::fuel::{Counts, Fixture, Kept, count};

fn count_now() -> Counts {
    let components = components();
    for name in ["endpoint.wasm", "endpoint-host-signatures.wasm"] {
        assert!(components.join(name).is_file(), "`make wasm wasm-host-signatures` builds {name}");
    }
    count(&components, &Fixture::load().expect("the assertions are committed")).expect("it can be counted")
}

fn components() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components")
}

#[test]
fn an_exchange_takes_no_more_fuel_than_it_did() {
    let kept = Kept::load().expect("the counts are committed");
    let now = count_now();
    let Some(before) = kept.of(&now) else {
        // Another compiler writes other instructions: nothing can be said about the code.
        let known = kept.compilers().collect::<Vec<_>>().join(", ");
        eprintln!("not compared: built by rustc {}, and there are counts of {known}", now.rustc);
        return;
    };
    let findings = now.growth_since(before);
    assert!(
        findings.is_empty(),
        "an exchange takes more instructions than before. If that is worth it, count anew with \
         `cargo run --release -p asserta-bench -- fuel --keep`:\n{}",
        findings.join("\n")
    );
}

/// Two counts of one component are equal to the last instruction, but for ECDSA by the host, which has randomness of
/// its own in each signature.
#[test]
fn fuel_is_the_same_each_time() {
    let portable = || {
        let mut fuel = count_now().fuel;
        fuel.retain(|name, _| !name.starts_with("by host: "));
        fuel
    };
    assert_eq!(portable(), portable());
}
