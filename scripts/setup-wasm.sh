#!/usr/bin/env bash
# Makes wasm32-wasip2 and wasm32-unknown-unknown buildable, and prints which way was taken:
#   rustup   the targets of the installed Rust tool chain (the ordinary way)
#   debian   Debian's rustc-web with its own std sources, where rustup cannot download
# What is already on the machine is used as it is, without a look at the network.
# ASSERTA_WASM_TOOLCHAIN=rustup|debian allows only that way.
set -euo pipefail

targets=(wasm32-wasip2 wasm32-unknown-unknown)
packages=(rustc-web cargo-web rust-web-src wasi-libc)
only=${ASSERTA_WASM_TOOLCHAIN:-}
say() { echo "setup-wasm: $*" >&2; }

have_rustup_targets() {
  local target sysroot
  sysroot=$(rustc --print sysroot)
  for target in "${targets[@]}"; do
    compgen -G "$sysroot/lib/rustlib/$target/lib/libcore-*.rlib" >/dev/null || return 1
  done
}

have_debian_packages() {
  [[ -x /usr/bin/cargo && -x /usr/bin/rustc && -f /usr/lib/wasm32-wasi/libc.a ]] &&
    dpkg-query --show --showformat='${Package}\n' rust-web-src rustc-web cargo-web >/dev/null 2>&1
}

add_rustup_targets() {
  command -v rustup >/dev/null || return 1
  say "adding ${targets[*]} with rustup"
  # A closed network must not cost minutes: one try, and an end to waiting.
  RUSTUP_MAX_RETRIES=1 timeout 300 rustup target add "${targets[@]}" >&2
}

install_debian_packages() {
  command -v apt-get >/dev/null || return 1
  if [[ $(id -u) != 0 ]]; then
    say "needed, but not installable without root: sudo apt-get install ${packages[*]}"
    return 1
  fi
  say "installing ${packages[*]} (about a minute)"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >&2
}

command -v rustc >/dev/null || { say "no rustc: install Rust 1.95 or newer with rustup first"; exit 1; }

allowed() { [[ -z $only || $only == "$1" ]]; }
if allowed rustup && have_rustup_targets; then echo rustup; exit; fi
if allowed debian && have_debian_packages; then echo debian; exit; fi
if allowed rustup && add_rustup_targets && have_rustup_targets; then echo rustup; exit; fi
if allowed debian && install_debian_packages && have_debian_packages; then echo debian; exit; fi

say "no way to build for WebAssembly was found."
say "ordinary:  rustup target add ${targets[*]}"
say "on Debian: apt-get install ${packages[*]}   (beside a Rust tool chain of rustup)"
exit 1
