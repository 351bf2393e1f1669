#!/usr/bin/env bash
# Installs the built packages of target/packages/ into clean places: target/test-python, -javascript, -cloudflare and -rust.
#   scripts/install-packages.sh python javascript rust
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
packages=$root/target/packages

# A venv with nothing in it but the wheel and what the tests need.
python() {
  local venv=$root/target/test-python
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$(echo "$packages"/asserta-*.whl)[host-signatures]" 'pytest<10' 'joserfc<2' 'cedarpy<5' \
    'uvicorn<1' 'hypercorn<1' 'fastapi<1' 'flask<4' 'requests_oauth2client<2' 'mypy<3'
}

# An empty folder with nothing in it but the package and what the tests need.
javascript() {
  local folder=$root/target/test-javascript
  rm -rf "$folder"
  mkdir -p "$folder"
  cd "$folder"
  echo '{"private": true, "type": "module"}' >package.json
  npm install --silent --no-audit --no-fund "$packages"/asserta-[0-9]*.tgz jose@6 playwright-core@1 deno@2 @modelcontextprotocol/sdk@1 express@5 hono@4 @hono/node-server@2 openid-client@6 bun@1 typescript@5 @types/node@20
  cp "$root"/embed/javascript/tests/*.mjs "$root"/host-tests/addresses.json "$root"/wit/{types,world}.wit .
  cd "$root"
}

# The example for Cloudflare Workers with the package, its tests, and what they run: the vendor's runtime and command line.
cloudflare() {
  local folder=$root/target/test-cloudflare
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$root"/embed/javascript/tests/{partner.mjs,cloudflare/*.mjs,cloudflare/*.json} "$root"/examples/cloudflare/{index.js,wrangler.jsonc} "$folder"
  cd "$folder"
  # In the versions of the lock, and nothing of them runs while it is installed.
  npm ci --silent --no-audit --no-fund --ignore-scripts
  npm install --silent --no-audit --no-fund --ignore-scripts --no-save "$packages"/asserta-[0-9]*.tgz
  cd "$root"
}

# A program that depends on the packed crate, with the example of its README in it.
rust() {
  local folder=$root/target/test-rust
  # What was built of wasmtime stays.
  rm -rf "$folder"/{src,asserta-exchanger,Cargo.*}
  mkdir -p "$folder/asserta-exchanger"
  cp -r embed/rust/tests/consumer/. "$folder"
  # The versions that the repository is tested with.
  cp Cargo.lock "$folder"
  tar -xzf "$packages"/asserta-exchanger-*.crate -C "$folder/asserta-exchanger" --strip-components=1
  {
    echo 'pub fn example() -> Result<(), Box<dyn std::error::Error>> {'
    sed -n '/^```rust$/,/^```$/ { /^```/d; p }' "$folder/asserta-exchanger/README.md"
    echo 'Ok(()) }'
  } >"$folder/src/readme.rs"
}

for package in "$@"; do
  case $package in
    python | rust) "$package" ;;
    javascript) javascript; cloudflare ;;
    *) echo "install-packages: no package is called $package" >&2; exit 2 ;;
  esac
done
