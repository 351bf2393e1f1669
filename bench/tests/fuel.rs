//! The guard: an exchange may not take more instructions than it did, unnoticed. It needs no quiet machine.

use std::path::Path;

use asserta_bench::fuel::{Fixture, Kept, count};

#[test]
fn an_exchange_takes_no_more_fuel_than_it_did() {
    let component = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components/endpoint.wasm");
    assert!(component.is_file(), "`make wasm` builds {}", component.display());
    let kept = Kept::load().expect("the counts are committed");
    let now = count(&component, &Fixture::load().expect("the assertions are committed"))
        .expect("it can be counted");
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

/// Two counts of one component are equal to the last instruction.
#[test]
fn fuel_is_the_same_each_time() {
    let component = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components/endpoint.wasm");
    let fixture = Fixture::load().expect("the assertions are committed");
    let counts = || count(&component, &fixture).expect("it can be counted");
    assert_eq!(counts(), counts());
}
