#!/usr/bin/env bash
# Builds components into target/components/ and prints their sizes.
#   scripts/build-wasm.sh endpoint exchanger …
set -euo pipefail
cd "$(dirname "$0")/.."
out=target/components
mkdir -p "$out"
# The limits are 2 % above what there is, where core is built from source.
toolchain=$(scripts/setup-wasm.sh)
# Which compiler it is: two of them write different instructions, and bench/fuel.json counts those.
case $toolchain in debian) rustc=/usr/bin/rustc ;; *) rustc=rustc ;; esac
"$rustc" --version | sed -E 's/^rustc ([^)]*\)).*/\1/' >"$out/rustc.txt"
# CI builds what was committed, lock file included.
locked=(${CI:+--locked})

# build NAME LIMIT_IN_BYTES TARGET PROFILE CRATE [cargo options]
build() {
  local name=$1 limit=$2 target=$3 profile=$4 crate=$5 size
  shift 5
  # rustup's core was built without its options for size, and formats its panics; its std does it once more.
  case $toolchain:$crate in
    rustup:asserta-component) limit=$((limit * 105 / 100)) ;;
    rustup:asserta-handler) limit=$((limit * 111 / 100)) ;;
  esac
  echo "building $name.wasm (a minute or two the first time)" >&2
  scripts/cargo-wasm.sh "$target" build "${locked[@]}" --profile "$profile" -p "$crate" "$@"
  # Written beside and renamed, so that a server that starts meanwhile never reads half a file.
  cp "target/wasm/$target/$profile/${crate//-/_}.wasm" "$out/.$name.wasm"
  mv "$out/.$name.wasm" "$out/$name.wasm"
  size=$(stat -c %s "$out/$name.wasm")
  printf '%-24s %9d bytes (limit %d)\n' "$name.wasm" "$size" "$limit"
  if ((size > limit)); then
    echo "$name.wasm is larger than its limit" >&2
    return 1
  fi
}

# build_policy NAME LIMIT_IN_BYTES: an example of its own workspace in examples/NAME.
build_policy() {
  build "$1" "$2" wasm32-unknown-unknown release "$1" --manifest-path "examples/$1/Cargo.toml"
}

for component in "$@"; do
  case $component in
    endpoint) build endpoint 1456000 wasm32-wasip2 wasm asserta-endpoint ;;
    endpoint-p2) build endpoint-p2 1402000 wasm32-wasip2 wasm asserta-endpoint-p2 ;;
    endpoint-p2-wasmcloud) build endpoint-p2-wasmcloud 1390000 wasm32-wasip2 wasm asserta-endpoint-p2 --features wasmcloud ;;
    endpoint-jwt-simple) build endpoint-jwt-simple 2500000 wasm32-wasip2 wasm asserta-endpoint --features jwt-simple ;;
    handler) build handler 1152000 wasm32-unknown-unknown wasm asserta-handler ;;
    handler-host-signatures) build handler-host-signatures 1285000 wasm32-unknown-unknown host-signatures asserta-handler --features host-signatures ;;
    exchanger) build exchanger 857500 wasm32-unknown-unknown exchanger asserta-component ;;
    exchanger-standalone) build exchanger-standalone 876000 wasm32-unknown-unknown exchanger asserta-component --features standalone ;;
    exchanger-host-signatures) build exchanger-host-signatures 803000 wasm32-unknown-unknown exchanger asserta-component --features host-signatures ;;
    handler-policy) build handler-policy 1160000 wasm32-unknown-unknown wasm asserta-handler --features policy ;;
    exchanger-policy) build exchanger-policy 865000 wasm32-unknown-unknown exchanger asserta-component --features policy ;;
    policy-cel) build_policy policy-cel 900000 ;;
    policy-cedar) build_policy policy-cedar 2100000 ;;
    policy-contrary) build policy-contrary 30000 wasm32-unknown-unknown wasm policy-contrary ;;
    exchanger-events) build exchanger-events 864000 wasm32-unknown-unknown exchanger asserta-component --features events ;;
    vectors-endpoint) build vectors-endpoint 800000 wasm32-wasip2 wasm host-tests-vectors --features crrl ;;
    vectors-exchanger) build vectors-exchanger 800000 wasm32-wasip2 wasm host-tests-vectors ;;
    misbehaving) build misbehaving 100000 wasm32-unknown-unknown wasm misbehaving ;;
    bench) build bench 1000000 wasm32-wasip2 wasm asserta-bench-wasm ;;
    *) echo "build-wasm: no component is called $component" >&2; exit 2 ;;
  esac
done
