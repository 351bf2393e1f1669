#!/usr/bin/env bash
# Builds the packages of other languages into target/packages/, around the built components.
#   scripts/build-packages.sh python javascript rust
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
. scripts/package-tools.sh
components=("$root"/target/components/exchanger{,-host-signatures}.wasm)
# The HTTP face.
handlers=("$root"/target/components/handler{,-host-signatures}.wasm)
# The resource's side.
guards=("$root"/target/components/guard-library.wasm)
out=$root/target/packages
mkdir -p "$out"
for component in "${components[@]}" "${handlers[@]}" "${guards[@]}"; do
  [[ -f $component ]] || { echo "build-packages: first build the components: make wasm-exchanger wasm-handler wasm-host-signatures wasm-guard" >&2; exit 1; }
done
# A wheel: the same file for every platform.
python() {
  cp "${components[@]}" "${handlers[@]}" "${guards[@]}" embed/python/src/asserta/
  cp LICENSE embed/python/
  local tools=target/python-tools
  [[ -x $tools/bin/python ]] || python3 -m venv "$tools"
  rm -rf embed/python/build "$out"/asserta-*.whl
  "$tools/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$out" embed/python
  rm -rf embed/python/build embed/python/src/*.egg-info
}

# An npm package, made with jco.
javascript() {
  cp LICENSE embed/javascript/
  cd embed/javascript
  npm ci --silent --no-audit --no-fund
  rm -rf dist src/generated "$out"/asserta-*.tgz
  npm run --silent build
  npm pack --silent --pack-destination "$out" >/dev/null
  cd "$root"
}

# A crate that carries the components.
rust() {
  mkdir -p embed/rust/component
  cp "${components[@]}" "${handlers[@]}" embed/rust/component/
  cp LICENSE embed/rust/
  cargo package --quiet --package asserta-exchanger --no-verify --allow-dirty --exclude-lockfile
  cp target/package/asserta-exchanger-*.crate "$out/"
  rm -r embed/rust/component embed/rust/LICENSE
}

for package in "$@"; do
  lacking=$(missing "$package")
  if [[ -n $lacking ]]; then
    echo "not built: the package of $package: there is no $lacking" >&2
    if is_ci; then exit 1; fi
    continue
  fi
  case $package in
    python | javascript | rust) "$package" ;;
    *) echo "build-packages: no package is called $package" >&2; exit 2 ;;
  esac
done
ls -l "$out" | awk 'NR > 1 { printf "%-40s %9d bytes\n", $9, $5 }'
