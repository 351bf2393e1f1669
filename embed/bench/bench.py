"""What an embedded exchange costs in Python: the first call from the start of the process, then calls a second.

    python bench.py first        prints the seconds from the start of the process to the first access token
    python bench.py ALGORITHM    prints exchanges a second for assertions of this algorithm

With --host-signatures, cryptography computes the signatures.
"""

import sys
import time

STARTED = time.time()

from asserta import JWT_BEARER, ApplicationMetadata, Exchanger, TrustedIssuer  # noqa: E402 (it is measured)
from joserfc import jwt  # noqa: E402
from joserfc.jwk import ECKey, OKPKey, RSAKey  # noqa: E402

PUBLIC_URL, ISSUER = "https://tokens.example.com", "https://partner.example"
KEYS = {
    "ES256": lambda: ECKey.generate_key("P-256"),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519"),
    "RS256": lambda: RSAKey.generate_key(2048),
}


def ready(algorithm):
    """An exchanger that trusts a new key, an application of it, and a minter."""
    key = KEYS[algorithm]()
    exchanger = Exchanger(PUBLIC_URL, host_signatures="--host-signatures" in sys.argv)
    jwks = {"keys": [key.as_dict(private=False)]}
    exchanger.trusted_issuers.register(TrustedIssuer(name="partner", issuer=ISSUER, jwks=jwks))
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))

    def mint(number):
        claims = {"iss": ISSUER, "sub": "alice", "aud": PUBLIC_URL, "exp": int(time.time()) + 300, "jti": str(number)}
        return jwt.encode({"alg": algorithm}, claims, key, algorithms=[algorithm])

    return exchanger, app, mint


def main(what):
    exchanger, app, mint = ready("ES256" if what == "first" else what)
    exchanger.exchange(mint("warm"), app["client_id"], app["client_secret"])
    if what == "first":
        print(f"{time.time() - STARTED:.3f}")
        return
    assertions = [mint(number) for number in range(200)]
    began = time.perf_counter()
    for assertion in assertions:
        exchanger.exchange(assertion, app["client_id"], app["client_secret"])
    print(f"{len(assertions) / (time.perf_counter() - began):.0f}")


main(sys.argv[1])
