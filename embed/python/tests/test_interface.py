"""The component in the package is the one that wit/ describes."""

import importlib.resources
import re
from pathlib import Path

import pytest

WIT = Path(__file__).parents[3] / "wit" / "types.wit"


@pytest.mark.parametrize("component", ["exchanger.wasm", "exchanger-host-signatures.wasm"])
def test_it_has_every_reason_and_every_code(component):
    binary = importlib.resources.files("asserta").joinpath(component).read_bytes()
    for enum in ("reason", "error-code"):
        [body] = re.findall(rf"enum {enum} \{{(.*?)\n  \}}", WIT.read_text(), re.DOTALL)
        names = re.findall(r"^    ([a-z0-9-]+),$", body, re.MULTILINE)
        # As the binary format writes the cases of an enum: a length and the name, one after another.
        cases = b"".join(bytes([len(name)]) + name.encode() for name in names)
        assert len(names) >= 9 and cases in binary, enum
