#!/usr/bin/env bash
# Installs the built packages of target/packages/ into clean places and runs their tests there.
#   scripts/test-packages.sh python javascript rust
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

. scripts/package-tools.sh

python() {
  (cd target/test-python && bin/python -m pytest -q -rs -p no:cacheprovider "$root/embed/python/tests")
}

javascript() {
  local tests=(addresses.test.mjs exchange.test.mjs fetching.test.mjs guard.test.mjs guard-frameworks.test.mjs host-signatures.test.mjs http.test.mjs interface.test.mjs mcp.test.mjs readme.test.mjs token-exchange.test.mjs tokens.test.mjs types.test.mjs)
  if command -v "${CHROMIUM:-/usr/bin/chromium}" >/dev/null; then
    tests+=(browser.test.mjs)
  else
    not_tested "the package in a browser: there is no Chromium (apt-get install chromium)"
  fi
  (cd target/test-javascript && node --test "${tests[@]}")
  (cd target/test-cloudflare && node --test --test-timeout=180000 cloudflare.test.mjs)
}

# The example of the README prints an access token.
rust() {
  local token
  echo "building a program on the packed crate: 3 minutes the first time, for wasmtime" >&2
  (cd target/test-rust && CARGO_TARGET_DIR=build cargo build --quiet)
  token=$(cd target/test-rust && build/debug/consumer)
  [[ $token =~ ^eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$ ]] || { echo "test-packages: no token: $token" >&2; return 1; }
  echo "the example of embed/rust/README.md, on the packed crate: ok"
}

for package in "$@"; do
  lacking=$(missing "$package")
  if [[ -n $lacking ]]; then
    rm -rf "target/test-$package"
    not_tested "the package of $package: there is no $lacking"
    continue
  fi
  scripts/install-packages.sh "$package"
  "$package"
done
