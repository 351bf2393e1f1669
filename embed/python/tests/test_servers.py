"""``asserta.http`` in the servers that people run: uvicorn and hypercorn, by itself and mounted in FastAPI."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from conftest import Partner
from test_fetching import Endpoint as KeysEndpoint
from test_http import token_request, trust

ALONE = """
import json, os
import asserta, asserta.http

store = asserta.SqliteStore("asserta.db")
app = asserta.http.Endpoint(store, settings=json.loads(os.environ["SETTINGS"]), fuel=int(os.environ.get("FUEL", "0")) or None)
"""
MOUNTED = ALONE.replace("app = ", "tokens = ") + """
from fastapi import FastAPI

app = FastAPI(lifespan=tokens.lifespan)
app.mount("/auth", tokens)
app.get("/hello")(lambda: "hello")
"""
UVICORN = ["uvicorn", "app:app", "--no-access-log", "--fd"]
HYPERCORN = ["hypercorn", "app:app", "--bind"]
SERVERS = {
    "uvicorn": (UVICORN, ALONE, ""), "hypercorn": (HYPERCORN, ALONE, ""), "FastAPI": (UVICORN, MOUNTED, "/auth"),
    "FastAPI behind a proxy": (["uvicorn", "app:app", "--root-path", "/api", "--fd"], MOUNTED, "/auth"),
    "FastAPI in hypercorn": (HYPERCORN, MOUNTED, "/auth"),
}
PUBLIC_URL = "https://tokens.example.com"


class Server:
    """A server's process, and the port that it has."""

    def __init__(self, folder, name, *issuers, settings={}, **environment):
        command, program, self.prefix = SERVERS[name]
        (folder / "app.py").write_text(program)
        settings = {"public_url": PUBLIC_URL, "trust": trust(*issuers), "dev": True, **settings}
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = listener.getsockname()[1]
        descriptor = str(listener.fileno())
        if command[0] == "hypercorn":
            descriptor = f"fd://{descriptor}"
        self.log = folder / "server.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command, descriptor], cwd=folder, pass_fds=[listener.fileno()],
                env={**os.environ, "SETTINGS": json.dumps(settings), **environment}, stdout=log, stderr=log)
        listener.close()

    def ask(self, method, path, body=None, headers={}, *, prefix=None):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, (self.prefix if prefix is None else prefix) + path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def exchange(self, assertion):
        body, headers = token_request(assertion)
        status, body = self.ask("POST", "/oauth2/token", body, {name.decode(): value.decode() for name, value in headers})
        return status, json.loads(body)


@contextmanager
def running(*arguments, **options):
    server = Server(*arguments, **options)
    try:
        yield server
        assert server.process.poll() is None, server.log.read_text()
        server.process.terminate()
        server.process.wait(20)
    finally:
        server.process.kill()
        server.process.wait()
    assert "Traceback" not in server.log.read_text() or "FUEL" in options


@pytest.fixture(params=SERVERS, scope="module")
def server(request, tmp_path_factory, partner):
    with running(tmp_path_factory.mktemp("server"), request.param, partner.trusted()) as server:
        yield server


def test_one_of_many_that_present_an_assertion_gets_a_token(server, partner):
    """R45."""
    assert server.exchange(partner.assertion())[0] == 200
    for _ in range(3):
        assertion = partner.assertion()
        with ThreadPoolExecutor(64) as clients:
            outcomes = list(clients.map(server.exchange, [assertion] * 64))
        assert [status for status, _ in outcomes].count(200) == 1
        others = {(status, body["error"]) for status, body in outcomes if status != 200}
        assert others == {(400, "invalid_grant")}


def test_documents_and_what_is_not_there(server):
    status, body = server.ask("GET", "/.well-known/openid-configuration")
    assert (status, json.loads(body)["issuer"]) == (200, PUBLIC_URL)
    status, body = server.ask("HEAD", "/oauth2/jwks")
    assert (status, body) == (200, b"")
    assert server.ask("GET", "/nothing")[0] == 404
    if server.prefix:
        assert server.ask("GET", "/hello", prefix="") == (200, b'"hello"')
        assert server.ask("GET", "/oauth2/jwks", prefix="")[0] == 404


def test_a_body_that_is_too_large(server):
    """R15: announced, and in pieces."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"a" * 65_537, iter([b"a" * 8192] * 9)):
        status, told = server.ask("POST", "/oauth2/token", body, form)
        assert (status, json.loads(told)["error"]) == (413, "invalid_request")
    assert server.ask("POST", "/oauth2/token", b"a" * 65_536, form)[0] == 400


def test_a_client_that_breaks_off(server):
    for sent in (b"", b"grant_type="):
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            head = f"POST {server.prefix}/oauth2/token HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"
            client.sendall(head.encode() + sent)
            time.sleep(0.1)
    assert server.ask("GET", "/health")[0] == 200


@pytest.mark.parametrize("name", ["uvicorn", "FastAPI", "hypercorn"])
def test_a_slow_keys_endpoint_is_asked_once(tmp_path, name):
    """R52: and holds nobody up meanwhile."""
    partner, keys, release, sent = Partner(), KeysEndpoint(), threading.Event(), []

    def slow(handler):
        release.wait(3)
        sent.append(1)
        handler.send(200, json.dumps(partner.jwks).encode())

    keys.answer = slow
    try:
        with running(tmp_path, name, partner.trusted(jwks_uri=keys.url)) as server, ThreadPoolExecutor(20) as clients:
            assert server.ask("GET", "/health")[0] == 200
            asked = [clients.submit(server.exchange, partner.assertion()) for _ in range(20)]
            while not keys.fetches:
                time.sleep(0.01)
            assert server.ask("GET", "/health")[0] == 200
            assert sent == []
            release.set()
            assert [each.result()[0] for each in asked] == [200] * 20
            assert keys.fetches == 1
    finally:
        keys.shutdown()
        keys.server_close()


def test_a_trap_is_one_request_s_misfortune(tmp_path, partner):
    """R71."""
    with running(tmp_path, "uvicorn", partner.trusted(), FUEL="4000000") as server:
        for _ in range(3):
            status, body = server.exchange(partner.assertion())
            assert (status, body["error"]) == (500, "server_error")
            assert server.ask("GET", "/health")[0] == 200
    assert "Trapped" in server.log.read_text()


@pytest.mark.parametrize("name", SERVERS)
def test_a_bad_setting_is_told_at_the_start(tmp_path, name):
    server = Server(tmp_path, name, settings={"admin_token": "short"})
    try:
        ended = server.process.wait(60)
        assert ended != 0 or "hypercorn" in server.process.args  # which ends with 0 whatever happened
    finally:
        server.process.kill()
    assert "the setting admin_token must have at least 32 bytes" in server.log.read_text()


def test_what_was_used_stays_used(tmp_path, partner):
    """R72: after a SIGKILL too."""
    assertion = partner.assertion()
    for status in (200, 400):
        server = Server(tmp_path, "uvicorn", partner.trusted())
        try:
            assert server.exchange(assertion)[0] == status
        finally:
            server.process.kill()
            server.process.wait()
