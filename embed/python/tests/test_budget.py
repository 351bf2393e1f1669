"""A policy engine can sandbox the exchange: fuel and memory are bounded, and running out hurts nobody else."""

import base64
import time
import uuid

import pytest
from asserta import JWT_BEARER, TOKEN_EXCHANGE, ApplicationMetadata, Exchanger, MemoryStore, Refused, Trapped
from conftest import PUBLIC_URL
from joserfc import jwt
from joserfc.jwk import ECKey

# What docs/embedding.md promises: where JWTs name their key, where RS256 signs besides, and for whatever there is.
FUEL = 500_000_000
FUEL_OF_RS256 = 800_000_000
FUEL_OF_ANY = 6_000_000_000
MEMORY = 16 * 1024 * 1024


@pytest.fixture
def store(partner):
    store = MemoryStore()
    store.exchanger = Exchanger(PUBLIC_URL, store)
    store.exchanger.trusted_issuers.register(partner.trusted())
    store.exchanger.keys.jwks()
    store.app = store.exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    return store


def test_within_the_budget(store, partner):
    exchanger = Exchanger(PUBLIC_URL, store, fuel=FUEL, memory=MEMORY)
    assert exchanger.exchange(partner.assertion(), store.app["client_id"], store.app["client_secret"])
    encode = lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    for claims in ("[" * 11_000, '{"exp":' + "9" * 11_000 + "}", '{"a":' * 2_000 + "1" + "}" * 2_000):
        with pytest.raises(Refused):
            exchanger.exchange(f"{encode('{}')}.{encode(claims)}.AAAA", store.app["client_id"], store.app["client_secret"])


def test_running_out_leaves_the_store_consistent(store, partner):
    """R71."""
    before = dict(store._areas["registry"])
    traps = 0
    scarce = Exchanger(PUBLIC_URL, store, fuel=FUEL // 25, memory=MEMORY)
    for _ in range(3):
        with pytest.raises(Trapped):
            scarce.exchange(partner.assertion(), store.app["client_id"], store.app["client_secret"])
        traps += 1
        assert scarce.organizations.urls().issuer == PUBLIC_URL  # on a fresh instance
    assert store._areas["registry"] == before
    assert store.exchanger.exchange(partner.assertion(), store.app["client_id"], store.app["client_secret"])


def keys(curve, count):
    return [ECKey.generate_key(curve, {"kid": f"{curve} {number}"}) for number in range(count)]


def signed(algorithm, key, named, **claims):
    now = int(time.time())
    header = {"alg": algorithm} | ({"kid": key.kid} if named else {})
    standard = {"aud": PUBLIC_URL, "sub": "alice", "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
    return jwt.encode(header, standard | claims, key, algorithms=[algorithm])


def public(of):
    return {"keys": [key.as_dict(private=False) for key in of]}


def dpop_proof(algorithm, key):
    header = {"typ": "dpop+jwt", "alg": algorithm, "jwk": key.as_dict(private=False)}
    claims = {"htm": "POST", "htu": f"{PUBLIC_URL}/oauth2/token", "iat": int(time.time()), "jti": str(uuid.uuid4())}
    return jwt.encode(header, claims, key, algorithms=[algorithm])


@pytest.mark.parametrize("curve, algorithm", [("P-521", "ES512"), ("P-384", "ES384")])
@pytest.mark.parametrize(
    "named, ours, fuel", [(True, "ES256", FUEL), (True, "RS256", FUEL_OF_RS256), (False, "RS256", FUEL_OF_ANY)]
)
def test_r48_the_dearest_exchange(curve, algorithm, named, ours, fuel):
    """Four JWTs, each but the proof of an issuer or a client with 16 keys; without `kid` the last one that is tried fits."""
    store = MemoryStore()
    at_leisure = Exchanger(PUBLIC_URL, store, access_token_algorithm=ours)
    made = {name: keys(curve, 16) for name in ("subject", "actor", "client")}
    for name in ("subject", "actor"):
        at_leisure.trusted_issuers.register(
            {"name": name, "issuer": f"https://{name}.example", "jwks": public(made[name]), "token_exchange": {}}
        )
    client_id = at_leisure.applications.register(
        {"grant_types": [TOKEN_EXCHANGE], "token_endpoint_auth_method": "private_key_jwt", "jwks": public(made["client"])}
    )["client_id"]
    at_leisure.keys.jwks()
    exchanger = Exchanger(PUBLIC_URL, store, access_token_algorithm=ours, fuel=fuel, memory=MEMORY)
    for _ in range(2):
        assert exchanger.exchange_token(
            signed(algorithm, made["subject"][-1], named, iss="https://subject.example", aud=client_id),
            client_id,
            client_assertion=signed(algorithm, made["client"][-1], named, iss=client_id, sub=client_id),
            actor_token=signed(algorithm, made["actor"][-1], named, iss="https://actor.example", sub="service"),
            dpop_proof=dpop_proof("ES384", ECKey.generate_key("P-384")),
        )
