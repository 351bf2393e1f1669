"""The stores: what the component relies on, and what happens when they fail."""

import logging
import os
import sqlite3
import stat
import threading
from concurrent.futures import ProcessPoolExecutor

import pytest
from asserta import (
    JWT_BEARER, ApplicationMetadata, Exchanger, MemoryStore, Refused, SqliteStore, StoreUnavailable,
)
from conftest import PUBLIC_URL, not_tested


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
    assert store.keys("registry", "b/", None, 10) == ["b/", "b/%", "b/_", "b/ä\U0001f512"]
    assert store.keys("registry", "b/", None, 2) == ["b/", "b/%"]
    assert store.keys("registry", "b/", "b/%", 10) == ["b/_", "b/ä\U0001f512"]
    assert store.keys("registry", "b/%", None, 10) == ["b/%"]
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


def test_a_counter_counts_and_nothing_else_does(store):
    store.set("replay", "n", "not a number")
    with pytest.raises(ValueError):
        store.increment("replay", "n")


@pytest.fixture
def loose_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder):
    return {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in folder.iterdir()}


@pytest.mark.usefixtures("loose_umask")
@pytest.mark.parametrize("mode", [None, 0o644, 0o666, 0o400, 0o600])
def test_the_files_are_for_their_owner(tmp_path, mode):
    """R3: our private keys are in them. Also where they were there before, with any mode."""
    path = tmp_path / "asserta.db"
    if mode is not None:
        # As a program that died leaves them behind.
        writer = sqlite3.connect(path)
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE other (a)")
        for file in tmp_path.iterdir():
            file.chmod(mode)
    store = SqliteStore(path)
    store.set("registry", "a", "one")
    assert modes(tmp_path) == dict.fromkeys(("asserta.db", "asserta.db-wal", "asserta.db-shm"), "0o600")
    assert store.get("registry", "a") == "one"


def test_a_file_of_another_user_is_refused(tmp_path):
    if os.geteuid() != 0:
        not_tested("a file of another user: only root can make one")
    for name in ("asserta.db", "asserta.db-wal"):
        path = tmp_path / name
        path.touch()
        mode = path.stat().st_mode
        os.chown(path, 65534, 65534)
        with pytest.raises(PermissionError, match=f"chown 0 .*{name}$"):
            SqliteStore(tmp_path / "asserta.db")
        assert path.stat().st_mode == mode
        path.unlink()


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
    work = [(path, partner.assertion(), app["client_id"], app["client_secret"])] * 8
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
        exchanger.exchange(assertion, app["client_id"], app["client_secret"])
    assert (refused.value.code, refused.value.reason) == ("temporarily_unavailable", "store-unavailable")
    assert "the disk is full" in caplog.text
    with pytest.raises(StoreUnavailable):
        exchanger.trusted_issuers.remove("partner")
    store.failing = False
    assert exchanger.exchange(assertion, app["client_id"], app["client_secret"])


@pytest.mark.parametrize(("function", "answer"), [
    ("get", b"bytes"), ("get", 1), ("keys", "text"), ("keys", [b"bytes"]), ("keys", None), ("increment", True),
    ("increment", 0), ("increment", "1"), ("increment", None), ("increment", 1.0), ("increment", 2**63),
])
def test_a_store_that_answers_nonsense_refuses(partner, function, answer):
    """R45, R70: above all, what is no number is not the first use."""
    store = MemoryStore()
    exchanger = Exchanger(PUBLIC_URL, store)
    exchanger.trusted_issuers.register(partner.trusted())
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    exchanger.keys.jwks()
    setattr(store, function, lambda *_: answer)
    exchanger = Exchanger(PUBLIC_URL, store)
    if function == "keys":
        with pytest.raises(StoreUnavailable):
            list(exchanger.applications.list())
        return
    with pytest.raises(Refused) as refused:
        exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"])
    assert refused.value.reason == "store-unavailable"


@pytest.mark.parametrize("function", ["get", "keys"])
def test_a_lone_surrogate_is_no_text(function):
    """R70: a store that returns one does not work."""
    store = MemoryStore()
    setattr(store, function, lambda *_: "\ud800" if function == "get" else ["\ud800"])
    exchanger = Exchanger(PUBLIC_URL, store)
    with pytest.raises(StoreUnavailable):
        exchanger.organizations.page() if function == "keys" else exchanger.trusted_issuers.get("partner")
