#!/usr/bin/env bash
# cargo for a Wasm target, with whichever tool chain this machine has (see setup-wasm.sh).
#   scripts/cargo-wasm.sh wasm32-wasip2 build -p asserta-endpoint
# Extra compiler flags come in through WASM_RUSTFLAGS.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$1 command=$2
shift 2
toolchain=$(scripts/setup-wasm.sh)

# Wide arithmetic is never switched on: LLVM up to 22 miscompiles it (llvm-project issue 199910).
flags=${WASM_RUSTFLAGS:-}
# Limbs of 32 bits, which crypto-bigint does not choose for wasm32 by itself: a product of 64 by 64 bits has no
# instruction there. RSA takes half the time, P-521 a quarter.
flags+=" --cfg cpubits=\"32\""
# Without it the linker leaves five bytes for each address and each number of a function, where two or three do: 6 %
# of a component. The instructions are the same.
flags+=" -Clink-arg=--compress-relocations"
if [[ $target == wasm32-unknown-unknown ]]; then
  # On the bare target rustc has no component linker of its own choice; this one writes a component at once.
  flags+=" -Clinker=wasm-component-ld"
fi
if [[ " $* " == *" exchanger "* ]]; then
  # It is to be small: SHA-2 as a loop saves 18 kB, and a token is a few blocks.
  flags+=" --cfg sha2_backend=\"soft\" --cfg sha2_backend_soft=\"compact\""
fi

# The component linker comes with rustup's tool chain, in a folder that is not on PATH.
linkers=$(rustc --print sysroot)/lib/rustlib/$(rustc --version --verbose | sed -n 's/^host: //p')/bin
export PATH=$linkers:$linkers/gcc-ld:$PATH
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target/wasm}

cargo=cargo build_std=()
if [[ $toolchain == debian ]]; then
  # Debian ships no std for these targets but its sources: build them, with Debian's compiler alone,
  # since rustup's must not be mixed with them.
  cargo=/usr/bin/cargo
  export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
  unset RUSTUP_TOOLCHAIN
  case $target in
    wasm32-wasip2)
      build_std=(-Zbuild-std=std,panic_abort)
      flags+=" -L/usr/lib/wasm32-wasi -Clink-self-contained=no" ;;
    *)
      # A panic is a trap at once, without the sentence that nobody would see. Only a core that is built
      # here can do that: rustup's formats the sentence first, and is 20 kB larger.
      build_std=(-Zbuild-std=core,alloc -Zbuild-std-features=optimize_for_size)
      [[ " $* " != *" asserta-handler "* && " $* " != *" policy-"* ]] || build_std=(-Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size)
      flags+=" -Zunstable-options -Cpanic=immediate-abort" ;;
  esac
fi

RUSTFLAGS=$flags exec "$cargo" "$command" --target "$target" "${build_std[@]}" "$@"
