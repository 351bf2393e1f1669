#!/usr/bin/env python3
"""Pushes the components to an OCI registry, as the Wasm OCI artifact layout of the CNCF has it, and checks what is there.

    scripts/publish/oci.py configs FOLDER                           FOLDER/artifacts/NAME.wasm -> FOLDER/oci/NAME.json
    scripts/publish/oci.py push   FOLDER ghcr.io/OWNER [SOURCE]     prints each reference with the digest of its manifest
    scripts/publish/oci.py verify FOLDER ghcr.io/OWNER              pulls them again, compares byte for byte

SOURCE is the URL of the repository. A registry on loopback is spoken to in the clear.

The tag is the version and nothing else: Spin and wkg list the tags, and take those that are semantic versions. The layer
has its file's name, without which `oras pull` writes no file.
"""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from components import PUBLISHED, ROOT, version
from oras.client import OrasClient

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.wasm.config.v0+json"
LAYER = "application/wasm"
TITLE = "org.opencontainers.image.title"


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def committed_at() -> int:
    """When what is published was committed, in seconds since 1970: the same commit gives the same bytes."""
    return int(subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def config(component: Path) -> dict:
    """The config of the layout, which says what the component imports and exports."""
    jco = ROOT / "embed/javascript/node_modules/.bin/jco"
    wit = subprocess.run([jco, "wit", component], check=True, capture_output=True, text=True).stdout
    world = re.search(r"^world root \{\n(.*?)^\}", wit, re.M | re.S)
    if world is None:
        raise SystemExit(f"{component.name} has no world")
    return {
        "created": datetime.fromtimestamp(committed_at(), timezone.utc).isoformat().replace("+00:00", "Z"),
        "author": "Asserta",
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [f"sha256:{sha256(component)}"],
        "component": {
            "exports": re.findall(r"^  export (\S+);$", world[1], re.M),
            "imports": re.findall(r"^  import (\S+);$", world[1], re.M),
            "target": None,
        },
    }


def reference(place: str, name: str) -> str:
    return f"{place}/asserta-{name}:{version()}"


def client(place: str) -> OrasClient:
    host = place.split("/")[0]
    return OrasClient(hostname=host, insecure=host.split(":")[0] in ("127.0.0.1", "localhost"))


def push(folder: Path, place: str, source: str | None) -> None:
    registry = client(place)
    for name, description in PUBLISHED.items():
        annotations = {
            "org.opencontainers.image.created": datetime.fromtimestamp(committed_at(), timezone.utc).isoformat().replace("+00:00", "Z"),
            "org.opencontainers.image.description": description,
            "org.opencontainers.image.licenses": "Apache-2.0",
            "org.opencontainers.image.title": f"asserta-{name}",
            "org.opencontainers.image.version": version(),
        }
        if source:
            annotations["org.opencontainers.image.source"] = source
        response = registry.push(
            target=reference(place, name), files=[f"{folder}/artifacts/{name}.wasm:{LAYER}"], disable_path_validation=True,
            manifest_config=f"{folder}/oci/{name}.json:{CONFIG}", manifest_annotations=annotations, quiet=True,
        )
        print(reference(place, name), response.headers["Docker-Content-Digest"])


def problems(registry: OrasClient, folder: Path, place: str, name: str, pulled: Path) -> list[str]:
    """What a user who pulls this component would find wrong."""
    target, built = reference(place, name), folder / f"artifacts/{name}.wasm"
    manifest = registry.get_manifest(target)
    layers, about = manifest["layers"], manifest["config"]
    if manifest.get("mediaType") != MANIFEST or about["mediaType"] != CONFIG or [layer["mediaType"] for layer in layers] != [LAYER]:
        return ["not the Wasm OCI artifact layout"]
    wrong = []
    if layers[0]["annotations"].get(TITLE) != built.name:
        wrong.append("the layer does not have its file's name")
    if layers[0]["digest"] != f"sha256:{sha256(built)}" or layers[0]["size"] != built.stat().st_size:
        wrong.append("the manifest names another component")
    for what, descriptor, file in (("config", about, folder / f"oci/{name}.json"), ("component", layers[0], built)):
        registry.download_blob(registry.get_container(target), descriptor["digest"], str(pulled))
        if f"sha256:{sha256(pulled)}" != descriptor["digest"]:
            wrong.append(f"the {what} that is served is not what the manifest names")
        if pulled.read_bytes() != file.read_bytes():
            wrong.append(f"the {what} that is served is not the one that was built")
    return wrong


def verify(folder: Path, place: str) -> int:
    registry, failed = client(place), 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in PUBLISHED:
            try:
                wrong = problems(registry, folder, place, name, Path(scratch) / "pulled")
            # Whatever a registry responds is a finding and no traceback.
            except Exception as error:
                wrong = [f"can't be pulled: {error}"]
            for line in wrong:
                print(f"{reference(place, name)}: {line}", file=sys.stderr)
            failed += bool(wrong)
    if not failed:
        print(f"{len(PUBLISHED)} components pulled from {place}: byte for byte what was built")
    return 1 if failed else 0


def main(command: str, folder: Path, *rest: str) -> int:
    if command == "configs":
        (folder / "oci").mkdir(exist_ok=True)
        for name in PUBLISHED:
            text = json.dumps(config(folder / f"artifacts/{name}.wasm"), indent=1)
            (folder / f"oci/{name}.json").write_text(text + "\n")
        return 0
    if command == "push":
        push(folder, rest[0], rest[1] if len(rest) > 1 else None)
        return 0
    if command == "verify":
        return verify(folder, rest[0])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
