"""The README's example, as a person would run it."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def test_the_example_prints_an_access_token(tmp_path, partner):
    [example] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len([line for line in example.splitlines() if line.strip()]) <= 15
    (tmp_path / "partner.pem").write_text(partner.pem)
    (tmp_path / "assertion.jwt").write_text(partner.assertion())
    (tmp_path / "example.py").write_text(example)
    run = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    token, expires_in, subject = run.stdout.split()
    assert (token.count("."), expires_in, subject) == (2, "3600", "alice")
    again = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "assertion-replayed" in again.stdout, again.stdout + again.stderr
