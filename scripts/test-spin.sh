#!/usr/bin/env bash
# Serves endpoint.wasm with a Spin by our own manifest, and guard.wasm as middleware in front of a component, with the tokens of the former.
#   ASSERTA  the native program, which signs assertions (target/release/asserta)
#   SPIN     a Spin 4.1 or newer; by default the `spin` that is found
set -euo pipefail
cd "$(dirname "$0")/.."

components=$PWD/target/components
asserta=${ASSERTA:-$PWD/target/release/asserta}
SPIN=${SPIN:-spin}

. scripts/package-tools.sh
. scripts/serving-tools.sh
what="the components on a Spin"
skip() { if not_tested "$what: $*"; then exit 0; else exit 1; fi; }

command -v "$SPIN" >/dev/null || skip "there is no \`spin\`"
for component in endpoint guard guarded; do
  [[ -f $components/$component.wasm ]] || skip "there is no $component.wasm (make wasm wasm-tests)"
done
[[ -x $asserta ]] || skip "there is no $asserta (make host)"
for tool in python3 curl; do command -v "$tool" >/dev/null || skip "there is no $tool"; done
"$SPIN" --version

umask 077
work=$(mktemp -d)
issuer='' api=''
# Word for word: those that run. A shell's background jobs know no interrupt; Spin takes this for one.
trap 'for process in $api $issuer; do kill "$process" 2>/dev/null || true; done; wait; rm -rf "$work"' EXIT

