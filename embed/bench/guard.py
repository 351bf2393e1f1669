"""What the guard costs a request in Python, in microseconds: ``python guard.py unguarded|first|repeated``. A WSGI application
that answers at once, alone; behind the guard with a token that is new to it; with one that it has verified a moment ago.
"""

import sys
import time

from asserta import JWT_BEARER, ApplicationMetadata, Exchanger, KeyDocument, TrustedIssuer
from asserta.guard import WSGIGuard
from joserfc import jwt
from joserfc.jwk import OKPKey

PUBLIC_URL, ISSUER, AUDIENCE = "https://tokens.example.com", "https://partner.example", "https://api.example"
TIMES, WARM = 200, 100


def application(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]


def main(what):
    key = OKPKey.generate_key("Ed25519")
    exchanger = Exchanger(PUBLIC_URL)
    jwks = {"keys": [key.as_dict(private=False)]}
    exchanger.trusted_issuers.register(TrustedIssuer(name="partner", issuer=ISSUER, jwks=jwks))
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER], audience=AUDIENCE))

    def token(number):
        """An access token, signed with ES256."""
        claims = {"iss": ISSUER, "sub": "alice", "aud": PUBLIC_URL, "exp": int(time.time()) + 300, "jti": str(number)}
        assertion = jwt.encode({"alg": "EdDSA"}, claims, key, algorithms=["EdDSA"])
        return exchanger.exchange(assertion, app["client_id"], app["client_secret"]).token

    def ask(serve, token):
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_AUTHORIZATION": f"Bearer {token}"}
        statuses = []
        serve(environ, lambda status, headers: statuses.append(status))
        assert statuses == ["200 OK"]

    fetch = lambda uri: KeyDocument(exchanger.keys.jwks())  # noqa: E731
    guarded = WSGIGuard(application, issuer=PUBLIC_URL, audience=AUDIENCE, fetch=fetch)
    serve = application if what == "unguarded" else guarded
    tokens = [token(0)] * (TIMES + WARM) if what == "repeated" else [token(number) for number in range(TIMES + WARM)]
    for each in tokens[:WARM]:
        ask(serve, each)
    began = time.perf_counter()
    for each in tokens[WARM:]:
        ask(serve, each)
    print(f"{(time.perf_counter() - began) / TIMES * 1e6:.0f}")


main(sys.argv[1])
