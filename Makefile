# Asserta. `make run` serves, `make test` tests; neither needs anything before it but Rust and a C compiler.

.DEFAULT_GOAL := help
.PHONY: help wasm wasm-exchanger wasm-jwt-simple wasm-misbehaving host run test test-core test-endpoint test-host test-packages test-scenarios torture bench packages fmt lint clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

wasm: wasm-exchanger ## build the components into target/components/
	@scripts/build-wasm.sh endpoint

wasm-exchanger: ## build the components that other programs embed
	@scripts/build-wasm.sh exchanger exchanger-standalone

wasm-jwt-simple: ## build the endpoint on the second signature verifier, which tests compare with the first
	@scripts/build-wasm.sh endpoint-jwt-simple

wasm-misbehaving: ## build the component that fails when it is told to, which tests of the host run
	@scripts/build-wasm.sh misbehaving

host: ## build the native host, target/release/asserta
	@test -e target/release/asserta || echo "building the host: about 6 minutes the first time, for wasmtime" >&2
	@cargo build --release -p asserta

run: wasm host ## serve on http://127.0.0.1:3000 for development, with a demo registration
	@ASSERTA_DEV=$${ASSERTA_DEV:-1} exec target/release/asserta serve

test: test-core test-endpoint test-host test-packages test-scenarios ## run every test

# Twice: as the WIT component has it (p256, no std), and with both verifiers and crrl, as the endpoint has it.
test-core:
	cargo test -p asserta-core
	cargo test -p asserta-core --all-features

test-endpoint:
	cargo test -p asserta-endpoint

test-host: wasm wasm-jwt-simple wasm-misbehaving
	cargo test --release -p asserta -p host-tests -p asserta-exchanger

test-packages: packages ## install the packages into clean places and test them there (needs Node 20 and Chromium)
	@scripts/test-packages.sh python javascript

test-scenarios: test-host test-packages ## run the scenarios on the embedded hosts too, and print scenario by host
	@cargo build --release -p asserta -p asserta-exchanger --example scenarios
	@scripts/scenario-table.sh

# TORTURE="soak" runs that part alone; scripts/torture.sh has the names. Needs redis-server and root for the full disk.
torture: wasm wasm-misbehaving ## kill, fill, starve and overload it at full length, and print a table (25 minutes)
	@scripts/torture.sh $(TORTURE)

# No figure is worth anything while other programs run. BENCH="--quick" says whether it works.
bench: wasm host ## print the figures: in Wasm beside native code, and beside other endpoints (6 minutes)
	@scripts/build-wasm.sh bench
	@cargo build --release -p asserta-bench
	@cargo build --release -p rival-axum
	@target/release/asserta-bench $(BENCH)

packages: wasm-exchanger ## build the packages of other languages into target/packages/
	@scripts/build-packages.sh python javascript rust

fmt: ## lay out the code
	cargo fmt --all

lint: ## check layout and lints, as CI does
	cargo fmt --all --check
	cargo clippy --workspace --exclude asserta-component --all-targets --all-features -- -D warnings

clean: ## remove what was built (data is kept)
	cargo clean
