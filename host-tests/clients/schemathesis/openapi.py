"""Sends a running endpoint what its OpenAPI document allows and forbids, and checks each response against the document.

openapi.py URL ADMIN_TOKEN CLIENT_ID CLIENT_SECRET ASSERTION JWKS

The organization `acme` has the trusted issuers `partner` and `goes`, and the applications CLIENT_ID and `goes`. Prints
how many operations and requests there were; what schemathesis found, where it found something.
"""

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
]

# Others write their members, or may add to them.
OPEN = {"TokenRequest", "TokenQuestion", "JwkSet", "Metadata"}


def document(url: str, token: str) -> dict:
    request = urllib.request.Request(f"{url}/admin/openapi.json", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def close(schema: dict) -> None:
    """A member that the document doesn't have is a finding here; to a client it is one that it doesn't know."""
    if "properties" in schema:
        schema.setdefault("additionalProperties", False)


def operations(described: dict):
    for item in described["paths"].values():
        for method, operation in item.items():
            if method != "parameters":
                yield operation


def tighten(described: dict) -> None:
    for name, schema in described["components"]["schemas"].items():
        if name not in OPEN:
            close(schema)
    for operation in operations(described):
        for response in operation["responses"].values():
            for content in response.get("content", {}).values():
                close(content["schema"])


def with_examples(described: dict, assertion: str, jwks: dict) -> None:
    """Bodies that no generator finds: with keys that are keys."""
    issuer = {"issuer": "https://new.example", "jwks": jwks, "rules": [{"name": "all"}]}
    with_skipped = {**issuer, "issuer": "https://newer.example"}
    with_skipped["jwks"] = {"keys": [*jwks["keys"], {"kty": "oct", "k": "c2VjcmV0"}]}
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    application = {"client_name": "Reporting", "grant_types": [grant], "scope": "read"}
    tenant = {"name": "acme", "trusted_issuers": [{"name": "new", **issuer}]}
    examples = {
        "createTrustedIssuer": [{"name": "new", **issuer}, {"name": "newer", **with_skipped}],
        "putTrustedIssuer": [{**issuer, "issuer": "https://partner.example"}],
        "createApplication": [application, {**application, "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks}],
        "putApplication": [application],
        "createRevocation": [{"trusted_issuer": "partner", "issued_before": 1}, {"client_id": "goes"}],
        "explain": [{"assertion": assertion}, {"assertion": "x"}, {"client_assertion": assertion}],
        "apply": [{"organizations": [tenant]}],
        "usePreset": [{"name": "ci", "parameters": {"repository": "octo-org/app"}}],
        "tokenOfOrganization": [{"grant_type": grant, "assertion": assertion, "scope": "read"}],
        "introspectOfOrganization": [{"token": "x"}],
        "revokeOfOrganization": [{"token": "x"}],
    }
    for operation in operations(described):
        bodies = examples.pop(operation["operationId"], [])
        for content in operation.get("requestBody", {}).get("content", {}).values():
            named = {str(number): {"value": body} for number, body in enumerate(bodies)}
            content.update({"examples": named} if named else {})
    assert not examples, f"no such operations: {list(examples)}"


def never_succeeded(described: dict, seen: set) -> list[str]:
    """The statuses of success that no request had."""
    documented = {
        (f"{method.upper()} {path}", int(status))
        for path, item in described["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
        for status in operation["responses"]
        if status.startswith("2")
    }
    return [f"{label}: {status}" for label, status in sorted(documented - seen)]


def configuration(admin_token: str, client_id: str, client_secret: str) -> str:
    basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    return f"""
headers = {{ Authorization = "Bearer {admin_token}" }}

[parameters]
"path.organization" = "acme"
"path.issuer" = "partner"
"path.client_id" = "{client_id}"
"path.preset" = "github-actions"

[[operations]]
include-tag = "oauth"
headers = {{ Authorization = "Basic {basic}" }}

[[operations]]
include-operation-id = ["deleteTrustedIssuer", "deleteApplication", "putApplication", "renewApplicationSecret"]
parameters = {{ "path.issuer" = "goes", "path.client_id" = "goes" }}
"""


def main(url: str, admin_token: str, client_id: str, client_secret: str, assertion: str, jwks: str) -> int:
    described = document(url, admin_token)
    tighten(described)
    with_examples(described, assertion, json.loads(jwks))
    with tempfile.TemporaryDirectory() as folder:
        schema, settings = pathlib.Path(folder, "openapi.json"), pathlib.Path(folder, "schemathesis.toml")
        schema.write_text(json.dumps(described))
        settings.write_text(configuration(admin_token, client_id, client_secret))
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", settings, "run", schema, "--url", url]
        command += ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"]
        command += ["--seed", "1", "--max-examples", "10", "--no-shrink", "--no-color"]
        command += ["--continue-on-failure", "--suppress-health-check", "all"]
        report = pathlib.Path(folder, "seen.json")
        here = str(pathlib.Path(__file__).parent)
        hooks = {"SCHEMATHESIS_HOOKS": "seen", "SEEN": str(report), "PYTHONPATH": here}
        done = subprocess.run(command, cwd=folder, env={**os.environ, **hooks}, capture_output=True, text=True)
        seen = {tuple(pair) for pair in json.loads(report.read_text())} if report.exists() else set()
    said = done.stdout + done.stderr
    if done.returncode:
        # The command that repeats a request holds its whole body.
        print("\n".join(line[:400] for line in said.splitlines()))
        return done.returncode
    tested, generated = re.search(r"Tested: (\d+)", said), re.search(r"(\d+) generated", said)
    print(json.dumps({
        "operations": int(tested[1]), "requests": int(generated[1]), "never succeeded": never_succeeded(described, seen),
    }))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
