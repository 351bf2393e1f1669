"""A resource server: it knows the issuer identifier of the authorization server and nothing else (R64).

Each request's bearer token is verified by joserfc and by PyJWT, which have to agree.
Usage: resource_server.py ISSUER AUDIENCE; prints the port that it listens on.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import jwt as pyjwt
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

ISSUER, AUDIENCE = sys.argv[1:3]


def metadata():
    """RFC 8414 section 3.1: the well-known part comes before the path of the issuer."""
    url = urlsplit(ISSUER)
    document = requests.get(
        f"{url.scheme}://{url.netloc}/.well-known/oauth-authorization-server{url.path}", timeout=10
    ).json()
    assert document["issuer"] == ISSUER
    return document


METADATA = metadata()
ALGORITHMS = METADATA["access_token_signing_alg_values_supported"]


def by_joserfc(token):
    keys = KeySet.import_key_set(requests.get(METADATA["jwks_uri"], timeout=10).json())
    decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
    assert decoded.header["typ"] == "at+jwt"
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
        sub={"essential": True},
        client_id={"essential": True},
    )
    rules.validate(decoded.claims)
    return decoded.claims


def by_pyjwt(token):
    key = pyjwt.PyJWKClient(METADATA["jwks_uri"]).get_signing_key_from_jwt(token)
    required = ["iss", "aud", "exp", "iat", "jti", "sub", "client_id"]
    return pyjwt.decode(
        token, key, algorithms=ALGORITHMS, audience=AUDIENCE, issuer=ISSUER, options={"require": required}
    )


class Resource(BaseHTTPRequestHandler):
    def do_GET(self):
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        verdicts = []
        for verify in (by_joserfc, by_pyjwt):
            try:
                verdicts.append(verify(token))
            except Exception as error:  # every failure of a library is a refusal
                print(verify.__name__, repr(error), file=sys.stderr)
                verdicts.append(None)
        first, second = verdicts
        assert first == second, verdicts
        status, body = (200, first) if first else (401, {"error": "invalid_token"})
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Resource)
print(server.server_port, flush=True)
server.serve_forever()
