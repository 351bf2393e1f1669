"""Several exchangers over one store: what one of them withdraws, none uses."""

import contextlib
import json
import time

import pytest
from asserta import (
    JWT_BEARER, ApplicationMetadata, Exchanger, KeyDocument, MemoryStore, NotFound, Refused, SqliteStore,
    StoreUnavailable,
)
from conftest import PUBLIC_URL, Partner
from joserfc.jwk import ECKey


class FailsOnce(MemoryStore):
    """Fails the n-th time that a counter of registrations is brought forward."""

    left = -1

    def increment(self, area, key):
        if key.startswith("generation/"):
            self.left -= 1
            if self.left == 0:
                raise OSError("the disk is full")
        return super().increment(area, key)


@pytest.mark.parametrize("nth", range(1, 9))
def test_what_was_switched_off_in_spite_of_a_failure_is_off(partner, nth):
    """A registration that failed with StoreUnavailable and is made again holds, in the exchanger that made it, in
    another one, and in one that knew it before."""
    document = {"name": "default", "applications": [
        {"client_id": "orders", "client_secret": "x" * 32, "grant_types": [JWT_BEARER], "enabled": True}]}
    applied = lambda: json.dumps({"organizations": [document]})
    store = FailsOnce()
    exchanger, other = Exchanger(PUBLIC_URL, store), Exchanger(PUBLIC_URL, store)
    exchanger.trusted_issuers.register(partner.trusted())
    exchanger.apply(applied())
    for each in (exchanger, other):
        assert each.exchange(partner.assertion(), "orders", "x" * 32)
    document["applications"][0]["enabled"] = False
    store.left = nth
    try:
        exchanger.apply(applied())
    except StoreUnavailable:
        exchanger.apply(applied())
    for each in (exchanger, other, Exchanger(PUBLIC_URL, store)):
        with pytest.raises(Refused) as refused:
            each.exchange(partner.assertion(), "orders", "x" * 32)
        assert refused.value.reason == "client-unauthenticated"


@pytest.mark.parametrize("nth", range(1, 5))
def test_what_was_removed_in_spite_of_a_failure_is_gone(partner, nth):
    """The same, one by one: a NotFound after a failure says the truth."""
    store = FailsOnce()
    exchanger, other = Exchanger(PUBLIC_URL, store), Exchanger(PUBLIC_URL, store)
    exchanger.trusted_issuers.register(partner.trusted())
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    kept = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    for remove, client, reason in [
        (lambda: exchanger.applications.remove(app["client_id"]), app, "client-unauthenticated"),
        (lambda: exchanger.trusted_issuers.remove("partner"), kept, "issuer-unknown"),
    ]:
        for each in (exchanger, other):
            assert each.exchange(partner.assertion(), client["client_id"], client["client_secret"])
        store.left = nth
        try:
            remove()
        except StoreUnavailable:
            with contextlib.suppress(NotFound):
                remove()
        for each in (exchanger, other):
            with pytest.raises(Refused) as refused:
                each.exchange(partner.assertion(), client["client_id"], client["client_secret"])
            assert refused.value.reason == reason


class Endpoint:
    """A JWKS endpoint whose issuer withdraws a key."""

    def __init__(self):
        self.old = Partner(ECKey.generate_key("P-256", {"kid": "old"}))
        self.new = Partner(ECKey.generate_key("P-256", {"kid": "new"}))
        self.keys = [self.old, self.new]
        self.fetches = 0

    def fetch(self, uri):
        self.fetches += 1
        keys = [partner.key.as_dict(private=False) for partner in self.keys]
        return KeyDocument(json.dumps({"keys": keys}), 86_400)

    def unknown(self):
        """An assertion that asks for a key of a name that the document does not have."""
        return Partner(ECKey.generate_key("P-256", {"kid": "unknown"}))


def two_exchangers(path, endpoint, now):
    """Over one file, as two processes would have it."""
    clock = lambda: now[0]
    both = [Exchanger(PUBLIC_URL, SqliteStore(path), fetch=endpoint.fetch, clock=clock) for _ in range(2)]
    both[0].trusted_issuers.register(endpoint.old.trusted(jwks_uri="https://partner.example/jwks"))
    app = both[0].applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))

    def outcome(exchanger, partner):
        try:
            exchanger.exchange(partner.assertion(kid=partner.key.kid), app["client_id"], app["client_secret"])
            return "granted"
        except Refused as refused:
            return refused.reason

    for exchanger in both:
        assert [outcome(exchanger, partner) for partner in (endpoint.old, endpoint.new)] == ["granted"] * 2
    assert endpoint.fetches == 1
    return both, outcome


def test_a_withdrawn_key_is_refused_everywhere_after_one_fetch(tmp_path):
    """R48, R51: whichever exchanger fetched."""
    endpoint, now = Endpoint(), [time.time()]
    (first, second), outcome = two_exchangers(tmp_path / "asserta.db", endpoint, now)
    endpoint.keys = [endpoint.new]
    now[0] += 31
    assert outcome(first, endpoint.unknown()) == "key-unknown"
    assert endpoint.fetches == 2
    for exchanger in (second, first):
        assert outcome(exchanger, endpoint.old) == "key-unknown"
        assert outcome(exchanger, endpoint.new) == "granted"


def test_an_issuer_that_is_registered_again_has_new_keys(tmp_path):
    """R48, R52: what was known of the one before is used by nobody."""
    endpoint, now = Endpoint(), [time.time()]
    (first, second), outcome = two_exchangers(tmp_path / "asserta.db", endpoint, now)
    endpoint.keys = [endpoint.new]
    first.trusted_issuers.remove("partner")
    assert [outcome(each, endpoint.old) for each in (first, second)] == ["issuer-unknown"] * 2
    first.trusted_issuers.register(endpoint.old.trusted(jwks_uri="https://partner.example/jwks"))
    for exchanger in (second, first):
        assert outcome(exchanger, endpoint.new) == "granted"
        assert outcome(exchanger, endpoint.old) == "key-unknown"
    assert endpoint.fetches == 2
