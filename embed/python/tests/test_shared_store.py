"""Several exchangers over one store: what one of them withdraws, none uses."""

import contextlib
import json

import pytest
from asserta import (
    JWT_BEARER, ApplicationMetadata, Exchanger, MemoryStore, NotFound, Refused, StoreUnavailable,
)
from conftest import PUBLIC_URL


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
        (lambda: exchanger.applications.remove(app.client_id), app, "client-unauthenticated"),
        (lambda: exchanger.trusted_issuers.remove("partner"), kept, "issuer-unknown"),
    ]:
        for each in (exchanger, other):
            assert each.exchange(partner.assertion(), client.client_id, client.client_secret)
        store.left = nth
        try:
            remove()
        except StoreUnavailable:
            with contextlib.suppress(NotFound):
                remove()
        for each in (exchanger, other):
            with pytest.raises(Refused) as refused:
                each.exchange(partner.assertion(), client.client_id, client.client_secret)
            assert refused.value.reason == reason
