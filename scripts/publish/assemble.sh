#!/usr/bin/env bash
# Lays what a release consists of into target/publish/, from the components of target/components/, which it does not build:
#   artifacts/   the components, an SBOM of each, the wheel, the npm package, the crate, SHA256SUMS of them all
#   oci/         the config of each component in an OCI registry
#   python/      what the scripts of this folder run
set -euo pipefail
cd "$(dirname "$0")/../.."
out=target/publish
python=$out/python/bin/python

if ! cmp -s scripts/publish/requirements.txt "$out/python/requirements.txt"; then
  rm -rf "$out/python"
  python3 -m venv "$out/python"
  "$python" -m pip install --quiet --disable-pip-version-check --requirement scripts/publish/requirements.txt
  cp scripts/publish/requirements.txt "$out/python/"
fi

rm -rf "$out/artifacts" "$out/oci"
mkdir -p "$out/artifacts"
for name in $("$python" scripts/publish/components.py); do
  [[ -f target/components/$name.wasm ]] || { echo "assemble: there is no target/components/$name.wasm: make wasm wasm-host-signatures wasm-endpoint-p2" >&2; exit 1; }
  cp "target/components/$name.wasm" "$out/artifacts/"
done
# One that was built from something else than what the tag names would be released without anybody's noticing.
if [[ -n ${ASSERTA_RELEASE:-} && -n $(git status --porcelain) ]]; then
  echo "assemble: what is here was not committed" >&2
  git status --short >&2
  exit 1
fi

rm -f target/packages/asserta-*
# The times in the wheel: the same commit gives the same bytes.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
scripts/build-packages.sh python javascript rust
cp target/packages/asserta-*.{whl,tgz,crate} "$out/artifacts/"
"$python" scripts/publish/sbom.py "$out/artifacts"
"$python" scripts/publish/oci.py configs "$out"
(cd "$out/artifacts" && sha256sum -- * >SHA256SUMS)
echo "$(wc -l <"$out/artifacts/SHA256SUMS") artifacts in $out/artifacts"
