#!/usr/bin/env bash
# Installs the built packages of target/packages/ into clean places and runs their tests there.
#   scripts/test-packages.sh python javascript
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
packages=$root/target/packages

# A venv with nothing in it but the wheel and what the tests need.
python() {
  local venv=$root/target/test-python
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$packages"/asserta-*.whl 'pytest<10' 'joserfc<2' 'cedarpy<5'
  (cd "$venv" && bin/python -m pytest -q -p no:cacheprovider "$root/embed/python/tests")
}

# An empty folder with nothing in it but the package and what the tests need.
javascript() {
  local folder=$root/target/test-javascript
  rm -rf "$folder"
  mkdir -p "$folder"
  cd "$folder"
  echo '{"private": true, "type": "module"}' >package.json
  npm install --silent --no-audit --no-fund "$packages"/asserta-*.tgz jose@6 playwright-core@1
  cp "$root"/embed/javascript/tests/*.mjs .
  local tests=(exchange.test.mjs readme.test.mjs)
  if command -v "${CHROMIUM:-/usr/bin/chromium}" >/dev/null; then
    tests+=(browser.test.mjs)
  elif [[ -n ${CI:-} ]]; then
    echo "test-packages: no Chromium: apt-get install chromium" >&2
    return 1
  else
    echo "test-packages: no Chromium here, so no test in a browser" >&2
  fi
  node --test "${tests[@]}"
  cd "$root"
}

for package in "$@"; do
  case $package in
    python | javascript) "$package" ;;
    *) echo "test-packages: no package is called $package" >&2; exit 2 ;;
  esac
done
