#!/usr/bin/env bash
# Publishes the crate with the components in it, as cargo does it. cargo checks the manifest, and builds nothing: the crate
# was built and run by then (scripts/test-packages.sh).
#   scripts/publish/crate.sh --dry-run
set -euo pipefail
cd "$(dirname "$0")/../.."
trap 'rm -rf embed/rust/component embed/rust/LICENSE' EXIT
mkdir -p embed/rust/component
cp target/publish/artifacts/{exchanger,handler}{,-host-signatures}.wasm embed/rust/component/
cp LICENSE embed/rust/
# "Dirty" are the components, which no commit has.
cargo publish --package asserta-exchanger --no-verify --allow-dirty "$@"
