"""The component in the package is the one that wit/ describes."""

import importlib.resources
import re
from pathlib import Path

import pytest

WIT = Path(__file__).parents[3] / "wit"


@pytest.mark.parametrize("component", ["exchanger.wasm", "exchanger-host-signatures.wasm"])
def test_it_has_every_interface_reason_and_code(component):
    binary = importlib.resources.files("asserta").joinpath(component).read_bytes()
    [version] = re.findall(r"package asserta:exchange@([0-9.]+);", (WIT / "world.wit").read_text())
    for interface in ("configuration", "exchange", "trusted-issuers", "applications", "organizations", "keys"):
        assert f"asserta:exchange/{interface}@{version}".encode() in binary, interface
    names = re.findall(r"^  /// - `([a-z_-]+)`", (WIT / "types.wit").read_text(), re.MULTILINE)
    assert len(names) > 50
    assert [name for name in names if name.encode() not in binary] == []
