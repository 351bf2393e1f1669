#!/usr/bin/env bash
# Composes a policy into a component of ours that imports one.
#   scripts/compose-policy.sh handler-policy policy-cel                 -> target/components/handler-policy-cel.wasm
#   scripts/compose-policy.sh exchanger-policy path/to/mine.wasm out.wasm
# Names are of components in target/components, which scripts/build-wasm.sh builds; paths end with .wasm.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
components=$root/target/components
# The version that was tried, without the registry client and without optimization: its build would take longer than
# all that it does.
version=0.10.0

if [[ $# -lt 2 || $# -gt 3 ]]; then
  echo "usage: $0 COMPONENT POLICY [OUT.wasm]" >&2
  exit 2
fi
file() { case $1 in *.wasm) echo "$1" ;; *) echo "$components/$1.wasm" ;; esac; }
name() { basename "$1" .wasm; }
component=$(file "$1") policy=$(file "$2")
out=${3:-$components/$(name "$1" | sed 's/-policy$//')-$(name "$2").wasm}
for needed in "$component" "$policy"; do
  [[ -f $needed ]] || { echo "compose-policy: there is no $needed: build it with scripts/build-wasm.sh $(name "$needed")" >&2; exit 1; }
done

wac=$(command -v wac || true)
if [[ -z $wac ]]; then
  wac=$root/target/tools/bin/wac
  if [[ ! -x $wac ]]; then
    echo "compose-policy: building wac-cli $version (a minute, once)" >&2
    cargo install --quiet --debug --locked --root "$root/target/tools" --no-default-features --features wit wac-cli --version "$version"
  fi
fi
# It fails where the policy does not export what the component imports: a component is never left without its policy.
"$wac" plug "$component" --plug "$policy" -o "$out.part"
mv "$out.part" "$out"
printf '%-32s %9d bytes\n' "$(basename "$out")" "$(stat -c %s "$out")"
