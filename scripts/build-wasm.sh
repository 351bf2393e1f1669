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
compiler=$("$rustc" --version | sed -E 's/^rustc ([^)]*\)).*/\1/')
echo "$compiler" >"$out/rustc.txt"
# CI builds what was committed, lock file included.
locked=(${CI:+--locked})

# is_current NAME HOW: whether it was built so, after all that it is made of was last written. Cargo would build it again
# after each of its sisters: they are one crate with other features, and leave their file under one name.
is_current() {
  local made=$out/.$1.made file files
  [[ -f $out/$1.wasm && -f $made ]] && [[ $(head -n 1 "$made") == "$2" ]] || return 1
  # As cargo lists them: `component: file file`, with a backslash before each space of a name.
  mapfile -t files < <(sed -e 1d -e 's/^[^:]*: //' -e 's/\\ /\x01/g' "$made" | tr ' \001' '\n ')
  for file in "${files[@]}" Cargo.toml Cargo.lock src/*/Cargo.toml scripts/cargo-wasm.sh; do
    [[ $file -ot $made ]] || return 1
  done
}

# build NAME LIMIT_IN_BYTES TARGET PROFILE CRATE [cargo options]
build() {
  local name=$1 limit=$2 target=$3 profile=$4 crate=$5 size how="$compiler ${WASM_RUSTFLAGS:-} ${*:3}"
  shift 5
  # rustup's core was built without its options for size, and formats its panics; its std does it once more.
  case $toolchain:$crate in
    rustup:asserta-component) limit=$((limit * 105 / 100)) ;;
    rustup:asserta-handler) limit=$((limit * 111 / 100)) ;;
  esac
  if ! is_current "$name" "$how"; then
    echo "building $name.wasm (a minute or two the first time)" >&2
    # What is written while it is built is newer than this file.
    local built=target/wasm/$target/$profile/${crate//-/_} making=$out/.$name.making
    echo "$how" >"$making"
    scripts/cargo-wasm.sh "$target" build "${locked[@]}" --profile "$profile" -p "$crate" "$@"
    # Written beside and renamed, so that a server that starts meanwhile never reads half a file.
    cp "$built.wasm" "$out/.$name.wasm"
    mv "$out/.$name.wasm" "$out/$name.wasm"
    local began
    began=$(date --reference="$making" +%s.%N)
    cat "$built.d" >>"$making"
    touch --date="@$began" "$making"
    mv "$making" "$out/.$name.made"
  fi
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
    endpoint) build endpoint 1615000 wasm32-wasip2 wasm asserta-endpoint ;;
    endpoint-p2) build endpoint-p2 1559000 wasm32-wasip2 wasm asserta-endpoint-p2 ;;
    endpoint-p2-wasmcloud) build endpoint-p2-wasmcloud 1544500 wasm32-wasip2 wasm asserta-endpoint-p2 --features wasmcloud ;;
    endpoint-jwt-simple) build endpoint-jwt-simple 2500000 wasm32-wasip2 wasm asserta-endpoint --features jwt-simple ;;
    handler) build handler 1280000 wasm32-unknown-unknown wasm asserta-handler ;;
    handler-host-signatures) build handler-host-signatures 1431000 wasm32-unknown-unknown host-signatures asserta-handler --features host-signatures ;;
    exchanger) build exchanger 921000 wasm32-unknown-unknown exchanger asserta-component ;;
    exchanger-standalone) build exchanger-standalone 945000 wasm32-unknown-unknown exchanger asserta-component --features standalone ;;
    exchanger-host-signatures) build exchanger-host-signatures 873000 wasm32-unknown-unknown exchanger asserta-component --features host-signatures ;;
    handler-policy) build handler-policy 1286500 wasm32-unknown-unknown wasm asserta-handler --features policy ;;
    exchanger-policy) build exchanger-policy 928000 wasm32-unknown-unknown exchanger asserta-component --features policy ;;
    policy-cel) build_policy policy-cel 900000 ;;
    policy-cedar) build_policy policy-cedar 2100000 ;;
    policy-contrary) build policy-contrary 30000 wasm32-unknown-unknown wasm policy-contrary ;;
    exchanger-events) build exchanger-events 929000 wasm32-unknown-unknown exchanger asserta-component --features events ;;
    guard) build guard 249500 wasm32-unknown-unknown exchanger asserta-guard ;;
    guard-library) build guard-library 179000 wasm32-unknown-unknown exchanger asserta-guard-library ;;
    vectors-endpoint) build vectors-endpoint 800000 wasm32-wasip2 wasm host-tests-vectors --features crrl ;;
    vectors-exchanger) build vectors-exchanger 800000 wasm32-wasip2 wasm host-tests-vectors ;;
    guarded) build guarded 100000 wasm32-unknown-unknown wasm guarded ;;
    misbehaving) build misbehaving 100000 wasm32-unknown-unknown wasm misbehaving ;;
    bench) build bench 1000000 wasm32-wasip2 wasm asserta-bench-wasm ;;
    *) echo "build-wasm: no component is called $component" >&2; exit 2 ;;
  esac
done
