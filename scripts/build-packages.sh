#!/usr/bin/env bash
# Builds the packages of other languages into target/packages/, around the built exchanger.wasm.
#   scripts/build-packages.sh python javascript rust
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
component=$root/target/components/exchanger.wasm
out=$root/target/packages
mkdir -p "$out"
[[ -f $component ]] || { echo "build-packages: first build the component: make wasm-exchanger" >&2; exit 1; }

# A wheel: the same file for every platform.
python() {
  cp "$component" embed/python/src/asserta/exchanger.wasm
  local tools=target/python-tools
  [[ -x $tools/bin/python ]] || python3 -m venv "$tools"
  rm -rf embed/python/build "$out"/asserta-*.whl
  "$tools/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$out" embed/python
  rm -rf embed/python/build embed/python/src/*.egg-info
}

# An npm package, made with jco.
javascript() {
  cd embed/javascript
  npm ci --silent --no-audit --no-fund
  rm -rf dist src/generated "$out"/asserta-*.tgz
  npm run --silent build
  npm pack --silent --pack-destination "$out" >/dev/null
  cd "$root"
}

# A crate that carries the component.
rust() {
  mkdir -p embed/rust/component
  cp "$component" embed/rust/component/exchanger.wasm
  cargo package --quiet --package asserta-exchanger --no-verify --allow-dirty --exclude-lockfile
  cp target/package/asserta-exchanger-*.crate "$out/"
  rm embed/rust/component/exchanger.wasm
}

for package in "$@"; do
  case $package in
    python | javascript | rust) "$package" ;;
    *) echo "build-packages: no package is called $package" >&2; exit 2 ;;
  esac
done
ls -l "$out" | awk 'NR > 1 { printf "%-40s %9d bytes\n", $9, $5 }'
