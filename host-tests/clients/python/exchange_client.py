"""An OAuth client that exchanges another issuer's token (RFC 8693): Authlib, once more for a target that there is not.

Usage: exchange_client.py ISSUER CLIENT_ID CLIENT_SECRET SUBJECT_TOKEN ACTOR_TOKEN; prints what came of both.
"""

import json
import os
import sys

# Authlib refuses http; this is loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import jwt  # noqa: E402
import requests  # noqa: E402
from authlib.integrations.base_client.errors import OAuthError  # noqa: E402
from authlib.integrations.requests_client import OAuth2Session  # noqa: E402

issuer, client_id, client_secret, subject_token, actor_token = sys.argv[1:6]
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"

metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
token_endpoint = metadata["token_endpoint"]
client = OAuth2Session(client_id, client_secret)


def exchange(**target):
    return client.fetch_token(
        token_endpoint,
        grant_type=GRANT_TYPE,
        subject_token=subject_token,
        subject_token_type=JWT,
        actor_token=actor_token,
        actor_token_type=JWT,
        **target,
    )


token = exchange()
try:
    exchange(audience="elsewhere")
    elsewhere = None
except OAuthError as error:
    elsewhere = error.error
claims = jwt.decode(token["access_token"], options={"verify_signature": False})
print(json.dumps({
    "listed": GRANT_TYPE in metadata["grant_types_supported"],
    "issued_token_type": token["issued_token_type"],
    "sub": claims["sub"],
    "actor": claims["act"]["sub"],
    "elsewhere": elsewhere,
}))
