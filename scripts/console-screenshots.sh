#!/usr/bin/env bash
# Takes the pictures of docs/console.md into docs/console/: a server in memory, headless Chromium, an organization with
# something to see. Needs what `make test` needs: Node, Chromium, openssl.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
token=$(openssl rand -hex 32)
work=$(mktemp -d)
server=
finish() { [[ -z $server ]] || kill "$server" 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT

packages=target/console-browser
mkdir -p "$packages"
cp host-tests/console/* "$packages"
(cd "$packages" && npm ci --silent --no-audit --no-fund)

# The program and the component that were built, or others.
"${ASSERTA:-target/release/asserta}" serve --dev --listen 127.0.0.1:0 --store memory --data "$work" --admin-token "$token" \
  --component "${ASSERTA_COMPONENT:-target/components/handler.wasm}" >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 300); do
  url=$(sed -n 's/^Asserta listens on //p' "$work/out")
  [[ -n $url ]] && break
  sleep 0.2
done
[[ -n $url ]] || { echo "the server does not start" >&2; exit 1; }
node "$packages/screenshots.mjs" "$url/" "$token" "$root/docs/console"
ls -l docs/console
