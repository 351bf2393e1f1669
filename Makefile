# Asserta. `make run` serves, `make test` tests; neither needs anything before it but Rust and a C compiler.

.DEFAULT_GOAL := help
.PHONY: help wasm wasm-guard spin-stand-in test-stock-wasmtime wasm-endpoint-p2 wasm-handler wasm-endpoint wasm-exchanger wasm-host-signatures wasm-policy wasm-tests host run test test-core test-http test-documents test-host test-packages test-scenarios fuzz fuzz-brief torture bench growth profile documents packages fmt lint clean

# Always together: cargo would build wasmtime once more for each other combination of features.
NATIVE = -p asserta -p host-tests -p asserta-exchanger -p asserta-bench --features asserta-exchanger/host-signatures,asserta-exchanger/http

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

wasm: wasm-exchanger wasm-handler wasm-endpoint wasm-guard ## build the components into target/components/

wasm-handler: ## build the one that is served, here and by any host that speaks HTTP by itself
	@scripts/build-wasm.sh handler

wasm-endpoint: ## build the one that Spin serves
	@scripts/build-wasm.sh endpoint

wasm-exchanger: ## build the components that other programs embed
	@scripts/build-wasm.sh exchanger exchanger-standalone exchanger-host-signatures exchanger-events

wasm-guard: ## build what stands before an API: the middleware, and the component that packages carry
	@scripts/build-wasm.sh guard guard-library

wasm-host-signatures: ## build the one that leaves the arithmetic of signatures to its host
	@scripts/build-wasm.sh handler-host-signatures

# Those that a policy is composed into, the examples of one, and the two together (docs/policy-door.md).
wasm-policy: ## build the components with a policy, and compose the examples in (wac comes along the first time)
	@scripts/build-wasm.sh handler-policy exchanger-policy policy-cel policy-cedar
	@scripts/compose-policy.sh handler-policy policy-cel
	@scripts/compose-policy.sh handler-policy policy-cedar

wasm-endpoint-p2: ## build those for hosts of WASI HTTP 0.2
	@scripts/build-wasm.sh endpoint-p2 endpoint-p2-wasmcloud

wasm-tests: wasm-host-signatures wasm-endpoint-p2 wasm-policy wasm-guard ## build the components that only tests run
	@scripts/build-wasm.sh endpoint-jwt-simple vectors-endpoint vectors-exchanger misbehaving policy-contrary guarded
	@scripts/compose-policy.sh handler-policy policy-contrary
	@scripts/compose-policy.sh exchanger-policy policy-contrary
	@scripts/compose-policy.sh guard guarded

host: ## build the native host, target/release/asserta
	@test -e target/release/asserta || echo "building the host: about 9 minutes the first time on two cores, for wasmtime" >&2
	@MAKEFLAGS= cargo build --release $(NATIVE) --bin asserta

# The component beside the host, with what that leaves of the processor: its last crate keeps one core busy.
.PHONY: wasm-beside
wasm-beside:
	@MAKEFLAGS= nice -n 19 scripts/build-wasm.sh handler

run: ## serve on http://127.0.0.1:3000 for development, with a demo registration
	@$(MAKE) --no-print-directory -j2 host wasm-beside
	@ASSERTA_DEV=$${ASSERTA_DEV:-1} exec target/release/asserta serve

test: ## run every test, and say at the end how much that was
	@+MAKE="$(MAKE)" scripts/test.sh

# Twice: as the WIT component has it (p256, no std), and with both verifiers and crrl, as the endpoint has it.
test-core:
	cargo test -p asserta-core
	cargo test -p asserta-core --all-features

# The routes and the admin API over stores in memory, and what of the Spin trigger runs natively.
test-http:
	cargo test -p asserta-http -p asserta-endpoint -p asserta-endpoint-ports -p asserta-endpoint-p2

# What is derived from core's documents: that it is current, and that the schema takes what core takes.
test-documents:
	cargo test -p asserta-documents

# The examples of a policy are workspaces of their own. Not part of `test`, which runs them composed into the endpoint:
# Cedar takes two minutes to build once more.
.PHONY: test-policies
test-policies: ## test the examples of a policy natively
	cargo test $(if $(CI),--locked) --target-dir target/examples --manifest-path examples/policy-cel/Cargo.toml
	cargo test $(if $(CI),--locked) --target-dir target/examples --manifest-path examples/policy-cedar/Cargo.toml

