#!/usr/bin/env bash
# Tries a release as far as that goes without publishing anything: from the components of target/components/, it makes what is
# released (scripts/publish/assemble.sh), pushes it to a registry of its own, and installs it where there is nothing else.
#
# Needs Debian's docker-registry, Node 20, Python 3.11, and for what it installs the registries of npm, PyPI and crates.io.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
. scripts/package-tools.sh
out=$root/target/publish
python=$out/python/bin/python
scratch=$(mktemp -d)
registry=
cleanup() {
  [[ -z $registry ]] || kill "$registry" 2>/dev/null || true
  rm -rf "$scratch"
}
trap cleanup EXIT

started=$SECONDS
step() { printf '== %s (at %d s)\n' "$*" $((SECONDS - started)); }
fail() { echo "publish-check: $*" >&2; exit 1; }

step "versions"
python3 scripts/publish/versions.py

step "what is released"
scripts/publish/assemble.sh

step "the workflow that releases"
"$out/python/bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/release.yml
# Whatever is not pinned by its commit is somebody else's to change.
if grep -nE '^ *(- )?uses: ' .github/workflows/release.yml | grep -vE '@[0-9a-f]{40} # v[0-9.]+$'; then
  fail "an action of the workflow is not pinned"
fi
if command -v actionlint >/dev/null; then actionlint .github/workflows/release.yml; fi

step "components: pushed, pulled, compared"
if command -v docker-registry >/dev/null; then
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  # Nothing of the machine's own registry, should it have one.
  printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%d"}\n' \
    "$scratch/registry" "$port" >"$scratch/registry.yml"
  docker-registry serve "$scratch/registry.yml" 2>"$scratch/registry.log" &
  registry=$!
  place=127.0.0.1:$port/example
  for _ in {1..100}; do curl -fs "http://127.0.0.1:$port/v2/" >/dev/null && break; sleep 0.1; done
  "$python" scripts/publish/oci.py push "$out" "$place" >"$scratch/pushed"
  "$python" scripts/publish/oci.py verify "$out" "$place"
  # The same again is the same: a release that is repeated moves no tag to another digest.
  "$python" scripts/publish/oci.py push "$out" "$place" | diff "$scratch/pushed" - || fail "a second push gave other digests"

  # A check that can't fail is none. One byte of what the registry keeps is changed …
  digest=$(sha256sum "$out/artifacts/endpoint.wasm" | cut -d' ' -f1)
  blob=$scratch/registry/docker/registry/v2/blobs/sha256/${digest:0:2}/$digest/data
  cp "$blob" "$scratch/kept"
  printf 'X' | dd of="$blob" bs=1 seek=5000 conv=notrunc status=none
  cmp -s "$blob" "$scratch/kept" && fail "the byte was not changed"
  if "$python" scripts/publish/oci.py verify "$out" "$place" 2>"$scratch/found"; then fail "a component that was changed in the registry passed"; fi
  grep -q 'asserta-endpoint:.*not what the manifest names' "$scratch/found" || fail "the wrong thing was found: $(<"$scratch/found")"
  [[ $(wc -l <"$scratch/found") == 2 ]] || fail "more was found: $(<"$scratch/found")"
  cp "$scratch/kept" "$blob"
  # … and a component here after the push, of which the registry can know nothing.
  cp -r "$out/artifacts" "$out/oci" "$scratch/"
  printf 'X' | dd of="$scratch/artifacts/handler.wasm" bs=1 seek=5000 conv=notrunc status=none
  if "$python" scripts/publish/oci.py verify "$scratch" "$place" 2>"$scratch/found"; then fail "a component that was changed after the push passed"; fi
  grep -q 'asserta-handler:.*names another component' "$scratch/found" || fail "the wrong thing was found: $(<"$scratch/found")"
  (cd "$scratch/artifacts" && sha256sum --check --status SHA256SUMS) && fail "SHA256SUMS passed a component that was changed"
  "$python" scripts/publish/oci.py verify "$out" "$place" >/dev/null
  echo "one byte changed in the registry, or after the push: found"
else
  not_tested "components in an OCI registry: there is no docker-registry (apt-get install docker-registry)"
fi

step "packages: what they carry"
for name in exchanger handler exchanger-host-signatures handler-host-signatures; do
  for packed in "$(tar -xOzf "$out"/artifacts/asserta-exchanger-*.crate --wildcards "*/component/$name.wasm" | sha256sum)" \
    "$("$python" -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' "$out"/artifacts/*.whl "asserta/$name.wasm" | sha256sum)"; do
    [[ ${packed%% *} == "$(sha256sum <"$out/artifacts/$name.wasm" | cut -d' ' -f1)" ]] || fail "a package carries another $name.wasm"
  done
done
for listed in "$(tar -tzf "$out"/artifacts/asserta-[0-9]*.tgz)" "$(tar -tzf "$out"/artifacts/*.crate)" "$(python3 -m zipfile -l "$out"/artifacts/*.whl)"; do
  grep -q LICENSE <<<"$listed" || fail "a package has no licence in it"
done
echo "the crate and the wheel carry the components that are published; all have the licence"

step "npm: installed into an empty folder"
mkdir "$scratch/npm"
cd "$scratch/npm"
echo '{"private": true, "type": "module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts "$out"/artifacts/asserta-[0-9]*.tgz
cp "$root"/embed/javascript/tests/{partner,readme.test}.mjs .
# The examples of its README: an exchange, and a server.
node --test readme.test.mjs >"$scratch/node.log" || { cat "$scratch/node.log"; fail "the examples of the npm package"; }
grep -E '^(#|ℹ) (pass|fail)' "$scratch/node.log"

step "wheel: installed into an empty venv"
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check "$out"/artifacts/asserta-*.whl
mkdir "$scratch/python"
cd "$scratch/python"
# What the example reads: a third party's public key, and an assertion.
node --input-type=module -e "import { Partner } from '$scratch/npm/partner.mjs'; import { writeFileSync } from 'node:fs';
const partner = await Partner.create(); writeFileSync('partner.pem', partner.pem); writeFileSync('assertion.jwt', await partner.assertion());"
awk '/^```python$/ { if (seen++) exit; inside = 1; next } /^```$/ { inside = 0 } inside' "$root/embed/python/README.md" >example.py
printed=$("$scratch/venv/bin/python" example.py)
[[ $printed =~ ^eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\ 3600\ alice$ ]] || fail "the example of the wheel printed: $printed"
echo "an exchange: ok"
cd "$root"

step "crate: as crates.io gets it, and a program on it"
scripts/publish/crate.sh --dry-run --quiet
# But for the lock file, cargo packs what was tested.
contents() { tar -xzf "$1" -C "$2" --strip-components=1 && rm -f "$2"/Cargo.lock "$2"/.cargo_vcs_info.json; }
mkdir "$scratch/crate" "$scratch/dry"
contents "$(echo "$out"/artifacts/*.crate)" "$scratch/crate"
contents "$(echo target/package/asserta-exchanger-*.crate)" "$scratch/dry"
diff -r "$scratch/crate" "$scratch/dry" || fail "cargo publish packs something else"
scripts/test-packages.sh rust

step "checksums"
(cd "$out/artifacts" && sha256sum --check --quiet SHA256SUMS) && wc -l <"$out/artifacts/SHA256SUMS"
step "done"
