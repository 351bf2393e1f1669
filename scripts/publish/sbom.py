#!/usr/bin/env python3
"""Writes a CycloneDX SBOM of each published component: which crates were linked into it, in which versions.

    scripts/publish/sbom.py FOLDER        FOLDER/NAME.wasm -> FOLDER/NAME.cdx.json, held against CycloneDX's schema
"""

import subprocess
import sys
import tomllib
import uuid
from datetime import datetime, timezone
from pathlib import Path

from components import PUBLISHED, ROOT, Built, built, version
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from oci import committed_at, sha256
from packageurl import PackageURL

LICENSES = LicenseFactory()


def checksums() -> dict[tuple[str, str], str]:
    """The SHA-256 of each crate of the registry, which is what cargo compared when it fetched it."""
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return {(p["name"], p["version"]): p["checksum"] for p in packages if "checksum" in p}


def tree(component: Built) -> list[tuple[int, str, str, str]]:
    """Depth, name, version and licence of each crate that is linked. Neither macros nor build scripts are."""
    features = ["--features", ",".join(component.features)] if component.features else []
    lines = subprocess.run(
        ["cargo", "tree", "--locked", "--package", component.crate, *features, "--target", component.target]
        + ["--edges", "normal,no-proc-macro", "--prefix", "depth", "--format", "\t{p}\t{l}\t"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()
    crates = []
    for line in lines:
        depth, package, licence, _ = line.split("\t")
        name, at = package.split(" ")[:2]
        crates.append((int(depth), name, at.removeprefix("v"), licence))
    return crates


def sbom(component: Built, file: Path, rustc: str) -> Bom:
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"asserta/{component.name}/{sha256(file)}"))
    bom.metadata.timestamp = datetime.fromtimestamp(committed_at(), timezone.utc)
    root = Component(
        name=f"asserta-{component.name}", version=version(), type=ComponentType.APPLICATION, bom_ref=component.name,
        description=PUBLISHED[component.name], licenses=[LICENSES.make_from_string("Apache-2.0")],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256(file))],
    )
    bom.metadata.component = root
    known, sums = {}, checksums()
    above: list[Component] = [root]
    for depth, name, at, licence in tree(component):
        if (name, at) not in known:
            digest = sums.get((name, at))
            known[name, at] = Component(
                name=name, version=at, type=ComponentType.LIBRARY, bom_ref=f"{name}@{at}",
                licenses=[LICENSES.make_from_string(licence)] if licence else [],
                # A crate of this repository is on no registry.
                purl=PackageURL("cargo", None, name, at) if digest else None,
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
            )
            bom.components.add(known[name, at])
        del above[depth + 1 :]
        bom.register_dependency(above[-1], [known[name, at]])
        above.append(known[name, at])
    # Rust's own library is linked as well, in the version of the compiler.
    std = Component(name="rust-std", version=rustc, type=ComponentType.LIBRARY, bom_ref="rust-std",
                    licenses=[LICENSES.make_from_string("MIT OR Apache-2.0")])
    bom.components.add(std)
    bom.register_dependency(root, [std])
    return bom


def main(folder: Path) -> None:
    rustc = (ROOT / "target/components/rustc.txt").read_text().strip().removeprefix("rustc ")
    for name in PUBLISHED:
        text = JsonV1Dot6(sbom(built(name), folder / f"{name}.wasm", rustc)).output_as_string(indent=1)
        problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
        if problem is not None:
            raise SystemExit(f"{name}: the SBOM does not hold against the schema: {problem}")
        (folder / f"{name}.cdx.json").write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
