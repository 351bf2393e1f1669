"""JWKS documents are fetched when they are needed, under the limits of R50."""

import gzip
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asserta import (
    JWT_BEARER, ApplicationMetadata, Exchanger, FetchFailed, InvalidMember, KeyDocument, KeysNeeded, Refused, Trapped,
    fetch_keys,
)
from conftest import PUBLIC_URL


class Endpoint(ThreadingHTTPServer):
    """A JWKS endpoint on loopback."""

    daemon_threads = True

    def __init__(self):
        self.fetches = 0
        self.answer = lambda handler: handler.send(200, b"{}")
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                endpoint.fetches += 1
                endpoint.answer(self)

            def send(self, status, body, **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/jwks"


@pytest.fixture
def endpoint():
    endpoint = Endpoint()
    yield endpoint
    endpoint.shutdown()
    endpoint.server_close()


def test_an_exchange_fetches_what_it_needs_once(endpoint, partner):
    """R51, R52."""
    endpoint.answer = lambda handler: handler.send(200, json.dumps(partner.jwks).encode())
    exchanger = Exchanger(PUBLIC_URL, dev=True)
    exchanger.trusted_issuers.register(partner.trusted(jwks_uri=endpoint.url))
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    for _ in range(3):
        assert exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"])
    assert endpoint.fetches == 1


def test_threads_share_a_fetch(endpoint, partner):
    """R52."""
    def slow(handler):
        time.sleep(0.5)
        handler.send(200, json.dumps(partner.jwks).encode())

    endpoint.answer = slow
    exchanger = Exchanger(PUBLIC_URL, dev=True)
    exchanger.trusted_issuers.register(partner.trusted(jwks_uri=endpoint.url))
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    with ThreadPoolExecutor(8) as threads:
        exchanges = [threads.submit(exchanger.exchange, partner.assertion(), app["client_id"], app["client_secret"])
                     for _ in range(8)]
        assert all(exchange.result() for exchange in exchanges)
    assert endpoint.fetches == 1


def test_an_endpoint_that_is_down_is_not_asked_again_at_once(endpoint, partner):
    """R51, R52."""
    endpoint.answer = lambda handler: handler.send(500, b"")
    exchanger = Exchanger(PUBLIC_URL, dev=True)
    exchanger.trusted_issuers.register(partner.trusted(jwks_uri=endpoint.url))
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    for _ in range(3):
        with pytest.raises(Refused) as refused:
            exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"])
        assert (refused.value.code, refused.value.reason) == ("temporarily_unavailable", "keys-unavailable")
    assert endpoint.fetches <= 2


def test_what_is_taken(endpoint):
    endpoint.answer = lambda handler: handler.send(200, b"{}", Cache_Control="public, max-age=300")
    document = fetch_keys(endpoint.url, dev=True)
    assert (document.text, document.max_age) == ("{}", 300)
    for age, left in [("290", 10), ("301", 0), ("100, 200", 200), ("soon", 300)]:
        sent = {"Cache_Control": "max-age=300", "Age": age}
        endpoint.answer = lambda handler, sent=sent: handler.send(200, b"{}", **sent)
        assert fetch_keys(endpoint.url, dev=True).max_age == left, "R51: what caches have had it for"
    endpoint.answer = lambda handler: handler.send(200, b"{}", Cache_Control="no-store")
    assert fetch_keys(endpoint.url, dev=True).max_age == 0
    endpoint.answer = lambda handler: handler.send(200, b" " * 64 * 1024)
    assert len(fetch_keys(endpoint.url, dev=True).text) == 64 * 1024


@pytest.mark.parametrize(("answer", "cause", "words"), [
    (lambda handler: handler.send(302, b"", Location="https://partner.example/"), "redirect", "302"),
    (lambda handler: handler.send(204, b""), "status", "204"),
    (lambda handler: handler.send(404, b""), "status", "404"),
    (lambda handler: handler.send(200, b" " * (64 * 1024 + 1)), "too-large", "64 KiB"),
    (lambda handler: handler.send(200, b"\xff\xfe"), "encoded", "UTF-8"),
    (lambda handler: handler.send(200, gzip.compress(b"{}"), Content_Encoding="gzip"), "encoded", "compressed"),
    (lambda handler: handler.wfile.write(b"not HTTP\r\n\r\n"), "incomplete", "not HTTP"),
    (lambda handler: None, "incomplete", "incomplete"),
])
def test_what_is_not_taken_is_told_with_its_cause(endpoint, answer, cause, words):
    """R50, R56."""
    endpoint.answer = answer
    with pytest.raises(FetchFailed, match=words) as failed:
        fetch_keys(endpoint.url, dev=True)
    assert failed.value.cause == cause


def test_nothing_compressed_is_asked_for(endpoint):
    """R50."""
    seen = []
    endpoint.answer = lambda handler: (seen.append(handler.headers), handler.send(200, b"{}"))
    fetch_keys(endpoint.url, dev=True)
    assert (seen[0]["accept-encoding"], seen[0]["host"]) == ("identity", f"127.0.0.1:{endpoint.server_port}")


def test_neither_tls_nor_a_name_nor_a_port(endpoint):
    """R56."""
    for uri, cause in [
        (endpoint.url.replace("http:", "https:"), "tls"),
        ("https://nowhere.invalid/jwks", "name-unknown"),
        ("https://127.0.0.1:1/jwks", "unreachable"),
        ("https://127.0.0.1:99999/jwks", "bad-address"),
        ("https://[::1/jwks", "bad-address"),
    ]:
        with pytest.raises(FetchFailed) as failed:
            fetch_keys(uri, dev=True)
        assert failed.value.cause == cause, uri


def test_a_slow_answer_ends_after_five_seconds(endpoint):
    def drip(handler):
        handler.send(200, b"")
        for _ in range(100):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return
            time.sleep(0.2)

    endpoint.answer = drip
    began = time.monotonic()
    with pytest.raises(FetchFailed) as failed:
        fetch_keys(endpoint.url, dev=True)
    assert failed.value.cause == "timed-out"
    assert 4.5 < time.monotonic() - began < 7


@pytest.mark.parametrize("uri", [
    "http://127.0.0.1/", "http://partner.example/", "ftp://partner.example/", "https://u:p@partner.example/", "https:///",
    "file:///etc/passwd", "https://@8.8.8.8/", "",
])
def test_schemes_and_credentials(uri):
    with pytest.raises(FetchFailed):
        fetch_keys(uri)


def ready(partner, fetch, **options):
    exchanger = Exchanger(PUBLIC_URL, fetch=fetch, **options)
    exchanger.trusted_issuers.register(partner.trusted(jwks_uri="https://partner.example/jwks"))
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    return exchanger, lambda: exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"])


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("it can't say what it is")


def raising(error):
    def fetch(uri):
        raise error
    return fetch


async def a_coroutine_function(uri):
    return KeyDocument("{}")


BAD_FETCHERS = {
    "LookupError": raising(LookupError("no such secret")), "ValueError": raising(ValueError("x\ny")), "Mute": raising(Mute()),
    "Refused": raising(Refused("invalid_grant", "assertion-expired", "")), "KeysNeeded": raising(KeysNeeded("default", "a", "jwks", "b")),
    "Trapped": raising(Trapped("x")), "StopIteration": raising(StopIteration()), "FetchFailed": raising(FetchFailed("x")),
    "None": lambda uri: None, "text": lambda uri: "{}", "bytes": lambda uri: b"{}", "dict": lambda uri: {"keys": []},
    "no document": lambda uri: KeyDocument(None), "a document of bytes": lambda uri: KeyDocument(b"{}"),
    "lone surrogate": lambda uri: KeyDocument("\ud800"), "negative age": lambda uri: KeyDocument("{}", -1),
    "age of text": lambda uri: KeyDocument("{}", "60"), "huge age": lambda uri: KeyDocument("{}", 2**64),
    "over 64 KiB": lambda uri: KeyDocument(" " * (64 * 1024 + 1)), "over 64 KiB in UTF-8": lambda uri: KeyDocument("é" * 40_000),
    "as large as memory": lambda uri: KeyDocument("x" * 100_000_000), "empty": lambda uri: KeyDocument(""),
    "HTML": lambda uri: KeyDocument("<!doctype html>"), "no set": lambda uri: KeyDocument('{"issuer": "x"}'),
    "no key": lambda uri: KeyDocument('{"keys": []}'), "no usable key": lambda uri: KeyDocument('{"keys": [{"kty": "oct", "k": "AA"}]}'),
    "a coroutine": a_coroutine_function, "no function": 1,
}


@pytest.mark.filterwarnings("ignore:coroutine")
@pytest.mark.parametrize("name", BAD_FETCHERS)
def test_whatever_a_fetcher_does_the_keys_are_unavailable(partner, caplog, name):
    """R51, R52, R56: reported, told with its cause, and not asked again at once."""
    fetches = []

    def fetch(uri):
        fetches.append(uri)
        return BAD_FETCHERS[name](uri)

    exchanger, exchange = ready(partner, fetch)
    causes = []
    for _ in range(5):
        with pytest.raises(Refused) as refused, caplog.at_level(logging.WARNING, "asserta"):
            exchange()
        assert (refused.value.code, refused.value.reason) == ("temporarily_unavailable", "keys-unavailable")
        causes.append(refused.value.__cause__)
    assert len(fetches) <= 2  # the half minute may end in between
    assert isinstance(causes[0], Exception)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == len(fetches)
    assert all(line.startswith("no keys of the trusted issuer partner: ") and "\n" not in line for line in told), told
    assert not any(line.endswith(": ") for line in told), told


def test_an_interrupt_is_not_hidden(partner):
    fetches = iter([KeyboardInterrupt(), SystemExit(), None])

    def fetch(uri):
        if error := next(fetches):
            raise error
        return KeyDocument(json.dumps(partner.jwks))

    _, exchange = ready(partner, fetch)
    for interrupt in (KeyboardInterrupt, SystemExit):
        with pytest.raises(interrupt):
            exchange()
    assert exchange()


def test_the_last_good_keys_are_used_while_none_can_be_had(partner):
    """R51."""
    documents = iter([KeyDocument(json.dumps(partner.jwks), 60)])
    now = [time.time()]
    _, exchange = ready(partner, lambda uri: next(documents), clock=lambda: now[0])
    assert exchange()
    now[0] += 90
    assert exchange()


def test_a_thread_that_waited_knows_the_cause(partner):
    def slow(uri):
        time.sleep(0.5)
        raise FetchFailed("it is down", "unreachable")

    _, exchange = ready(partner, slow)
    with ThreadPoolExecutor(4) as threads:
        outcomes = [threads.submit(exchange).exception() for _ in range(4)]
    outcomes = [outcome.__cause__ for outcome in outcomes if outcome.__cause__]
    assert outcomes and {outcome.cause for outcome in outcomes} == {"unreachable"}


def test_what_is_handed_over_by_hand_is_checked(partner):
    exchanger = Exchanger(PUBLIC_URL, fetch=None)
    exchanger.trusted_issuers.register(partner.trusted(jwks_uri="https://partner.example/jwks"))
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    with pytest.raises(KeysNeeded) as caught:
        exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"])
    needed, document = caught.value, KeyDocument(json.dumps(partner.jwks))
    for call, field in [
        (lambda: exchanger.report_keys_unavailable(needed, 5), "cause"),
        (lambda: exchanger.report_keys_unavailable("partner"), "needed"),
        (lambda: exchanger.supply_keys(needed, "{}"), "document"),
        (lambda: exchanger.supply_keys(needed, None), "document"),
        (lambda: exchanger.supply_keys(None, document), "needed"),
        (lambda: exchanger.supply_keys(needed, KeyDocument(b"{}")), "document"),
        (lambda: exchanger.supply_keys(needed, KeyDocument("{}", "600")), "max_age"),
    ]:
        with pytest.raises(InvalidMember) as invalid:
            call()
        assert invalid.value.field == field
    assert exchanger.supply_keys(needed, document) == 1
    assert exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"])
