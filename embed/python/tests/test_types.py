"""The package has types: mypy finds nothing in a program that uses it as it is meant to be used."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from conftest import not_tested


def test_a_typed_program(tmp_path):
    if find_spec("mypy") is None:
        not_tested("the types of the package: there is no mypy (pip install mypy)")
    program = Path(__file__).parent / "typed_program.py"
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path, program],
        cwd=tmp_path, capture_output=True, text=True, timeout=600,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
