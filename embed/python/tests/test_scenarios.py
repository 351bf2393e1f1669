"""The scenarios that all hosts share, where they have been written out (host-tests does it)."""

import os
from pathlib import Path

import pytest
import scenarios

FILE = Path(__file__).parents[3] / "target" / "scenarios.json"


@pytest.mark.parametrize("host_signatures", [False, True])
def test_every_scenario(capsys, host_signatures):
    if not FILE.exists():
        # What is missing is never a pass.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "not tested: cargo test -p host-tests --test scenario_dump writes the file")
    failed = scenarios.main(FILE, host_signatures=host_signatures)
    assert failed == 0, "\n".join(line for line in capsys.readouterr().out.splitlines() if "FAILED" in line)
