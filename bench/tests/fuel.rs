//! The guard: an exchange may not take more instructions than it did, unnoticed. It needs no quiet machine.

use std::path::Path;
use std::sync::LazyLock;

use asserta_bench::fuel::{Counts, Fixture, Kept, count};
use host_tests::summary::not_tested;

static NOW: LazyLock<Counts> = LazyLock::new(count_now);

fn count_now() -> Counts {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/components");
    for name in ["handler.wasm", "handler-host-signatures.wasm"] {
        assert!(components.join(name).is_file(), "`make wasm` builds {name}");
    }
    count(&components, &Fixture::load().expect("the assertions are committed")).expect("it can be counted")
}

#[test]
fn an_exchange_takes_no_more_fuel_than_it_did() {
    let kept = Kept::load().expect("the counts are committed");
    let Some(before) = kept.of(&NOW) else {
        // Another compiler writes other instructions: nothing can be said about the code.
        let known = kept.compilers().collect::<Vec<_>>().join(", ");
        not_tested(&format!("fuel: built by rustc {}, and there are counts of {known}", NOW.rustc));
        return;
    };
    let findings = NOW.growth_since(before);
    assert!(
        findings.is_empty(),
        "an exchange takes more instructions than before. If that is worth it, count anew with \
         `cargo run --release -p asserta-bench -- fuel --keep`:\n{}",
        findings.join("\n")
    );
}

/// R15: what is too long is refused before it is decoded. Its bytes are taken over and searched for an end once, which
/// is most of what is left.
#[test]
fn a_long_scope_costs_at_most_five_refusals() {
    for build in ["", "by host: "] {
        let of = |what: &str| NOW.fuel[&format!("{build}{what}")];
        let (long, ordinary) = (of("scope of 60 kB"), of("bad client"));
        println!("{build}scope of 60 kB: {long}, bad client: {ordinary}");
        assert!(long <= 5 * ordinary, "{build}{long} instructions, {ordinary} for a wrong secret");
    }
}

/// Two counts are equal to the last instruction.
#[test]
fn fuel_is_the_same_each_time() {
    assert_eq!(*NOW, count_now());
}
