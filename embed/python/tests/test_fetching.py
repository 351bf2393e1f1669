"""JWKS documents are fetched when they are needed, under the limits of R50."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asserta import JWT_BEARER, ApplicationMetadata, Exchanger, FetchFailed, Refused, fetch_keys
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
        assert exchanger.exchange(partner.assertion(), app.client_id, app.client_secret)
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
        exchanges = [threads.submit(exchanger.exchange, partner.assertion(), app.client_id, app.client_secret)
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
            exchanger.exchange(partner.assertion(), app.client_id, app.client_secret)
        assert (refused.value.code, refused.value.reason) == ("temporarily_unavailable", "keys-unavailable")
    assert endpoint.fetches <= 2


def test_what_is_taken(endpoint):
    endpoint.answer = lambda handler: handler.send(200, b"{}", Cache_Control="public, max-age=300")
    document = fetch_keys(endpoint.url, dev=True)
    assert (document.text, document.max_age) == ("{}", 300)
    endpoint.answer = lambda handler: handler.send(200, b"{}", Cache_Control="no-store")
    assert fetch_keys(endpoint.url, dev=True).max_age == 0
    endpoint.answer = lambda handler: handler.send(200, b" " * 64 * 1024)
    assert len(fetch_keys(endpoint.url, dev=True).text) == 64 * 1024


@pytest.mark.parametrize("answer", [
    lambda handler: handler.send(302, b"", Location="https://partner.example/"),
    lambda handler: handler.send(204, b""),
    lambda handler: handler.send(200, b" " * (64 * 1024 + 1)),
    lambda handler: handler.send(200, b"\xff\xfe"),
    lambda handler: handler.wfile.write(b"not HTTP\r\n\r\n"),
])
def test_what_is_not_taken(endpoint, answer):
    endpoint.answer = answer
    with pytest.raises(FetchFailed):
        fetch_keys(endpoint.url, dev=True)


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
    with pytest.raises(FetchFailed):
        fetch_keys(endpoint.url, dev=True)
    assert 4.5 < time.monotonic() - began < 7


@pytest.mark.parametrize("uri", [
    "http://127.0.0.1/", "http://partner.example/", "ftp://partner.example/", "https://u:p@partner.example/", "https:///",
    "file:///etc/passwd",
])
def test_schemes_and_credentials(uri):
    with pytest.raises(FetchFailed):
        fetch_keys(uri)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fd00::1",
    "fe80::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
])
def test_private_addresses_are_refused_whatever_the_name(monkeypatch, address):
    """A name that leads to a private address, also where another one of its addresses is public."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 443)) for text in ("8.8.8.8", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(FetchFailed, match="private"):
        fetch_keys("https://partner.example/jwks")
