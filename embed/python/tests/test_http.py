"""``asserta.http`` as an ASGI application: what a server hands in, and what it gets."""

import asyncio
import base64
import ctypes
import functools
import json
import logging
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from asserta import JWT_BEARER, BadSetting, FetchFailed, KeyDocument, MemoryStore, _wasmtime
from asserta._component import Instance
from asserta.http import Endpoint
from conftest import PUBLIC_URL, Partner
from wasmtime import _ffi as ffi
from wasmtime.component import Variant

SECRET = "s" * 32


def trust(*issuers):
    applications = [{"client_id": "orders", "client_secret": SECRET, "grant_types": [JWT_BEARER]}]
    return {"organizations": [{"name": "default", "trusted_issuers": list(issuers), "applications": applications}]}


def endpoint_of(*issuers, settings={}, **options):
    return Endpoint(settings={"public_url": PUBLIC_URL, "trust": trust(*issuers), **settings}, **options)


async def ask(endpoint, method, path, *chunks, headers=(), then=None, sent=None, **scope):
    """Its response: status, headers, body. ``then`` comes after the chunks of the body."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append(then or {"type": "http.request", "body": b"", "more_body": False})
    incoming, outgoing = iter(messages), [] if sent is None else sent

    async def receive():
        return next(incoming)

    async def send(message):
        outgoing.append(message)

    path, _, query = path.partition("?")
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
             "root_path": "", "headers": list(headers), **scope}
    await endpoint({name: value for name, value in scope.items() if value is not None}, receive, send)
    if not outgoing:
        return None
    begin, body = outgoing
    return begin["status"], dict(begin["headers"]), body["body"]


def token_request(assertion):
    credentials = base64.b64encode(f"orders:{SECRET}".encode())
    headers = [(b"content-type", b"application/x-www-form-urlencoded"), (b"authorization", b"Basic " + credentials)]
    return urlencode({"grant_type": JWT_BEARER, "assertion": assertion}).encode(), headers


async def exchange(endpoint, assertion, path="/oauth2/token", **more):
    body, headers = token_request(assertion)
    status, headers, body = await ask(endpoint, "POST", path, body, headers=headers, **more)
    return status, json.loads(body)


def served(test):
    """A test that is a coroutine."""
    return functools.wraps(test)(lambda **fixtures: asyncio.run(test(**fixtures)))


@served
async def test_an_exchange(partner):
    events = []
    endpoint = endpoint_of(partner.trusted(), on_event=events.append)
    assertion = partner.assertion()
    status, token = await exchange(endpoint, assertion)
    assert (status, token["token_type"]) == (200, "Bearer")
    assert await exchange(endpoint, assertion) == (
        400, {"error": "invalid_grant", "error_description": "The assertion has been used before."})
    decisions = [event for event in events if event["event"] == "exchange"]
    assert [event["outcome"] for event in decisions] == ["granted", "assertion-replayed"]
    await endpoint.stop()
    assert (await ask(endpoint, "GET", "/health"))[0] == 200  # it starts again


@pytest.mark.parametrize("scope", [
    {"path": "/auth/health", "root_path": "/auth"},
    {"path": "/auth/health", "root_path": "/auth/"},
    {"path": "/auth/health", "raw_path": None, "root_path": "/auth"},
    {"path": "/api/auth/health", "root_path": "/api/auth"},
    {"path": "/tést me/health", "raw_path": "/t%C3%A9st%20me/health".encode(), "root_path": "/tést me"},
    {"path": "/tést me/health", "raw_path": None, "root_path": "/tést me"},
    {"path": "/health", "root_path": "/auth"},  # as older servers have it
    {"path": "/health", "raw_path": b"/health?with=query"},
])
@served
async def test_below_where_it_is_mounted(scope):
    scope = {"raw_path": scope["path"].encode("latin-1"), **scope}
    assert (await ask(endpoint_of(), "GET", **scope))[0] == 200


@pytest.mark.parametrize("scope", [
    {"path": "/authhealth", "root_path": "/auth"},
    {"path": "/auth", "root_path": "/auth"},
    {"path": "/auth//health", "root_path": "/auth"},
    {"path": "/a/b/health", "raw_path": b"/a%2Fb/health", "root_path": "/a/b"},
])
@served
async def test_not_below_it(scope):
    scope = {"raw_path": scope["path"].encode(), **scope}
    assert (await ask(endpoint_of(), "GET", **scope))[0] == 404


@served
async def test_the_urls_are_those_of_the_public_url():
    """Wherever it is mounted."""
    endpoint = endpoint_of(settings={"public_url": "https://api.example.com/auth"})
    path = "/somewhere/.well-known/openid-configuration"
    _, _, body = await ask(endpoint, "GET", path, root_path="/somewhere")
    metadata = json.loads(body)
    assert metadata["issuer"] == "https://api.example.com/auth"
    assert metadata["token_endpoint"] == "https://api.example.com/auth/oauth2/token"


@served
async def test_a_body_is_bounded_while_it_is_read():
    """R15: what comes after 64 KiB is not asked for, and of a body that is announced to be larger nothing is."""
    endpoint = endpoint_of()
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    status, _, _ = await ask(endpoint, "POST", "/oauth2/token", *[b"a" * 1024] * 64, headers=form)
    assert status == 400
    unread = {"type": "nobody may ask for this"}
    for chunks, length in [([b"a" * 1024] * 65, []), ([], [(b"content-length", b"65537")]), ([], [(b"content-length", b"9" * 5000)])]:
        status, _, body = await ask(endpoint, "POST", "/oauth2/token", *chunks, headers=form + length, then=unread)
        assert (status, json.loads(body)["error"]) == (413, "invalid_request")
    assert (await ask(endpoint, "GET", "/health", headers=[(b"content-length", b"5")], then=unread))[0] == 200
    status, _, _ = await ask(endpoint, "GET", "/health", headers=[(b"x", b"y" * 65_536)])
    assert status == 431


@served
async def test_a_body_that_does_not_come(monkeypatch):
    monkeypatch.setattr("asserta.http._BODY_SECONDS", 0.1)
    sent = []

    async def receive():
        await asyncio.sleep(10)

    async def send(message):
        sent.append(message)

    await endpoint_of()({"type": "http", "method": "POST", "path": "/oauth2/token", "headers": []}, receive, send)
    assert sent[0]["status"] == 408


@served
async def test_a_client_that_goes_away():
    endpoint = endpoint_of(max_requests=1)
    for _ in range(3):
        assert await ask(endpoint, "POST", "/oauth2/token", b"grant", then={"type": "http.disconnect"}) is None

    async def gone(_):
        raise OSError("the client is gone")

    async def receive():
        return {"type": "http.disconnect"}

    await endpoint({"type": "http", "method": "GET", "path": "/health", "headers": []}, receive, gone)
    assert (await ask(endpoint, "GET", "/health"))[0] == 200


@served
async def test_one_that_is_slow_to_send_takes_nobody_s_place():
    endpoint = endpoint_of(max_requests=1)

    async def receive():
        await asyncio.sleep(10)

    slow = asyncio.create_task(endpoint({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, None))
    await asyncio.sleep(0.1)
    assert (await ask(endpoint, "GET", "/health"))[0] == 200
    slow.cancel()


@served
async def test_more_requests_than_it_takes(partner):
    release = threading.Event()

    class Slow(MemoryStore):
        def get(self, area, key):
            release.wait(10)
            return super().get(area, key)

    endpoint = endpoint_of(store=Slow(), max_requests=2)
    asked = [asyncio.create_task(ask(endpoint, "GET", "/health")) for _ in range(3)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    [busy] = [task.result() for task in asked if task.done()]
    assert (busy[0], busy[1][b"retry-after"]) == (503, b"1")
    release.set()
    assert sorted(status for status, _, _ in await asyncio.gather(*asked)) == [200, 200, 503]


@served
async def test_the_event_loop_goes_on():
    """While the store, or the component, takes its time."""
    class Slow(MemoryStore):
        def get(self, area, key):
            time.sleep(0.2)
            return super().get(area, key)

    asked = asyncio.create_task(ask(endpoint_of(store=Slow()), "GET", "/health"))
    longest, before = 0.0, time.monotonic()
    while not asked.done():
        await asyncio.sleep(0.005)
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
    assert asked.result()[0] == 200
    assert longest < 0.15


KEYS = {"jwks_uri": "https://partner.example/jwks"}


def holding(partner, release, fetches):
    """A fetcher that holds the document back."""
    def fetch(uri):
        fetches.append(uri)
        assert release.wait(10)
        return KeyDocument(json.dumps(partner.jwks), 600)
    return fetch


@served
async def test_a_request_that_waits_for_keys_holds_nobody_up(partner):
    """R52: one fetch for all, also among instances."""
    release, fetches = threading.Event(), []
    for instances in (1, 3):
        release.clear()
        fetches.clear()
        endpoint = endpoint_of(partner.trusted(**KEYS), fetch=holding(partner, release, fetches), instances=instances)
        asked = [asyncio.create_task(exchange(endpoint, partner.assertion())) for _ in range(6)]
        while not fetches:
            await asyncio.sleep(0.01)
        assert (await ask(endpoint, "GET", "/health"))[0] == 200
        release.set()
        assert [status for status, _ in await asyncio.gather(*asked)] == [200] * 6
        assert len(fetches) == 1


@served
async def test_a_request_that_is_cancelled_goes_on_to_its_end(partner):
    """As hypercorn cancels what a client no longer waits for: others may wait for its fetch."""
    release, fetches = threading.Event(), []
    endpoint = endpoint_of(partner.trusted(**KEYS), fetch=holding(partner, release, fetches), instances=1)
    cancelled = asyncio.create_task(exchange(endpoint, partner.assertion()))
    while not fetches:
        await asyncio.sleep(0.01)
    cancelled.cancel()
    await asyncio.wait([cancelled])
    assert cancelled.cancelled()
    other = asyncio.create_task(exchange(endpoint, partner.assertion()))
    await asyncio.sleep(0.1)
    release.set()
    assert (await other)[0] == 200
    await endpoint.stop()
    assert (len(fetches), endpoint._under_way) == (1, set())


@served
async def test_a_response_that_takes_too_long(partner, monkeypatch):
    monkeypatch.setattr("asserta.http._REQUEST_SECONDS", 0.3)
    release, fetches = threading.Event(), []
    endpoint = endpoint_of(partner.trusted(**KEYS), fetch=holding(partner, release, fetches))
    await endpoint.start()
    assert await exchange(endpoint, partner.assertion()) == (503, {
        "error": "temporarily_unavailable", "error_description": "the server can not answer at the moment; try again"})
    release.set()


def failing(cause, status=None):
    def fetch(uri):
        raise FetchFailed("why", cause, status)
    return fetch


@pytest.mark.parametrize(("fetch", "told"), [
    *((failing(cause), cause) for cause in (
        "bad-address", "name-unknown", "address-refused", "unreachable", "tls", "certificate", "timed-out", "incomplete",
        "too-large", "encoded", "unknown", "redirect", "no such cause")),
    (failing("redirect", 302), "302"), (failing("status", 404), "404"), (failing("status", "404"), "unknown"),
    (lambda uri: None, "unknown"), (lambda uri: KeyDocument(b"{}"), "unknown"), (lambda uri: KeyDocument("{}", -1), "unknown"),
    (lambda uri: KeyDocument("x" * 65_537), "unknown"), (lambda uri: KeyDocument("\ud800"), "unknown"),
    (lambda uri: KeyDocument("no document"), "JSON"),
])
@served
async def test_whatever_a_fetcher_does_the_keys_are_unavailable(partner, fetch, told):
    """R51, R52, R56: told, and asked for once."""
    events, fetches = [], []
    endpoint = endpoint_of(partner.trusted(**KEYS), fetch=lambda uri: (fetches.append(uri), fetch(uri))[1], on_event=events.append)
    for _ in range(3):
        status, body = await exchange(endpoint, partner.assertion())
        assert (status, body["error"]) == (503, "temporarily_unavailable")
    causes = [event["cause"] for event in events if event["event"] == "keys-failed"]
    assert len(causes) == len(fetches) <= 2  # the half minute may end in between
    assert isinstance(causes[0], str) and causes[0]
    if told in ("302", "404", "JSON"):
        assert told in causes[0]


SCARCE = 4_000_000
"""Enough for all but a signature."""


@served
async def test_a_trap_is_one_request_s_misfortune(partner, caplog):
    """R71."""
    endpoint = endpoint_of(partner.trusted(), fuel=SCARCE, instances=1)
    for _ in range(3):
        status, body = await exchange(endpoint, partner.assertion())
        assert (status, body["error"]) == (500, "server_error")
        assert (await ask(endpoint, "GET", "/health"))[0] == 200
    assert "Trapped" in caplog.text


@served
async def test_what_waited_in_an_instance_that_trapped_may_come_again(partner):
    other = Partner(issuer="https://other.example")
    release, fetches = threading.Event(), []
    issuers = partner.trusted(), other.trusted(name="other", **KEYS)
    endpoint = endpoint_of(*issuers, fetch=holding(other, release, fetches), fuel=SCARCE, instances=1)
    waiting = asyncio.create_task(exchange(endpoint, other.assertion()))
    while not fetches:
        await asyncio.sleep(0.01)
    assert (await exchange(endpoint, partner.assertion()))[0] == 500
    release.set()
    status, body = await waiting
    assert (status, body["error"]) == (503, "temporarily_unavailable")


@served
async def test_a_store_that_fails(partner, caplog):
    """R70."""
    class Failing(MemoryStore):
        def increment(self, area, key):
            if area == "replay":
                raise OSError("the disk is full")
            return super().increment(area, key)

    status, body = await exchange(endpoint_of(partner.trusted(), store=Failing()), partner.assertion())
    assert (status, body["error"]) == (503, "temporarily_unavailable")
    assert "the disk is full" in caplog.text


def broken(event):
    raise RuntimeError("the log is full")


@served
async def test_events(partner, caplog):
    with caplog.at_level(logging.INFO, "asserta.events"):
        assert (await exchange(endpoint_of(partner.trusted()), partner.assertion()))[0] == 200
    told = [json.loads(record.getMessage()) for record in caplog.records if record.name == "asserta.events"]
    assert [event["outcome"] for event in told if event["event"] == "exchange"] == ["granted"]
    assert SECRET not in caplog.text
    assert (await exchange(endpoint_of(partner.trusted(), on_event=broken), partner.assertion()))[0] == 200


@pytest.mark.parametrize(("settings", "name"), [
    (None, "public_url"), ({}, "public_url"), ({"public_url": ""}, "public_url"), ({"public_url": None}, "public_url"),
    ({"public_url": "nowhere"}, "public_url"), ({"public_url": 1}, "public_url"), ({"public_url": "\ud800"}, "public_url"),
    ({"admin_token": "too-short"}, "admin_token"), ({"dev": "perhaps"}, "dev"), ({"publicurl": "x"}, "publicurl"),
    ({"access_token_algorithm": "HS256"}, "access_token_algorithm"), ({"trust": "{"}, "trust"),
    ({"trust": {"organizations": 1}}, "trust"), ({"trust": {1: {2}}}, "trust"),
])
@served
async def test_a_bad_setting_is_told_at_the_start(settings, name):
    if settings:
        settings = {"public_url": PUBLIC_URL} | settings
    with pytest.raises(BadSetting) as bad:
        await Endpoint(settings=settings).start()
    assert bad.value.name == name and name in str(bad.value)
    assert "too-short" not in str(bad.value)


async def live(endpoint):
    incoming, sent = iter(["startup", "shutdown"]), []

    async def receive():
        return {"type": f"lifespan.{next(incoming)}"}

    async def send(message):
        sent.append(message)

    await endpoint({"type": "lifespan"}, receive, send)
    return sent


@served
async def test_lifespan():
    types = [message["type"] for message in await live(endpoint_of())]
    assert types == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    [failed] = await live(endpoint_of(settings={"admin_token": "short"}))
    assert failed["type"] == "lifespan.startup.failed" and "admin_token" in failed["message"]


@served
async def test_a_bad_setting_where_nobody_starts_it(caplog):
    status, _, _ = await ask(endpoint_of(settings={"admin_token": "short"}), "GET", "/health")
    assert status == 503
    assert "the setting admin_token must have at least 32 bytes" in caplog.text


@served
async def test_what_is_no_http():
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    await endpoint_of()({"type": "websocket", "path": "/"}, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
    with pytest.raises(ValueError):
        await endpoint_of()({"type": "telnet"}, receive, send)


def parameters(function):
    instance = Instance("handler", MemoryStore(), time.time, None, 1 << 26, False, print)
    return instance, dict(instance._function("http", function).type(instance._store).params)


def test_threads_do_not_disturb_each_other():
    """With wasmtime's one set of types for all threads, values fit nowhere here."""
    (_, handle), (_, resume) = parameters("handle"), parameters("resume")
    query, fetched = dict(handle["request"].fields)["query"], resume["fetched"]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            fits = lambda kind, value: all(kind._lower(None, value)[0] == "some" for _ in range(1000))
            asked = [threads.submit(fits, *each) for each in [(query, "a"), (fetched, Variant("tls"))] * 2]
            assert all(each.result() for each in asked)
    finally:
        sys.setswitchinterval(interval)


def test_bytes_cross_as_wasmtime_has_them():
    instance, types = parameters("handle")
    kind = dict(dict(types["request"].fields)["body"].cases)["bytes"]
    for data in (b"", b"\0", bytes(range(256)), b"a" * 65_536):
        for to_c in (_wasmtime._to_c, _wasmtime._list_to_c):
            for from_c in (_wasmtime._from_c, _wasmtime._list_from_c):
                value = ffi.wasmtime_component_val_t()
                to_c(kind, instance._store, data, ctypes.pointer(value))
                assert from_c(kind, value) == data
    for wrong in ("text", [1], None, bytearray(b"a")):
        with pytest.raises(TypeError):
            _wasmtime._to_c(kind, instance._store, wrong, ctypes.pointer(ffi.wasmtime_component_val_t()))
