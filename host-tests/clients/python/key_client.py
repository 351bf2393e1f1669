"""An OAuth client with a key in place of a secret: Authlib authenticates with private_key_jwt, twice with one assertion.

Usage: key_client.py ISSUER CLIENT_ID PRIVATE_KEY ASSERTION; prints whom the token is for, and what became of the second.
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
from authlib.oauth2.rfc7523 import PrivateKeyJWT  # noqa: E402
from joserfc.jwk import ECKey  # noqa: E402

issuer, client_id, pem, assertion = sys.argv[1:5]
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"

metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
token_endpoint = metadata["token_endpoint"]
key = ECKey.import_key(pem)
client = OAuth2Session(client_id, key, token_endpoint_auth_method="private_key_jwt")
# What it calls the token endpoint becomes `aud`, which is the issuer identifier by RFC 10070.
client.register_client_auth_method(PrivateKeyJWT(issuer, alg="ES256"))


def exchange():
    return client.fetch_token(token_endpoint, grant_type=GRANT_TYPE, assertion=assertion)


token = exchange()
try:
    exchange()
    replayed = None
except OAuthError as error:
    replayed = error.error
print(json.dumps({
    "listed": "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]
    and "ES256" in metadata["token_endpoint_auth_signing_alg_values_supported"],
    "client_id": jwt.decode(token["access_token"], options={"verify_signature": False})["client_id"],
    "replayed": replayed,
}))
