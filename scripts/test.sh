#!/usr/bin/env bash
# Runs every test and ends by saying how much that was, and what could not be tested (`make test`).
#
# The tests leave the figures in target/summary (host-tests/src/summary.rs), which is emptied first, so that none is of
# an earlier run. What was not tested is never a pass: it fails under CI.
set -euo pipefail
cd "$(dirname "$0")/.."
summary=target/summary
rm -rf "$summary"
mkdir -p "$summary"

# Into a file that is shown as it grows, and not through a pipe: a program that makes its output non-blocking, as Node
# does, makes a pipe so for every other that writes to it, and those then fail where the reader is slow.
: >"$summary/log"
sleep infinity &
running=$!
trap 'kill "$running" 2>/dev/null || true' EXIT
tail --quiet --lines=+1 --follow --pid="$running" "$summary/log" &
shown=$!
status=0
"${MAKE:-make}" --no-print-directory test-core test-http test-documents test-host test-stock-wasmtime test-packages test-scenarios >>"$summary/log" 2>&1 || status=$?
kill "$running"
trap - EXIT
wait "$shown"

# line KIND WHAT: how many of a kind passed.
line() {
  if [[ -f $summary/$1 ]]; then
    printf '%-10s %6d  %s\n' "$1" "$(<"$summary/$1")" "$2"
  else
    echo "$1: nothing was counted" >>"$summary/not-tested"
  fi
}

printf '\n== what was tested\n'
line vectors "public test vectors, in Wasm as the endpoint is built and as the exchanger is built"
line scenarios "each over HTTP on five components; the table above has the embedded hosts beside them"
line rules "of docs/rules.md, each named by a test"
if [[ -f $summary/not-tested ]]; then
  sort -u "$summary/not-tested" | sed 's/^/not tested: /'
  [[ -z ${CI:-} ]] || status=1
fi
# As cargo, pytest and Node say it.
awk '
  /^test result:/ { passed += $4; failed += $6 }
  /^[0-9]+ (passed|failed)/ { for (i = 1; i < NF; i++) { if ($(i + 1) ~ /^passed/) passed += $i; if ($(i + 1) ~ /^failed/) failed += $i } }
  /^# (pass|fail) [0-9]+$/ || /^ℹ (pass|fail) [0-9]+$/ { if ($2 == "pass") passed += $3; else failed += $3 }
  END { printf "%d passed, %d failed\n", passed, failed }' "$summary/log"
exit "$status"
