"""A policy engine can sandbox the exchange: fuel and memory are bounded, and running out hurts nobody else."""

import base64

import pytest
from asserta import JWT_BEARER, ApplicationMetadata, Exchanger, MemoryStore, Refused, Trapped
from conftest import PUBLIC_URL

FUEL = 200_000_000
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
    scarce = Exchanger(PUBLIC_URL, store, fuel=FUEL // 10, memory=MEMORY)
    for _ in range(3):
        with pytest.raises(Trapped):
            scarce.exchange(partner.assertion(), store.app["client_id"], store.app["client_secret"])
        traps += 1
        assert scarce.organizations.urls().issuer == PUBLIC_URL  # on a fresh instance
    assert store._areas["registry"] == before
    assert store.exchanger.exchange(partner.assertion(), store.app["client_id"], store.app["client_secret"])
