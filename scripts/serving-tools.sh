# Sourced by the scripts that serve components on the runtimes of others: what they need to ask a server, and to say what it answered. They
# set `work`, a folder of their own whose *.log are shown where something fails.

fail() { echo "$(basename "$0" .sh): $*" >&2; sed 's/^/  /' "$work"/*.log >&2; exit 1; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# wait_for URL STATUS: what must come before long; the first start compiles.
wait_for() {
  for _ in $(seq 1200); do
    [[ $(curl -s -o "$work/response" -w '%{http_code}' "$1") != "$2" ]] || return 0
    sleep 0.1
  done
  fail "$1 does not answer with $2"
}
# expect STATUS PATTERN WHAT [curl options] URL: PATTERN is of the response, with its header.
expect() {
  local status
  status=$(curl -s -i -o "$work/response" -w '%{http_code}' "${@:4}") || true
  [[ $status == "$1" ]] && grep -qi -- "$2" "$work/response" || fail "$3: $status $(<"$work/response")"
  echo "$3: $status"
}
# at_once COUNT URL [curl options]: how often each status came, as "1 200 63 400".
at_once() {
  printf 'url = "%s"\noutput = "/dev/null"\n' $(yes "$2" | head -n "$1") >"$work/many"
  curl -s --no-progress-meter --parallel --parallel-max 64 --parallel-immediate -w '%{http_code}\n' "${@:3}" -K "$work/many" |
    sort | uniq -c | awk '{printf "%s%s %s", (NR > 1 ? " " : ""), $1, $2}'
}
