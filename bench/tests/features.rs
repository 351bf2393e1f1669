//! What is timed alone must be built from the same code as the endpoint.

/// The line by which a manifest depends on core.
fn core_of(manifest: &str) -> Option<&str> {
    manifest.lines().find(|line| line.starts_with("asserta-core"))
}

#[test]
fn the_timed_component_takes_core_as_the_endpoint_does() {
    let (ours, endpoint) = (include_str!("../wasm/Cargo.toml"), include_str!("../../src/handler/Cargo.toml"));
    assert_eq!(core_of(ours), core_of(endpoint));
    assert!(core_of(endpoint).is_some());
}
