"""The scenarios that all hosts share, where their runner is built (host-tests)."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import not_tested

RUNNER = Path(__file__).parents[3] / "target" / "release" / "scenario-runner"


@pytest.mark.parametrize("options", [[], ["--host-signatures"]], ids=["inside", "by the host"])
@pytest.mark.parametrize("driver", ["driver.py", "asgi_driver.py"])
def test_every_scenario(driver, options):
    if not RUNNER.exists():
        not_tested("the scenarios: `make test-host` builds what runs them")
    ran = subprocess.run([RUNNER, sys.executable, Path(__file__).with_name(driver), *options], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "\tok\n" in ran.stdout
