#!/usr/bin/env bash
# Prints what an embedded exchange costs in Python and Node, with the packages that scripts/install-packages.sh
# has installed. The first call is measured with wasmtime's cache filled, and once with an empty one.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
python() { target/test-python/bin/python -W ignore embed/bench/bench.py "$@" 2>/dev/null; }
javascript() { (cd target/test-javascript && cp "$root/embed/bench/bench.mjs" . && node bench.mjs "$@"); }
guard_python() { target/test-python/bin/python -W ignore embed/bench/guard.py "$@" 2>/dev/null; }
guard_javascript() { (cd target/test-javascript && cp "$root/embed/bench/guard.mjs" . && node guard.mjs "$@"); }
# The median of five.
median() { for _ in 1 2 3 4 5; do "$@"; done | sort -n | sed -n 3p; }

cold=$(mktemp -d)
first_cold=$(XDG_CACHE_HOME=$cold python first)
rm -rf "$cold"
printf '%-44s %10s %10s\n' "embedded" "Python" "Node"
printf '%-44s %10s %10s\n' "first token after process start, s" "$(median python first)" "$(median javascript first)"
printf '%-44s %10s %10s\n' "  where the component was never compiled, s" "$first_cold" "-"
for algorithm in RS256 ES256 EdDSA; do
  printf '%-44s %10s %10s\n' "$algorithm assertions, exchanges a second" "$(median python $algorithm)" "$(median javascript $algorithm)"
  printf '%-44s %10s %10s\n' "  with host signatures" \
    "$(median python $algorithm --host-signatures)" "$(median javascript $algorithm --host-signatures)"
done
for kind in unguarded first repeated; do
  case $kind in
    unguarded) name="a request to an API that answers at once, us" ;;
    first) name="  guarded, with a token that is new" ;;
    repeated) name="  guarded, with one of the last minute" ;;
  esac
  printf '%-44s %10s %10s\n' "$name" "$(median guard_python $kind)" "$(median guard_javascript $kind)"
done

echo
echo "on Workers, in workerd"
(cd target/test-cloudflare && node cost.mjs)
