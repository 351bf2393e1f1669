"""The README's example, as a person would run it."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def test_the_example_prints_an_access_token(tmp_path, partner):
    example, _ = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
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


def test_the_example_of_a_token_endpoint_serves_an_access_token(tmp_path, partner):
    """With the commands as they stand, on a free port instead of 8000."""
    _, example = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len([line for line in example.splitlines() if line.strip()]) <= 15
    [commands] = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    install, rest = commands.split("\n", 1)
    assert install == "pip install uvicorn fastapi"  # as the tests are installed
    (tmp_path / "partner.pem").write_text(partner.pem)
    (tmp_path / "assertion.jwt").write_text(partner.assertion(aud="https://api.example.com/auth"))
    (tmp_path / "app.py").write_text(example)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    uvicorn = f"{sys.executable} -m uvicorn"
    until_it_listens = f"until (: >/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.1; done"
    script = rest.replace("uvicorn ", f"{uvicorn} ").replace(" &\n", f" >&2 &\n{until_it_listens}\n").replace("8000", str(port))
    script = f"trap 'kill $(jobs -p); wait' EXIT\n{script}"
    run = subprocess.run(["timeout", "60", "bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0 and json.loads(run.stdout)["token_type"] == "Bearer", run.stdout + run.stderr
