"""What requests_oauth2client does with us, by capability. It knows our issuer identifier and its own credentials, and finds
the rest.

Usage: requests_oauth2client_client.py CAPABILITY JSON; prints what it saw.
"""

import json
import sys

import jwt
import requests
from jwskate import Jwk
from requests_oauth2client import ClientSecretBasic, DPoPKey, EndpointError, OAuth2Client, PrivateKeyJwt

capability, given = sys.argv[1], json.loads(sys.argv[2])
JWT = "urn:ietf:params:oauth:token-type:jwt"


def discover(secret=None):
    if "private_key" in given:
        key = {**Jwk.from_pem(given["private_key"]), "kid": given["kid"]}
        # Left to itself it names the URL of the request; RFC 10070 wants the issuer identifier.
        auth = PrivateKeyJwt(given["client_id"], key, alg="ES256", aud=given["issuer"])
    else:
        auth = ClientSecretBasic(given["client_id"], secret or given["client_secret"])
    # It looks where OpenID Connect puts the metadata. It refuses http without `testing`; this is loopback.
    return OAuth2Client.from_discovery_endpoint(issuer=given["issuer"], auth=auth, testing=True)


client = discover()


def refusal(attempt, *arguments, **parameters):
    """The OAuth error that it reads from a refusal."""
    try:
        attempt(*arguments, **parameters)
        return None
    except EndpointError as error:
        return error.error


def claims(token):
    return jwt.decode(token.access_token, options={"verify_signature": False})


def discovery_openid():
    members = ("issuer", "token_endpoint", "introspection_endpoint", "revocation_endpoint", "jwks_uri")
    return {member: getattr(client, member) for member in members}


def jwt_bearer():
    wrong_secret = refusal(discover(secret="wrong").jwt_bearer, given["assertion"])
    token = client.jwt_bearer(given["assertion"], scope="read")
    forgery = {"authorization": f"Bearer {token.access_token[:-6]}AAAAAA"}
    calls = []
    for resource in given["resources"]:
        # The token is how `requests` authenticates.
        answer = requests.get(resource, auth=token, timeout=10)
        forged = requests.get(resource, headers=forgery, timeout=10)
        calls.append({"status": answer.status_code, "claims": answer.json(), "forged": forged.status_code})
    return {
        "token_type": token.token_type,
        "calls": calls,
        "wrong_secret": wrong_secret,
        "replayed": refusal(client.jwt_bearer, given["assertion"]),
    }


def id_jag():
    of_token = claims(client.jwt_bearer(given["assertion"]))
    return {
        **{name: of_token[name] for name in ("sub", "client_id", "scope")},
        "replayed": refusal(client.jwt_bearer, given["assertion"]),
        "of_another_client": refusal(client.jwt_bearer, given["of_another_client"]),
    }


def token_exchange():
    tokens = {
        "subject_token": given["subject_token"], "subject_token_type": JWT,
        "actor_token": given["actor_token"], "actor_token_type": JWT,
    }
    token = client.token_exchange(**tokens)
    return {
        "issued_token_type": token.issued_token_type,
        "sub": claims(token)["sub"],
        "actor": claims(token)["act"]["sub"],
        "elsewhere": refusal(client.token_exchange, **tokens, audience="elsewhere"),
    }


def private_key_jwt():
    token = client.jwt_bearer(given["assertion"])
    return {"client_id": claims(token)["client_id"], "replayed": refusal(client.jwt_bearer, given["assertion"])}


def dpop():
    sent = []
    client.session.hooks["response"].append(lambda response, **_: sent.append(response.status_code))
    key = DPoPKey.generate("ES256")
    # It answers the server's call for a nonce by itself.
    tokens = [client.jwt_bearer(assertion, dpop=True, dpop_key=key) for assertion in given["assertions"]]
    return {
        "token_types": [token.token_type.lower() for token in tokens],
        "bound": all(claims(token)["cnf"]["jkt"] == key.dpop_jkt for token in tokens),
        "requests": len(sent),
    }


def introspection():
    seen = client.introspect_token(client.jwt_bearer(given["assertion"]))
    known = {name: seen.get(name) for name in ("active", "client_id", "sub", "token_type")}
    return {"known": known, "unknown": client.introspect_token("unknown")}


def revocation():
    token = client.jwt_bearer(given["assertion"])
    for text in (token, "unknown"):
        assert client.revoke_access_token(text)
    return client.introspect_token(token)


print(json.dumps(globals()[capability.replace("-", "_")]()))
