#!/usr/bin/env bash
# Serves endpoint-p2-wasmcloud.wasm with the wasmtime that anybody can install, and has it issue a token.
#
# This is a test of the component, and no way to run it: wasmtime's own key-value store lives in the memory of each
# instance, and there is an instance for each request. An assertion works there as often as somebody presents it, which
# the last check shows.
#   ASSERTA  the native program, which plays the third party (target/release/asserta)
#   WASMTIME a wasmtime; by default that of scripts/stock-wasmtime.sh
set -euo pipefail
cd "$(dirname "$0")/.."

component=$PWD/target/components/endpoint-p2-wasmcloud.wasm
asserta=${ASSERTA:-$PWD/target/release/asserta}

. scripts/package-tools.sh
what="a token on a stock wasmtime"
skip() { if not_tested "$what: $*"; then exit 0; else exit 1; fi; }

[[ -f $component ]] || skip "there is no $component (scripts/build-wasm.sh endpoint-p2-wasmcloud)"
[[ -x $asserta ]] || skip "there is no $asserta (make host)"
for tool in python3 curl; do command -v "$tool" >/dev/null || skip "there is no $tool"; done
WASMTIME=$(scripts/stock-wasmtime.sh) || skip "there is no wasmtime"
"$WASMTIME" --version

work=$(mktemp -d)
server='' keys=''
# Word for word: those that run.
trap 'for process in $server $keys; do kill "$process" 2>/dev/null || true; done; rm -rf "$work"' EXIT
fail() { echo "test-stock-wasmtime: $*" >&2; sed 's/^/  /' "$work/log" >&2; exit 1; }

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port
secret=$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')
mint() { "$asserta" mint --key "$work/idp.pem" --sub alice --aud "$url" "$@"; }
mint --generate --iss https://idp.example >"$work/first.jwt" 2>/dev/null

# The third party's server, which publishes its key well and in all the ways that are refused (R50); its port and the
# document of registrations come out of it.
cat >"$work/keys.py" <<'PY'
import base64, hashlib, http.server, json, sys, time

folder, secret = sys.argv[1:]
pem = open(f"{folder}/idp.pub.pem").read()
# The public key of P-256 ends with its point: x and y.
point = base64.b64decode("".join(pem.split("\n")[1:-2]))[-64:]
coordinate = lambda octets: base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
jwk = {"kty": "EC", "crv": "P-256", "x": coordinate(point[:32]), "y": coordinate(point[32:])}
keys = json.dumps({"keys": [jwk]}).encode()


