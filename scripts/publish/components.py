"""The components that are published, as scripts/build-wasm.sh builds them."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# Name, and what it is for, as registries and SBOMs show it.
PUBLISHED = {
    "handler": "The token endpoint for hosts that speak HTTP by themselves",
    "handler-host-signatures": "The token endpoint for such hosts that compute signatures, too",
    "endpoint": "The token endpoint for Spin 4.1 and newer (WASI HTTP 0.3)",
    "endpoint-p2": "The token endpoint for Spin 3.1 to 4.0 and SpinKube (WASI HTTP 0.2)",
    "endpoint-p2-wasmcloud": "The token endpoint for wasmCloud (WASI HTTP 0.2)",
    "exchanger": "The exchange alone, for programs that embed it",
    "exchanger-events": "The exchange alone, which tells its host of each decision",
    "exchanger-host-signatures": "The exchange alone, for hosts that compute signatures",
    "exchanger-standalone": "The exchange alone, with a store in its own memory",
    "guard": "A middleware of WASI HTTP 0.3 that passes requests with a good access token",
    "guard-library": "The guard for programs that stand before an API themselves",
}


@dataclass(frozen=True)
class Built:
    """How a component is built."""

    name: str
    target: str
    crate: str
    features: tuple[str, ...]


def built(name: str) -> Built:
    """Reads a component's line of scripts/build-wasm.sh, so that an SBOM lists what was linked and nothing else."""
    script = (ROOT / "scripts/build-wasm.sh").read_text()
    line = re.search(rf"^ +{re.escape(name)}\) build {re.escape(name)} \d+ (\S+) \S+ (\S+)(?: --features (\S+))? ;;$", script, re.M)
    if line is None:
        raise SystemExit(f"scripts/build-wasm.sh does not build {name} in a way that can be read here")
    target, crate, features = line.groups()
    return Built(name, target, crate, tuple(features.split(",")) if features else ())


def version() -> str:
    """The version of everything: that of the Cargo workspace."""
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


if __name__ == "__main__":
    print("\n".join(PUBLISHED))
