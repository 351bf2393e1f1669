#!/usr/bin/env bash
# Serves guard.wasm, composed in front of a component, with the wasmtime that anybody can install, and calls it with tokens.
#   ASSERTA  the native program, which issues them (target/release/asserta)
#   WASMTIME a wasmtime; by default that of scripts/stock-wasmtime.sh
set -euo pipefail
cd "$(dirname "$0")/.."

guarded=$PWD/target/components/guard-guarded.wasm
endpoint=$PWD/target/components/handler.wasm
asserta=${ASSERTA:-$PWD/target/release/asserta}

. scripts/package-tools.sh
. scripts/serving-tools.sh
what="the guard on a stock wasmtime"
skip() { if not_tested "$what: $*"; then exit 0; else exit 1; fi; }

[[ -f $guarded ]] || skip "there is no $guarded (make wasm-tests)"
[[ -f $endpoint ]] || skip "there is no $endpoint (make wasm-handler)"
[[ -x $asserta ]] || skip "there is no $asserta (make host)"
for tool in python3 curl; do command -v "$tool" >/dev/null || skip "there is no $tool"; done
WASMTIME=$(scripts/stock-wasmtime.sh) || skip "there is no wasmtime"
"$WASMTIME" --version

work=$(mktemp -d)
issuer='' api=''
# Word for word: those that run.
trap 'for process in $api $issuer; do kill "$process" 2>/dev/null || true; done; rm -rf "$work"' EXIT

audience=https://api.example/mcp
issuer_port=$(free_port) api_port=$(free_port)
as=http://127.0.0.1:$issuer_port
secret=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')
mint() { "$asserta" mint --key "$work/idp.pem" --sub alice --aud "$as" --iss https://idp.example "$@"; }
mint --generate >"$work/first.jwt" 2>/dev/null
python3 - "$work/idp.pub.pem" "$secret" "$audience" >"$work/trust.json" <<'PY'
import hashlib, json, sys

pem, secret, audience = sys.argv[1:]
application = {
    "client_id": "batch",
    "client_secret_sha256": hashlib.sha256(secret.encode()).hexdigest(),
    "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
    "scope": "read write",
    "audience": audience,
}
issuer = {"name": "idp", "issuer": "https://idp.example", "certificate": open(pem).read()}
print(json.dumps({"organizations": [{"name": "default", "trusted_issuers": [issuer], "applications": [application]}]}))
PY
"$asserta" serve --dev --store memory --data "$work/data" --component "$endpoint" --listen "127.0.0.1:$issuer_port" \
  --public-url "$as" --trust "@$work/trust.json" >"$work/issuer.log" 2>&1 &
issuer=$!
wait_for "$as/health" 200

# token SCOPE: a token for this API, by an assertion of its own.
token() {
  mint >"$work/assertion.jwt"
  curl -sS --fail-with-body -u "batch:$secret" --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer \
    --data-urlencode "assertion=$(<"$work/assertion.jwt")" -d "scope=$1" "$as/oauth2/token" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'
}

api=http://127.0.0.1:$api_port
"$WASMTIME" serve --addr "127.0.0.1:$api_port" -W component-model-async=y -S cli=y,p3=y \
  --env "guard_issuer=$as" --env "guard_audience=$audience" --env guard_scopes=read "$guarded" >"$work/api.log" 2>&1 &
url=$api api=$!
wait_for "$url/.well-known/oauth-protected-resource/mcp" 200
grep -qF "\"authorization_servers\":[\"$as\"]" "$work/response" || fail "other metadata: $(<"$work/response")"

good=$(token read) narrow=$(token write)
expect 401 '^www-authenticate: Bearer scope="read", resource_metadata=' "no token" "$url/mcp?a=b"
expect 200 '^x-asserta-subject: alice' "a token" -H "authorization: Bearer $good" "$url/mcp?a=b"
expect 200 '^x-asserta-subject: alice' "the same again" -H "authorization: Bearer $good" -H 'x-asserta-subject: mallory' "$url/mcp?a=b"
if grep -q mallory "$work/response"; then fail "a client's own header came through"; fi
expect 403 'error="insufficient_scope"' "a token for another scope" -H "authorization: Bearer $narrow" "$url/mcp?a=b"
expect 401 'error="invalid_token"' "a forged one" -H "authorization: Bearer ${good%.*}.${narrow##*.}" "$url/mcp?a=b"
# More than one instance serves at once, and more than 128 requests need a second one.
statuses=$(at_once 300 "$url/mcp" -H "authorization: Bearer $good")
[[ $statuses == "300 200" ]] || fail "300 requests: $statuses"
echo "300 requests, 64 at once: 200"
