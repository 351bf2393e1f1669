#!/usr/bin/env bash
# Runs what is hard on Asserta at full length, and ends with one table: what was tried, how often, how many
# failures. Figures stand below their line. About 40 minutes.
#   scripts/torture.sh                 everything
#   scripts/torture.sh soak nodes      these parts
#
# A part is a name in `names` and a function `run_NAME` for it. It appends lines
# `what | times | failures` (and `# figure`) to the file in ASSERTA_TORTURE; one that fails gets a line of its own.
set -uo pipefail
cd "$(dirname "$0")/.."

# Together, as `make test` builds them: with other features each would be built once more.
packages=(-p asserta -p host-tests -p asserta-exchanger -p asserta-bench --features asserta-exchanger/host-signatures,asserta-exchanger/http)
tests() { cargo test --release "${packages[@]}" "${@/#/--test=}" -- --nocapture --test-threads=1 --include-ignored; }

names=(vectors attacks keys fuzz nodes crashes isolation secrets soak)
run_vectors() { tests vectors host_signatures rsa_verification; }
run_attacks() {
  tests scenarios || return
  awk -F '\t' '{ times++; failures += $2 != "ok" } END { print "scenarios over HTTP | " times " | " failures }' \
    target/scenarios-http.tsv >>"$ASSERTA_TORTURE"
}
run_keys() { tests jwks_life slow_key_endpoint; }
run_fuzz() {
  scripts/fuzz.sh | tee target/fuzz.txt
  local status=${PIPESTATUS[0]}
  awk 'NR > 1 { print "fuzzing " $1 ": executions in " $3 " s | " $2 " | " $5 }' target/fuzz.txt >>"$ASSERTA_TORTURE"
  return "$status"
}
run_nodes() { tests key_value_stores several_nodes redis_over_tls one_assertion_at_once; }
run_crashes() { tests crash_safety kill_and_restart failing_store; }
run_isolation() { tests misbehaving_component connections isolation graceful_stop; }
run_secrets() { tests log_secrets log_lines; }
run_soak() { tests soak; }

# The server itself, which the tests start.
cargo build --release "${packages[@]}" || exit 1

table=target/torture.txt
mkdir -p target
: >"$table"
export ASSERTA_TORTURE=$PWD/$table
[[ $# -gt 0 ]] && names=("$@")
failed=0
for name in "${names[@]}"; do
  declare -F "run_$name" >/dev/null || { echo "torture: no part is called $name" >&2; exit 2; }
  printf '\n== %s (at %d min %02d s)\n' "$name" $((SECONDS / 60)) $((SECONDS % 60))
  if ! "run_$name"; then
    failed=1
    echo "$name: a test failed, see above | 1 | 1" >>"$table"
  fi
done

printf '\n%-72s %9s %9s\n' "what was tried" times failures
awk -F ' [|] ' '
  /^#/ { sub(/^# /, ""); print "    " $0; next }
  { printf "%-72s %9d %9d\n", $1, $2, $3; failures += $3 }
  END { printf "%-72s %9s %9d\n", "all", "", failures }' "$table"
exit $failed
