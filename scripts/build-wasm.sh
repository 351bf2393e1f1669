#!/usr/bin/env bash
# Builds components into target/components/ and prints their sizes.
#   scripts/build-wasm.sh endpoint exchanger …
set -euo pipefail
cd "$(dirname "$0")/.."
out=target/components
mkdir -p "$out"
# CI builds what was committed, lock file included.
locked=(${CI:+--locked})

# build NAME LIMIT_IN_BYTES TARGET CRATE [cargo options]
build() {
  local name=$1 limit=$2 target=$3 crate=$4 size
  shift 4
  echo "building $name.wasm (half a minute the first time)" >&2
  scripts/cargo-wasm.sh "$target" build "${locked[@]}" --profile wasm -p "$crate" "$@"
  # Written beside and renamed, so that a server that starts meanwhile never reads half a file.
  cp "target/wasm/$target/wasm/${crate//-/_}.wasm" "$out/.$name.wasm"
  mv "$out/.$name.wasm" "$out/$name.wasm"
  size=$(stat -c %s "$out/$name.wasm")
  printf '%-24s %9d bytes (limit %d)\n' "$name.wasm" "$size" "$limit"
  if ((size > limit)); then
    echo "$name.wasm is larger than its limit" >&2
    return 1
  fi
}

for component in "$@"; do
  case $component in
    endpoint) build endpoint 1200000 wasm32-wasip2 asserta-endpoint ;;
    endpoint-jwt-simple) build endpoint-jwt-simple 2500000 wasm32-wasip2 asserta-endpoint --features jwt-simple ;;
    exchanger) build exchanger 870000 wasm32-unknown-unknown asserta-component ;;
    exchanger-standalone) build exchanger-standalone 875000 wasm32-unknown-unknown asserta-component --features standalone ;;
    misbehaving) build misbehaving 300000 wasm32-wasip2 misbehaving ;;
    bench) build bench 1000000 wasm32-wasip2 asserta-bench-wasm ;;
    *) echo "build-wasm: no component is called $component" >&2; exit 2 ;;
  esac
done
