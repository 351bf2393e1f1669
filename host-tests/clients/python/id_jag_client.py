"""Both sides of an ID-JAG by Authlib: an enterprise's identity provider issues it (IDJAGGrant.sign), and the OAuth client that it
is issued to exchanges it, twice.

Usage: id_jag_client.py ISSUER CLIENT_ID CLIENT_SECRET PROVIDER PRIVATE_KEY; prints what of the token it decides, and what became of
the second time and of one for another client.
"""

import json
import os
import sys
import time

# Authlib refuses http; this is loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import jwt  # noqa: E402
from authlib.integrations.base_client.errors import OAuthError  # noqa: E402
from authlib.integrations.requests_client import OAuth2Session  # noqa: E402
from authlib.oauth2.drafts import IDJAGGrant  # noqa: E402
from joserfc.jwk import ECKey  # noqa: E402

issuer, client_id, client_secret, provider, pem = sys.argv[1:6]
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
client = OAuth2Session(client_id, client_secret, token_endpoint_auth_method="client_secret_basic")


def id_jag(of):
    return IDJAGGrant.sign(
        ECKey.import_key(pem), provider, issuer, "alice", of, expires_at=int(time.time()) + 300,
        claims={"scope": "read admin"}, alg="ES256",
    )


def exchange(assertion):
    return client.fetch_token(f"{issuer}/oauth2/token", grant_type=GRANT_TYPE, assertion=assertion)


def refused(assertion):
    try:
        exchange(assertion)
        return None
    except OAuthError as error:
        return error.error


assertion = id_jag(client_id)
token = exchange(assertion)
claims = jwt.decode(token["access_token"], options={"verify_signature": False})
print(json.dumps({
    **{name: claims[name] for name in ["sub", "client_id", "scope"]},
    "replayed": refused(assertion),
    "of another client": refused(id_jag("another")),
}))