class Keys(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, body, headers = 200, keys, {}
        if self.path == "/slow":
            time.sleep(30)
        elif self.path == "/large":
            body = keys + b" " * 70000
        elif self.path == "/redirect":
            status, headers = 302, {"location": "/good"}
        elif self.path == "/encoded":
            headers = {"content-encoding": "gzip"}
        elif self.path == "/short":
            headers = {"content-length": str(len(body) + 1), "connection": "close"}
        elif self.path != "/good":
            status = 500
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
server.daemon_threads = True
issuers = [{"name": "idp", "issuer": "https://idp.example", "certificate": pem}]
for way in ("good", "slow", "large", "redirect", "encoded", "short", "broken"):
    uri = f"http://127.0.0.1:{server.server_port}/{way}"
    issuers.append({"name": way, "issuer": f"https://{way}.example", "jwks_uri": uri})
application = {
    "client_id": "batch",
    "client_secret_sha256": hashlib.sha256(secret.encode()).hexdigest(),
    "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
    "scope": "jobs.run",
}
print(json.dumps({"organizations": [{"name": "default", "trusted_issuers": issuers, "applications": [application]}]}), flush=True)
server.serve_forever()
PY
python3 "$work/keys.py" "$work" "$secret" >"$work/trust.json" &
keys=$!
for _ in $(seq 100); do [[ ! -s $work/trust.json ]] || break; sleep 0.1; done

# Both stores are wasmtime's one kind, whose identifier is empty. The settings go through the environment, which no
# other user of this machine can read.
env ASSERTA_PUBLIC_URL="$url" ASSERTA_TRUST="$(<"$work/trust.json")" ASSERTA_DEV=true ASSERTA_BUCKET_DEFAULT='' ASSERTA_BUCKET_REPLAY='' \
  "$WASMTIME" serve --addr "127.0.0.1:$port" -S cli,keyvalue,inherit-env "$component" >"$work/log" 2>&1 &
server=$!

for _ in $(seq 600); do
  kill -0 "$server" 2>/dev/null || fail "it does not serve the component"
  curl -sf "$url/health" >"$work/health" 2>/dev/null && break
  sleep 0.1
done
grep -qx '{"status":"ok"}' "$work/health" || fail "no health: $(<"$work/health")"

# post FILE: presents the assertion in it; prints the status, and leaves the response in $work/response.
post() {
  curl -s -o "$work/response" -w '%{http_code}' -u "batch:$secret" \
    --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer \
    --data-urlencode "assertion=$(<"$1")" "$url/oauth2/token"
}
# expect STATUS PATTERN FILE WHAT
expect() {
  local status
  status=$(post "$3")
  [[ $status == "$1" ]] && grep -q "$2" "$work/response" || fail "$4: $status $(<"$work/response")"
  echo "$4: $status"
}

expect 200 '"access_token":"[^"]*\.[^"]*\.[^"]*"' "$work/first.jwt" "an assertion"
grep -q '"scope":"jobs.run"' "$work/response" || fail "the scope is missing: $(<"$work/response")"
mint --iss https://idp.example --expires-in=-600 >"$work/expired.jwt"
expect 400 '"error":"invalid_grant"' "$work/expired.jwt" "an expired one"
"$asserta" mint --key "$work/stranger.pem" --generate --iss https://idp.example --sub alice --aud "$url" >"$work/stranger.jwt" 2>/dev/null
expect 400 '"error":"invalid_grant"' "$work/stranger.jwt" "one that somebody else signed"
mint --iss https://good.example >"$work/good.jwt"
expect 200 access_token "$work/good.jwt" "keys that are fetched"
while read -r way cause; do
  mint --iss "https://$way.example" >"$work/$way.jwt"
  SECONDS=0
  expect 503 '"error":"temporarily_unavailable"' "$work/$way.jwt" "keys that are $way"
  ((SECONDS <= 7)) || fail "keys that are $way took $SECONDS seconds"
  grep -q "\"event\":\"keys-failed\".*\"trusted_issuer\":\"$way\",\"cause\":\".*$cause" "$work/log" ||
    fail "keys that are $way: another cause is in the log"
done <<'WAYS'
large exceeds 64 KiB
redirect a redirect, which is not followed
encoded is compressed
short incomplete
broken 500 instead of 200
slow no complete answer in time
WAYS
# A body that is larger than is ever read, announced and in pieces, and a path that is not there.
head -c 70000 /dev/zero | tr '\0' a >"$work/large"
[[ $(curl -s -o "$work/response" -w '%{http_code}' -H 'expect:' --data-binary "@$work/large" "$url/oauth2/token") == 413 ]] || fail "a large body: $(<"$work/response")"
[[ $(curl -s -o "$work/response" -w '%{http_code}' -H 'expect:' -H 'transfer-encoding: chunked' --data-binary "@$work/large" "$url/oauth2/token") == 413 ]] || fail "a large body in pieces: $(<"$work/response")"
[[ $(curl -s -o "$work/response" -w '%{http_code}' "$url/nowhere") == 404 ]] || fail "a 404: $(<"$work/response")"
grep -q '{"event":"exchange",.*"outcome":"granted"' "$work/log" || fail "no exchange was logged"
if grep -qF "$secret" "$work/log" || grep -qF "$(<"$work/first.jwt")" "$work/log"; then fail "a secret is in the log"; fi

# Not a defect of the component: each instance has a store of its own here. Where this is refused one day, docs/hosts.md
# can say so.
expect 200 access_token "$work/first.jwt" "the first one again, which wasmtime's own store can't know"
