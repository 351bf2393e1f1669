#!/usr/bin/env python3
"""Checks that whatever has a version has that of the Cargo workspace, which is the one that is edited.

    scripts/publish/versions.py            they agree
    scripts/publish/versions.py v0.1.0     and this tag is of that version, which the changelog has, and the
                                           repository is named where the registries ask for it
"""

import json
import re
import sys
import tomllib

from components import ROOT, version


def toml(path: str) -> dict:
    return tomllib.loads((ROOT / path).read_text())


def found() -> dict[str, str]:
    """Each place that has a version, and the version there."""
    lock = json.loads((ROOT / "embed/javascript/package-lock.json").read_text())
    example = json.loads((ROOT / "examples/cloudflare/package.json").read_text())
    places = {
        "embed/python/pyproject.toml": toml("embed/python/pyproject.toml")["project"]["version"],
        "embed/javascript/package.json": json.loads((ROOT / "embed/javascript/package.json").read_text())["version"],
        "embed/javascript/package-lock.json": lock["version"],
        "embed/javascript/package-lock.json, packages": lock["packages"][""]["version"],
        "examples/cloudflare/package.json": re.sub(r"^.*/asserta-(.*)\.tgz$", r"\1", example["dependencies"]["asserta"]),
        "spin.toml": toml("spin.toml")["application"]["version"],
        "spin-p2.toml": toml("spin-p2.toml")["application"]["version"],
    }
    for package in toml("Cargo.lock")["package"]:
        if package["name"].startswith("asserta") and "source" not in package:
            places[f"Cargo.lock, {package['name']}"] = package["version"]
    crate = toml("embed/rust/Cargo.toml")["package"]["version"]
    places["embed/rust/Cargo.toml"] = version() if crate == {"workspace": True} else str(crate)
    return places


def unready(tag: str) -> list[str]:
    """What a release lacks besides."""
    lacking = []
    if tag != f"v{version()}":
        lacking.append(f"the tag is {tag}, the version {version()}: v{version()} was expected")
    if not re.search(rf"^## \[?{re.escape(version())}\b", (ROOT / "CHANGELOG.md").read_text(), re.M):
        lacking.append(f"CHANGELOG.md has no heading for {version()}")
    # npm publishes with provenance only where the manifest names the repository that built it.
    repositories = {
        "Cargo.toml": toml("Cargo.toml")["workspace"]["package"].get("repository"),
        "embed/javascript/package.json": json.loads((ROOT / "embed/javascript/package.json").read_text()).get("repository"),
        "embed/python/pyproject.toml": toml("embed/python/pyproject.toml")["project"].get("urls"),
    }
    return lacking + [f"{place} names no repository" for place, named in repositories.items() if not named]


def main(tag: str | None) -> int:
    wrong = [f"{place} has {at}, Cargo.toml {version()}" for place, at in found().items() if at != version()]
    wrong += unready(tag) if tag else []
    for line in wrong:
        print(f"versions: {line}", file=sys.stderr)
    if not wrong:
        print(f"version {version()}, in {len(found())} places")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
