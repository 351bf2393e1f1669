"""An OAuth client: Authlib asks for a token with the JWT bearer grant and calls the resource server with it.

Usage: client.py TOKEN_ENDPOINT CLIENT_ID CLIENT_SECRET ASSERTION RESOURCE; prints what the resource answered.
"""

import json
import os
import sys

# Authlib refuses http; this is loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.base_client.errors import OAuthError  # noqa: E402
from authlib.integrations.requests_client import OAuth2Session  # noqa: E402

token_endpoint, client_id, client_secret, assertion, resource = sys.argv[1:6]
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def session(secret):
    return OAuth2Session(client_id, secret, token_endpoint_auth_method="client_secret_basic")


def refused(secret, **parameters):
    """The OAuth error that Authlib reads from a refusal."""
    try:
        session(secret).fetch_token(token_endpoint, **parameters)
    except OAuthError as error:
        return error.error
    return None


client = session(client_secret)
wrong_secret = refused("wrong", grant_type=GRANT_TYPE, assertion=assertion)
token = client.fetch_token(token_endpoint, grant_type=GRANT_TYPE, assertion=assertion, scope="read")
answer = client.get(resource)
forged = client.get(resource, headers={"authorization": f"Bearer {token['access_token'][:-6]}AAAAAA"}, withhold_token=True)
print(json.dumps({
    "token_type": token["token_type"],
    "status": answer.status_code,
    "claims": answer.json(),
    "forged": forged.status_code,
    "wrong_secret": wrong_secret,
    "replayed": refused(client_secret, grant_type=GRANT_TYPE, assertion=assertion),
}))
