.PHONY: wasm
wasm: ## build the components into target/components/
	@scripts/build-wasm.sh endpoint
