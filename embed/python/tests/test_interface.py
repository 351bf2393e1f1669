"""The component in the package is the one that wit/ describes."""

import importlib.resources
import re
from pathlib import Path

import pytest
from asserta._workers import CAUSES

WIT = Path(__file__).parents[3] / "wit"


@pytest.mark.parametrize("component", ["exchanger.wasm", "exchanger-host-signatures.wasm"])
def test_it_has_every_interface_reason_and_code(component):
    binary = importlib.resources.files("asserta").joinpath(component).read_bytes()
    [version] = re.findall(r"package asserta:exchange@([0-9.]+);", (WIT / "world.wit").read_text())
    for interface in ("configuration", "exchange", "trusted-issuers", "applications", "organizations", "keys", "tokens"):
        assert f"asserta:exchange/{interface}@{version}".encode() in binary, interface
    names = re.findall(r"^  /// - `([a-z_-]+)`", (WIT / "types.wit").read_text(), re.MULTILINE)
    assert len(names) > 50
    assert [name for name in names if name.encode() not in binary] == []


@pytest.mark.parametrize("component", ["handler.wasm", "handler-host-signatures.wasm"])
def test_it_has_the_http_face(component):
    binary = importlib.resources.files("asserta").joinpath(component).read_bytes()
    [version] = re.findall(r"package asserta:exchange@([0-9.]+);", (WIT / "world.wit").read_text())
    assert f"asserta:exchange/http@{version}".encode() in binary


def test_each_cause_of_a_failed_fetch_has_its_case():
    [cases] = re.findall(r"variant fetch-problem \{(.*?)\n  \}", (WIT / "http.wit").read_text(), re.DOTALL)
    names = set(re.findall(r"^    ([a-z-]+)(?:\(u16\))?,", cases, re.MULTILINE))
    # A fetch function is not told of authorities: what they are to vouch for is not fetched.
    assert names == CAUSES | {"authorities", "redirect", "status", "unknown"}
