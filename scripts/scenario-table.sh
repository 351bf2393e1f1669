#!/usr/bin/env bash
# Runs the scenarios of host-tests on the embedded hosts that scripts/test-packages.sh has set up, each through its
# driver (host-tests/README.md), and prints a table of scenario by host, beside what host-tests saw over HTTP. `+host` is
# with signatures by the host. What a host skips, and why, stands below it.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
. scripts/package-tools.sh
results=$(mktemp -d)
trap 'rm -r "$results"' EXIT

runner=$root/target/release/scenario-runner
rust() { "$runner" target/release/examples/scenarios "$@"; }
tower() { "$runner" target/release/examples/tower_scenarios; }
python() { "$runner" target/test-python/bin/python -W ignore embed/python/tests/driver.py "$@"; }
asgi() { "$runner" target/test-python/bin/python -W ignore embed/python/tests/asgi_driver.py "$@"; }
node() { (cd target/test-javascript && "$runner" node node-driver.mjs "$@"); }
node_http() { (cd target/test-javascript && "$runner" node node-http-driver.mjs); }
deno() {
  (cd target/test-javascript && "$runner" node_modules/.bin/deno run -A --node-modules-dir=manual node-http-driver.mjs)
}
bun() { (cd target/test-javascript && "$runner" node_modules/.bin/bun run node-http-driver.mjs); }
workers() { (cd target/test-cloudflare && "$runner" node workers-driver.mjs); }
browser() { (cd target/test-javascript && "$runner" node browser-driver.mjs); }

status=0
# run HOST COLUMN [OPTION]
run() { "$1" "${@:3}" >"$results/$2" 2>>"$results/log" || status=1; }

declare -A folders=([python]=target/test-python [asgi]=target/test-python [node]=target/test-javascript [browser]=target/test-javascript)
for host in rust python asgi node browser; do
  touch "$results/$host" "$results/$host+host"
  if [[ $host != rust && ! -d ${folders[$host]} ]]; then
    not_tested "the scenarios on $host: its package is not installed" || status=1
  elif [[ $host == browser ]]; then
    if command -v "${CHROMIUM:-/usr/bin/chromium}" >/dev/null; then
      run browser browser
    else
      not_tested "the scenarios in a browser: there is no Chromium (apt-get install chromium)" || status=1
    fi
  else
    run "$host" "$host"
    run "$host" "$host+host" --host-signatures
  fi
done
run tower tower
touch "$results/node-http" "$results/deno" "$results/bun" "$results/workers"
if [[ -d ${folders[node]} ]]; then
  run node_http node-http
  run deno deno
  run bun bun
  run workers workers
fi

columns=(http tower rust rust+host python python+host asgi asgi+host node node+host browser node-http deno bun workers)
files=(host=1 target/scenarios-http.tsv)
for ((index = 1; index < ${#columns[@]}; index++)); do
  files+=("host=$((index + 1))" "$results/${columns[index]}")
done
awk -F '\t' -v hosts="${columns[*]}" '
  BEGIN { width = split(hosts, names, " ") }
  !($1 in seen) { seen[$1] = 1; order[++count] = $1 }
  {
    cell = $2; sub(/[: ].*/, "", cell); cells[host, $1] = cell
    total[host, cell]++
    if ($2 != "ok") reasons[++noted] = sprintf("%s on %s: %s", $1, names[host], $2)
  }
  function line(title, i, text) {
    text = sprintf("%-48s", title)
    for (i = 1; i <= width; i++) text = text sprintf(" %-11s", row[i])
    sub(/ +$/, "", text)
    print text
  }
  END {
    for (i = 1; i <= width; i++) row[i] = names[i]
    line("scenario")
    for (s = 1; s <= count; s++) {
      for (i = 1; i <= width; i++) row[i] = cells[i, order[s]]
      line(order[s])
    }
    for (i = 1; i <= width; i++) row[i] = total[i, "ok"] + 0
    line("ok, of " count)
    print ""
    for (i = 1; i <= noted; i++) print reasons[i]
  }
' "${files[@]}"
((status == 0)) || cat "$results/log" >&2
exit $status