# By itself, since it takes features of wasmtime that our own host is built without.
spin-stand-in: ## build what stands in for Spin in tests
	@cargo build --release -p spin-stand-in

test-host: wasm wasm-tests spin-stand-in
	cargo test --release $(NATIVE)

# On the wasmtime that anybody can install.
test-stock-wasmtime: test-host
	@scripts/test-stock-wasmtime.sh
	@scripts/test-stock-guard.sh

# Not part of `test`: no registry has a Spin.
.PHONY: test-spin
test-spin: wasm wasm-tests host ## run the endpoint and the guard on the `spin` that is there (4.1 or newer)
	@scripts/test-spin.sh

test-packages: packages ## install the packages into clean places and test them there (needs Node 20 and Chromium)
	@scripts/test-packages.sh python javascript rust

test-scenarios: test-host test-packages ## run the scenarios on the embedded hosts too, and print scenario by host
	@cargo build --release $(NATIVE) --bins --example scenarios --example tower_scenarios
	@scripts/scenario-table.sh

fuzz: ## fuzz each target for FUZZ_SECONDS (60), and print what was tried (needs cargo-fuzz)
	@scripts/fuzz.sh

fuzz-brief: ## the same for a few seconds each, from the committed corpus and a fixed seed
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-4} FUZZ_SEED=$${FUZZ_SEED:-1} scripts/fuzz.sh

# TORTURE="soak" runs that part alone; scripts/torture.sh has the names. Needs redis-server and root for the full disk.
torture: wasm wasm-tests spin-stand-in ## kill, fill, starve and overload it at full length, and print a table (40 minutes)
	@scripts/torture.sh $(TORTURE)

# No figure is worth anything while other programs run. BENCH="--quick" says whether it works.
bench: wasm wasm-host-signatures packages ## print the figures: in Wasm beside native code, beside other endpoints, embedded (8 minutes)
	@scripts/build-wasm.sh bench guarded
	@scripts/compose-policy.sh guard guarded
	@cargo build --release $(NATIVE) --bins
	@cargo build --release -p rival-axum
	@target/release/asserta-bench --wasmtime "$$(scripts/stock-wasmtime.sh)" $(BENCH)
	@scripts/install-packages.sh python javascript
	@embed/bench/run.sh

# The pictures of docs/performance.md; on a quiet machine, after `make bench` has built everything.
growth: ## draw docs/growth.svg: the rate of tokens as registrations, used assertions, connections, assertions grow
	@target/release/asserta-bench growth

profile: ## draw docs/profile.svg: where the processor time of a token goes
	@target/release/asserta-bench profile

.PHONY: console-screenshots
console-screenshots: host wasm-handler ## take the pictures of docs/console.md (needs Node 20 and Chromium)
	@scripts/console-screenshots.sh

documents: ## write the schema of registrations, the packages' types and the docs' tables from core's documents
	@cargo run --quiet -p asserta-documents

packages: wasm-exchanger wasm-handler wasm-host-signatures ## build the packages of other languages into target/packages/
	@scripts/build-packages.sh python javascript rust

# Around the components that `make wasm wasm-host-signatures wasm-endpoint-p2` built: nothing of them is built again.
.PHONY: publish-check
publish-check: ## try a release without publishing: registry, packages, SBOM, checksums (needs docker-registry)
	@scripts/publish-check.sh

fmt: ## lay out the code
	cargo fmt --all
	cargo fmt --manifest-path fuzz/Cargo.toml
	cargo fmt --manifest-path examples/policy-cel/Cargo.toml
	cargo fmt --manifest-path examples/policy-cedar/Cargo.toml

# Most in the release profile, so that build scripts (C libraries among them) run once for this and for the tests. The
# component has a panic handler of its own, which a profile that unwinds does not let in.
lint: ## check layout and lints, as CI does
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo fmt --manifest-path examples/policy-cel/Cargo.toml --check
	cargo fmt --manifest-path examples/policy-cedar/Cargo.toml --check
	cargo clippy --profile wasm $(if $(CI),--locked) -p asserta-component -p asserta-guard -p asserta-guard-library -- -D warnings
	cargo clippy --release $(if $(CI),--locked) -p asserta-endpoint-p2 -- -D warnings
	cargo clippy --release $(if $(CI),--locked) --workspace --exclude asserta-component --exclude asserta-guard --exclude asserta-guard-library --all-targets --all-features -- -D warnings

clean: ## remove what was built (data is kept)
	cargo clean
