"""The scenarios that all hosts share, where they have been written out (host-tests does it)."""

from pathlib import Path

import pytest
import scenarios
from conftest import not_tested

FILE = Path(__file__).parents[3] / "target" / "scenarios.json"


@pytest.mark.parametrize("host_signatures", [False, True])
def test_every_scenario(capsys, host_signatures):
    if not FILE.exists():
        not_tested("the scenarios: cargo test -p host-tests --test scenario_dump writes them")
    failed = scenarios.main(FILE, host_signatures=host_signatures)
    assert failed == 0, "\n".join(line for line in capsys.readouterr().out.splitlines() if "FAILED" in line)
