#!/usr/bin/env bash
# Fuzzes each target for FUZZ_SECONDS (60) and prints a table; a failure is kept in fuzz/artifacts and ends with 1.
#   scripts/fuzz.sh [TARGET …]
# With FUZZ_SEED the same code is given the same inputs, so that what CI runs can be run before.
# It begins with the committed corpus; what it finds beyond that stays in target/fuzz-found for the next run.
set -euo pipefail
cd "$(dirname "$0")/.."

# A backtrace takes more memory than any input may.
export RUST_BACKTRACE=0
seconds=${FUZZ_SECONDS:-60}
# Sanitizers need a nightly compiler. Without one, panics, overflows, failed assertions and the limit of memory
# (fuzz/src/lib.rs) are still failures, and core has no unsafe code that a sanitizer could watch.
options=(--fuzz-dir fuzz --sanitizer none --target-dir target/fuzz)

if ! command -v cargo-fuzz >/dev/null; then
  echo "needed: cargo install --locked cargo-fuzz --version 0.13.2" >&2
  exit 1
fi
targets=("$@")
[[ $# -gt 0 ]] || mapfile -t targets < <(cargo fuzz list --fuzz-dir fuzz)

echo "building the fuzz targets (2 minutes the first time)" >&2
cargo fuzz build "${options[@]}" 2>&1 | sed '/Compiling/d' >&2

failed=0 row='%-16s %12s %8s %12s %9s\n'
# shellcheck disable=SC2059
printf "$row" target executions seconds 'held (kB)' failures
for target in "${targets[@]}"; do
  found=target/fuzz-found/$target log=target/fuzz-found/$target.log
  mkdir -p "$found"
  dictionary=fuzz/dictionaries/$target.dict
  [[ -e $dictionary ]] || dictionary=
  begun=$SECONDS failures=0
  cargo fuzz run "${options[@]}" "$target" "$found" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -max_len=70000 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    ${FUZZ_SEED:+-seed="$FUZZ_SEED"} ${dictionary:+-dict="$dictionary"} >"$log" 2>&1 || failures=1
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  held=$(sed -n 's/^held for one input: \([0-9]*\) bytes$/\1/p' "$log" | tail -1)
  # shellcheck disable=SC2059
  printf "$row" "$target" "${executions:-?}" $((SECONDS - begun)) $((${held:-0} / 1024)) "$failures"
  if [[ $failures != 0 ]]; then
    failed=1
    grep -E 'panicked|holds more|ERROR|SUMMARY|Test unit written|Base64|^assertion|left:|right:|Reproduce|cargo fuzz' "$log" | cut -c1-2000 | head -20 >&2 || true
  fi
done
exit $failed