audience=https://api.example/mcp
issuer_port=$(free_port)
as=http://127.0.0.1:$issuer_port
secret=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')
mint() { "$asserta" mint --key "$work/idp.pem" --sub alice --aud "$as" --iss https://idp.example "$@"; }
mint --generate >"$work/first.jwt" 2>/dev/null
python3 - "$work/idp.pub.pem" "$secret" "$audience" >"$work/trust.json" <<'PY'
import hashlib, json, sys

pem, secret, audience = sys.argv[1:]
digest = hashlib.sha256(secret.encode()).hexdigest()
jwt_bearer = ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
applications = [
    {"client_id": "batch", "client_secret_sha256": digest, "grant_types": jwt_bearer, "scope": "read write", "audience": audience},
    # Who asks about tokens.
    {"client_id": "api", "client_secret_sha256": digest, "grant_types": jwt_bearer, "audience": audience},
]
issuer = {"name": "idp", "issuer": "https://idp.example", "certificate": open(pem).read()}
print(json.dumps({"organizations": [{"name": "default", "trusted_issuers": [issuer], "applications": applications}]}))
PY

SPIN_VARIABLE_ADMIN_TOKEN=$(python3 -c 'import secrets; print(secrets.token_hex(32))')
SPIN_VARIABLE_TRUST=$(<"$work/trust.json")
export SPIN_VARIABLE_ADMIN_TOKEN SPIN_VARIABLE_TRUST SPIN_VARIABLE_PUBLIC_URL=$as
# start_issuer MANIFEST: our manifest and runtime configuration as they are, beside a state of their own.
start_issuer() {
  local folder=$work/${1%.toml}-${SPIN_VARIABLE_REPLAY_STORE:-key-value}
  mkdir -p "$folder/target"
  cp "$1" runtime-config.toml "$folder/"
  ln -sfn "$components" "$folder/target/components"
  "$SPIN" up -f "$folder/$1" --runtime-config-file "$folder/runtime-config.toml" --listen "127.0.0.1:$issuer_port" >>"$work/issuer.log" 2>&1 &
  issuer=$!
  wait_for "$as/health" 200
}
stop_issuer() { kill "$issuer" && wait "$issuer" || true; }
# post ASSERTION [SCOPE]: the options of a token request.
post() {
  printf '%s\n' -u "batch:$secret" --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer \
    --data-urlencode "assertion=$1" -d "scope=${2:-read}"
}
token_endpoint=$as/oauth2/token

# exchanges MANIFEST: each assertion once, of many at a time and after a restart.
exchanges() {
  local once race statuses
  echo "-- $1, replay_store = ${SPIN_VARIABLE_REPLAY_STORE:-key-value}"
  start_issuer "$1"
  mapfile -t once < <(post "$(mint)")
  expect 200 '"access_token"' "an exchange" "${once[@]}" "$token_endpoint"
  expect 400 'invalid_grant' "the same assertion again" "${once[@]}" "$token_endpoint"
  for _ in 1 2 3; do
    mapfile -t race < <(post "$(mint)")
    statuses=$(at_once 64 "$token_endpoint" "${race[@]}")
    [[ $statuses == "1 200 63 400" ]] || fail "64 with one assertion: $statuses"
    echo "64 with one assertion, at once: $statuses"
  done
  stop_issuer
  start_issuer "$1"
  expect 400 'invalid_grant' "the same assertion after a restart" "${once[@]}" "$token_endpoint"
  expect 400 'invalid_grant' "one of the race after a restart" "${race[@]}" "$token_endpoint"
}

if [[ -f $components/endpoint-p2.wasm ]]; then
  exchanges spin-p2.toml
  stop_issuer
else
  not_tested "$what: there is no endpoint-p2.wasm (make wasm-endpoint-p2)"
fi
SPIN_VARIABLE_REPLAY_STORE=sqlite exchanges spin.toml
stop_issuer
exchanges spin.toml
expect 200 "\"issuer\":\"$as\"" "the metadata" "$as/.well-known/oauth-authorization-server"
expect 200 '"keys":' "the keys" "$as/oauth2/jwks"
expect 401 '^content-type: application/problem+json' "the admin API without its token" "$as/admin/organizations"
expect 200 '"name":"idp"' "the admin API" -H "authorization: Bearer $SPIN_VARIABLE_ADMIN_TOKEN" "$as/admin/organizations/default/trusted-issuers"
expect 200 '^content-type: text/html' "the console" --compressed "$as/console/"
grep -q '"event":"exchange"' "$work/spin-key-value/.spin/logs/endpoint_stderr.txt" || fail "no exchange is logged"

# token SCOPE: one for the API, by an assertion of its own.
token() {
  mapfile -t request < <(post "$(mint)" "$1")
  curl -sS --fail-with-body "${request[@]}" "$token_endpoint" | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'
}
# serve_api [NAME=VALUE]: the guard with these settings more, in front of what says which request it got.
serve_api() {
  local port
  port=$(free_port) url=http://127.0.0.1:$port
  mkdir -p "$work/api"
  cat >"$work/api/spin.toml" <<TOML
spin_manifest_version = 2

[application]
name = "api"
version = "0.1.0"

[[trigger.http]]
route = "/..."
component = "api"
dependencies.middleware = [
  { path = "$components/guard.wasm", inherit_configuration = ["allowed_outbound_hosts", "environment"] },
]

[component.api]
source = "$components/guarded.wasm"
allowed_outbound_hosts = ["$as"]

[component.api.environment]
guard_issuer = "$as"
guard_audience = "$audience"
guard_scopes = "read"
$(printf '%s\n' "$@")
TOML
  "$SPIN" up -f "$work/api/spin.toml" --listen "127.0.0.1:$port" >"$work/api.log" 2>&1 &
  api=$!
  wait_for "$url/.well-known/oauth-protected-resource/mcp" 200
}
serve_api
grep -qF "\"authorization_servers\":[\"$as\"]" "$work/response" || fail "other metadata: $(<"$work/response")"
good=$(token read) narrow=$(token write)
target=$url/mcp?a=b
expect 401 '^www-authenticate: Bearer scope="read", resource_metadata=' "no token" "$target"
expect 200 '^x-asserta-subject: alice' "a token" -H "authorization: Bearer $good" "$target"
expect 200 '^x-asserta-subject: alice' "the same again" -H "authorization: Bearer $good" -H 'x-asserta-subject: mallory' "$target"
if grep -q mallory "$work/response"; then fail "a client's own header came through"; fi
expect 403 'error="insufficient_scope"' "a token for another scope" -H "authorization: Bearer $narrow" "$target"
expect 401 'error="invalid_token"' "a forged one" -H "authorization: Bearer ${good%.*}.${narrow##*.}" "$target"
statuses=$(at_once 300 "$url/mcp" -H "authorization: Bearer $good")
[[ $statuses == "300 200" ]] || fail "300 requests: $statuses"
echo "300 requests, 64 at once: 200"
kill "$api"
wait "$api" || true

serve_api 'guard_introspect = "true"' 'guard_client_id = "api"' "guard_client_secret = \"$secret\""
target=$url/mcp
expect 200 '^x-asserta-subject: alice' "a token that is asked about" -H "authorization: Bearer $good" "$target"
curl -sS --fail-with-body -o "$work/response" -u "batch:$secret" --data-urlencode "token=$good" "$as/oauth2/revoke"
expect 401 'error="invalid_token"' "the same, revoked" -H "authorization: Bearer $good" "$target"
