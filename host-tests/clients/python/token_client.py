"""An OAuth client that looks its token up and takes it back: Authlib, at the endpoints that the metadata names.

Usage: token_client.py ISSUER CLIENT_ID CLIENT_SECRET ASSERTION; prints what it learnt before and after.
"""

import json
import os
import sys

# Authlib refuses http; this is loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests  # noqa: E402
from authlib.integrations.requests_client import OAuth2Session  # noqa: E402

issuer, client_id, client_secret, assertion = sys.argv[1:5]
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"

metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
client = OAuth2Session(client_id, client_secret, token_endpoint_auth_method="client_secret_basic")
token = client.fetch_token(metadata["token_endpoint"], grant_type=GRANT_TYPE, assertion=assertion)["access_token"]


def introspect():
    answer = client.introspect_token(metadata["introspection_endpoint"], token, token_type_hint="access_token")
    answer.raise_for_status()
    return answer.json()


before = introspect()
for text in (token, "unknown"):
    client.revoke_token(metadata["revocation_endpoint"], text, token_type_hint="access_token").raise_for_status()
print(json.dumps({
    "before": {name: before.get(name) for name in ("active", "client_id", "sub", "token_type")},
    "after": introspect(),
}))
