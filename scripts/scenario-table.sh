#!/usr/bin/env bash
# Runs the scenarios of host-tests on the embedded hosts that scripts/test-packages.sh has set up, and prints a
# table of scenario by host. What a host skips, and why, stands below it.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
scenarios=$root/target/scenarios.json
results=$(mktemp -d)
trap 'rm -r "$results"' EXIT

status=0
target/test-python/bin/python -W ignore embed/python/tests/scenarios.py "$scenarios" >"$results/python" 2>"$results/log" || status=1
(cd target/test-javascript && node scenarios.mjs "$scenarios") >"$results/javascript" 2>>"$results/log" || status=1
target/release/examples/scenarios "$scenarios" >"$results/rust" 2>>"$results/log" || status=1

awk -F '\t' '
  FNR == 1 { host++ }
  !($1 in seen) { seen[$1] = 1; order[++count] = $1 }
  {
    cell = $2; sub(/[: ].*/, "", cell); cells[host, $1] = cell
    split("rust python javascript", names, " ")
    total[host, cell]++
    if ($2 != "ok") reasons[++noted] = sprintf("%s on %s: %s", $1, names[host], $2)
  }
  END {
    printf "%-48s %-10s %-10s %-10s\n", "scenario", "rust", "python", "javascript"
    for (i = 1; i <= count; i++)
      printf "%-48s %-10s %-10s %-10s\n", order[i], cells[1, order[i]], cells[2, order[i]], cells[3, order[i]]
    printf "%-48s %-10d %-10d %-10d\n\n", "ok, of " count, total[1, "ok"], total[2, "ok"], total[3, "ok"]
    for (i = 1; i <= noted; i++) print reasons[i]
  }
' "$results/rust" "$results/python" "$results/javascript"
exit $status
