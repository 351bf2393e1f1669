"""What Authlib does with us, by capability. It knows our issuer identifier and its own credentials, and finds the rest.

Usage: authlib_client.py CAPABILITY JSON; prints what it saw.
"""

import json
import os
import sys

# Authlib refuses http; this is loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import jwt  # noqa: E402
import requests  # noqa: E402
from authlib.integrations.base_client.errors import OAuthError  # noqa: E402
from authlib.integrations.requests_client import AssertionSession, OAuth2Session  # noqa: E402
from authlib.oauth2.rfc7523 import PrivateKeyJWT  # noqa: E402
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url  # noqa: E402
from authlib.oidc.discovery import OpenIDProviderMetadata  # noqa: E402
from authlib.oidc.discovery import get_well_known_url as get_well_known_url_of_openid  # noqa: E402
from joserfc.jwk import ECKey  # noqa: E402

capability, given = sys.argv[1], json.loads(sys.argv[2])
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"


def discover():
    url = get_well_known_url(given["issuer"], external=True)
    found = AuthorizationServerMetadata(requests.get(url, timeout=10).json())
    # Authlib leaves this to its caller (RFC 8414 section 3.3).
    assert found["issuer"] == given["issuer"], found
    return found


metadata = discover()


def session(secret=None):
    if "private_key" in given:
        key = ECKey.import_key(given["private_key"])
        made = OAuth2Session(given["client_id"], key, token_endpoint_auth_method="private_key_jwt")
        # What it calls the token endpoint becomes `aud`, which is the issuer identifier by RFC 10070.
        made.register_client_auth_method(PrivateKeyJWT(metadata["issuer"], alg="ES256"))
        return made
    return OAuth2Session(given["client_id"], secret or given["client_secret"])


client = session()


def exchange(assertion, client=client, **parameters):
    return client.fetch_token(metadata["token_endpoint"], grant_type=JWT_BEARER, assertion=assertion, **parameters)


def refusal(attempt, *arguments, **parameters):
    """The OAuth error that it reads from a refusal."""
    try:
        attempt(*arguments, **parameters)
        return None
    except OAuthError as error:
        return error.error


def claims(token):
    return jwt.decode(token["access_token"], options={"verify_signature": False})


def introspect(token):
    answer = client.introspect_token(metadata["introspection_endpoint"], token, token_type_hint="access_token")
    answer.raise_for_status()
    return answer.json()


def discovery_oauth2():
    return metadata


def discovery_openid():
    url = get_well_known_url_of_openid(given["issuer"], external=True)
    return OpenIDProviderMetadata(requests.get(url, timeout=10).json())


def complaints():
    """What `metadata.validate()` would stop at, all of it."""
    found = []
    for member in AuthorizationServerMetadata.REGISTRY_KEYS:
        try:
            getattr(metadata, f"validate_{member}")()
        except ValueError as error:
            found.append(str(error))
    return found


def signed_assertion():
    """The assertions are its own, as of a workload that is its own issuer: a new one with each request."""
    workload = AssertionSession(
        metadata["token_endpoint"], given["assertion_issuer"], "alice", audience=metadata["issuer"],
        key=ECKey.import_key(given["assertion_key"]), alg="ES256", scope="read",
    )
    workload.auth = (given["client_id"], given["client_secret"])
    return [claims(workload.refresh_token())["sub"] for _ in range(2)]


def jwt_bearer():
    wrong_secret = refusal(exchange, given["assertion"], session("wrong"))
    token = exchange(given["assertion"], scope="read")
    forgery = {"authorization": f"Bearer {token['access_token'][:-6]}AAAAAA"}
    calls = []
    for resource in given["resources"]:
        answer, forged = client.get(resource), requests.get(resource, headers=forgery, timeout=10)
        calls.append({"status": answer.status_code, "claims": answer.json(), "forged": forged.status_code})
    return {
        "token_type": token["token_type"],
        "calls": calls,
        "wrong_secret": wrong_secret,
        "replayed": refusal(exchange, given["assertion"]),
    }


def id_jag():
    of_token = claims(exchange(given["assertion"]))
    return {
        **{name: of_token[name] for name in ("sub", "client_id", "scope")},
        "replayed": refusal(exchange, given["assertion"]),
        "of_another_client": refusal(exchange, given["of_another_client"]),
    }


def token_exchange():
    def ask(**target):
        return client.fetch_token(
            metadata["token_endpoint"], grant_type=TOKEN_EXCHANGE,
            subject_token=given["subject_token"], subject_token_type=JWT,
            actor_token=given["actor_token"], actor_token_type=JWT, **target,
        )

    token = ask()
    return {
        "issued_token_type": token["issued_token_type"],
        "sub": claims(token)["sub"],
        "actor": claims(token)["act"]["sub"],
        "elsewhere": refusal(ask, audience="elsewhere"),
    }


def private_key_jwt():
    token = exchange(given["assertion"])
    return {"client_id": claims(token)["client_id"], "replayed": refusal(exchange, given["assertion"])}


def introspection():
    seen = introspect(exchange(given["assertion"])["access_token"])
    known = {name: seen.get(name) for name in ("active", "client_id", "sub", "token_type")}
    return {"known": known, "unknown": introspect("unknown")}


def revocation():
    token = exchange(given["assertion"])["access_token"]
    for text in (token, "unknown"):
        answer = client.revoke_token(metadata["revocation_endpoint"], text, token_type_hint="access_token")
        answer.raise_for_status()
    return introspect(token)


print(json.dumps(globals()[capability.replace("-", "_")]()))
