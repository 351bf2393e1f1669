"""A third party that issues assertions, with an implementation of JOSE that is not ours."""

import itertools
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest
from asserta import JWT_BEARER, ApplicationMetadata, Exchanger, TrustedIssuer
from joserfc import jwt
from joserfc.jwk import ECKey

PUBLIC_URL = "https://tokens.example.com"


def not_tested(why: str) -> NoReturn:
    """Ends a test for which something is missing: under CI that is a failure, elsewhere it is said."""
    if os.environ.get("CI") not in (None, "", "0", "false"):
        pytest.fail(f"not tested: {why}")
    summary = Path(__file__).parents[3] / "target" / "summary"  # `make test` says it again at its end
    summary.mkdir(parents=True, exist_ok=True)
    with (summary / "not-tested").open("a") as file:
        print(f"the Python package: {why}", file=file)
    pytest.skip(f"not tested: {why}")


@dataclass
class Partner:
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    serial: itertools.count = field(default_factory=itertools.count)
    issuer: str = "https://partner.example"

    @property
    def pem(self) -> str:
        return self.key.as_pem(private=False).decode()

    @property
    def jwks(self) -> dict:
        return {"keys": [self.key.as_dict(private=False)]}

    def assertion(self, *, kid: str = "k1", **claims) -> str:
        now = int(time.time())
        standard = {"iss": self.issuer, "sub": "alice", "aud": PUBLIC_URL, "exp": now + 300,
                    "jti": f"{kid}-{now}-{next(self.serial)}"}
        return jwt.encode({"alg": "ES256", "kid": kid}, standard | claims, self.key)

    def trusted(self, **members) -> TrustedIssuer:
        keys = {} if {"jwks", "jwks_uri", "certificate"} & members.keys() else {"certificate": self.pem}
        return TrustedIssuer(**{"name": "partner", "issuer": self.issuer} | keys | members)


@pytest.fixture(scope="session")
def partner() -> Partner:
    return Partner()


@pytest.fixture
def exchanger() -> Exchanger:
    return Exchanger(PUBLIC_URL)


@pytest.fixture
def app(exchanger):
    return exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER], scope="read write"))
