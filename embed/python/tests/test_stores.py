"""The stores: what the component relies on, and what happens when they fail."""

import logging
import stat
import threading
from concurrent.futures import ProcessPoolExecutor

import pytest
from asserta import JWT_BEARER, ApplicationMetadata, Exchanger, MemoryStore, Refused, SqliteStore, StoreUnavailable
from conftest import PUBLIC_URL


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "asserta.db")


def test_what_a_store_does(store):
    store.set("registry", "a/1", "one")
    store.set("registry", "a/1", "uno")
    store.set("replay", "a/2", "two")
    assert store.get("registry", "a/1") == "uno"
    assert store.get("registry", "a/2") is None
    for key in ("b/", "b/_", "b/%", "b/ä\U0001f512", "c"):
        store.set("registry", key, "x")
    assert sorted(store.keys("registry", "b/")) == sorted(["b/", "b/_", "b/%", "b/ä\U0001f512"])
    assert store.keys("registry", "b/%") == ["b/%"]
    assert [store.increment("replay", "n") for _ in range(3)] == [1, 2, 3]
    assert store.get("replay", "n") == "3"
    store.delete("replay", "n")
    store.delete("replay", "n")
    assert store.increment("replay", "n") == 1


def test_increment_is_atomic_among_threads(store):
    numbers = []
    threads = [threading.Thread(target=lambda: numbers.extend(store.increment("replay", "n") for _ in range(50)))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 401))


def test_the_file_is_for_its_owner(tmp_path):
    SqliteStore(tmp_path / "asserta.db").close()
    assert stat.S_IMODE((tmp_path / "asserta.db").stat().st_mode) == 0o600


def _exchange(arguments):
    path, assertion, client_id, client_secret = arguments
    try:
        Exchanger(PUBLIC_URL, SqliteStore(path)).exchange(assertion, client_id, client_secret)
        return "granted"
    except Refused as refused:
        return refused.reason


def test_once_among_processes_and_after_a_restart(tmp_path, partner):
    """R45, R72."""
    path = tmp_path / "asserta.db"
    exchanger = Exchanger(PUBLIC_URL, SqliteStore(path))
    exchanger.trusted_issuers.register(partner.trusted())
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    exchanger.keys.jwks()
    work = [(path, partner.assertion(), app.client_id, app.client_secret)] * 8
    with ProcessPoolExecutor(4) as processes:
        outcomes = list(processes.map(_exchange, work))
    assert sorted(outcomes) == ["assertion-replayed"] * 7 + ["granted"]


class Failing(MemoryStore):
    failing = False

    def increment(self, area, key):
        if self.failing:
            raise OSError("the disk is full")
        return super().increment(area, key)


def test_a_store_that_fails_refuses(partner, caplog):
    """R70."""
    store = Failing()
    exchanger = Exchanger(PUBLIC_URL, store)
    exchanger.trusted_issuers.register(partner.trusted())
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    exchanger.keys.jwks()
    store.failing = True
    assertion = partner.assertion()
    with caplog.at_level(logging.ERROR, "asserta"), pytest.raises(Refused) as refused:
        exchanger.exchange(assertion, app.client_id, app.client_secret)
    assert (refused.value.code, refused.value.reason) == ("temporarily_unavailable", "store-unavailable")
    assert "the disk is full" in caplog.text
    with pytest.raises(StoreUnavailable):
        exchanger.trusted_issuers.remove("partner")
    store.failing = False
    assert exchanger.exchange(assertion, app.client_id, app.client_secret)
