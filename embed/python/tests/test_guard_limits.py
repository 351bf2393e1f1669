"""R120: a guard under strangers, slow issuers, and settings and fetchers that are wrong."""

import asyncio
import socket
import threading
import time
from urllib.parse import unquote_to_bytes

import asserta.fetching
import asserta.guard
import pytest
from asserta import JWT_BEARER, ApplicationMetadata, BadSetting, Exchanger, InvalidMember, KeyDocument, Trapped
from asserta.guard import Answer, ASGIGuard, Guard, Passed, WSGIGuard
from conftest import PUBLIC_URL, Partner
from joserfc.jwk import ECKey
from test_guard import AUDIENCE, dpop_proof

ORIGIN = "https://api.example"
KEY = ECKey.generate_key("P-256")


@pytest.fixture(scope="module")
def issuer():
    """An issuer, and its tokens: one for whoever has it, and one that is bound to ``KEY``."""
    partner, exchanger = Partner(), Exchanger(PUBLIC_URL)
    exchanger.trusted_issuers.register(partner.trusted())
    app = exchanger.applications.register(
        ApplicationMetadata(grant_types=[JWT_BEARER], audience=AUDIENCE, scope="notes.read notes.write")
    )
    client = app["client_id"], app["client_secret"]
    exchanger.bearer = exchanger.exchange(partner.assertion(), *client).token
    proof = dpop_proof(KEY, "POST", f"{PUBLIC_URL}/oauth2/token", "0")
    exchanger.bound = exchanger.exchange(partner.assertion(), *client, dpop_proof=proof).token
    return exchanger


class Fetcher:
    """Counts, and returns what it is told to."""

    def __init__(self, document):
        self.count, self.document = 0, document

    def __call__(self, uri):
        self.count += 1
        return self.document() if callable(self.document) else self.document


def serve(guarded, method="GET", path="/mcp", headers=()):
    """What an ASGI application sends."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
             "headers": list(headers)}

    async def ask():
        await guarded(scope, None, send)
        return sent

    return ask()


async def nothing(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in"})


def test_r120_what_is_too_large_is_not_handed_over(issuer):
    fetch = Fetcher(KeyDocument(issuer.keys.jwks()))
    guard = Guard(PUBLIC_URL, AUDIENCE, fetch=fetch)
    authorization, proofs = [f"DPoP {issuer.bound}"], [dpop_proof(KEY, "GET", AUDIENCE, "1", issuer.bound)]
    assert isinstance(guard.check("GET", "/mcp", authorization, proofs), Passed)
    huge = "x" * (66 * 1024 * 1024)
    for request in (
        ("GET", "/mcp", [f"Bearer {huge}"]), ("GET", f"/{huge}", []), (huge, "/", []), ("GET", "/", [], ["a", huge]),
        ("GET", "/", [f"Bearer {'x' * 65_536}"]),
    ):
        answer = guard.check(*request)
        assert (answer.status, answer.reason) == (431, "head-too-large")
    many = guard.check("GET", "/mcp", ["Bearer a"] * 1_000_000, ["b"] * 1_000_000)
    assert (many.status, many.reason) == (400, "credentials-twice")
    assert guard.check("GET", "/mcp", authorization, proofs).reason == "proof-replayed"
    assert fetch.count == 1


def test_r120_what_is_too_large_over_asgi(issuer):
    guarded = ASGIGuard(nothing, issuer=PUBLIC_URL, audience=AUDIENCE, fetch=Fetcher(KeyDocument(issuer.keys.jwks())))
    start, body = asyncio.run(serve(guarded, headers=[(b"Authorization", b"Bearer " + b"x" * 1_000_000)]))
    assert (start["status"], body["body"]) == (431, b"")


def test_r120_an_instance_that_fails_forgets_no_proof(issuer):
    """RFC 9449 section 11.1: and no keys."""
    fetch = Fetcher(KeyDocument(issuer.keys.jwks(), 600))
    guard = Guard(PUBLIC_URL, AUDIENCE, fetch=fetch)
    authorization, proof = [f"DPoP {issuer.bound}"], dpop_proof(KEY, "GET", AUDIENCE, "1", issuer.bound)
    assert isinstance(guard.check("GET", "/mcp", authorization, [proof]), Passed)

    def trap(*arguments):
        raise Trapped("out of memory")

    guard._component._instance.call = trap
    assert guard.check("GET", "/mcp", authorization, [proof]).status == 503
    for again in (proof, f" {proof} ", f"{proof.rpartition('.')[0]}.AAAA"):
        answer = guard.check("GET", "/mcp", authorization, [again])
        assert (answer.status, answer.reason) == (401, "proof-replayed")
        assert 'error="invalid_dpop_proof"' in dict(answer.headers)["www-authenticate"]
    other = dpop_proof(KEY, "GET", AUDIENCE, "2", issuer.bound)
    assert isinstance(guard.check("GET", "/mcp", authorization, [other]), Passed)
    assert guard.check("GET", "/mcp", authorization, [other]).reason == "proof-replayed"
    # Where no proof is needed none is looked at.
    for _ in range(2):
        assert isinstance(guard.check("GET", "/mcp", [f"Bearer {issuer.bearer}"], [other]), Passed)
    assert fetch.count == 1


def test_r51_who_waits_for_keys_holds_up_nobody(issuer):
    """Not in the guard, and not in the other threads of the program."""
    now, released = [time.time()], threading.Event()
    keys = issuer.keys.jwks()
    fetch = Fetcher(KeyDocument(keys))
    guarded = ASGIGuard(nothing, issuer=PUBLIC_URL, audience=AUDIENCE, fetch=fetch, clock=lambda: now[0])
    good = (b"authorization", f"Bearer {issuer.bearer}".encode())
    unknown = Exchanger(PUBLIC_URL)
    partner = Partner()
    unknown.trusted_issuers.register(partner.trusted())
    app = unknown.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER], audience=AUDIENCE))
    stranger = unknown.exchange(partner.assertion(), app["client_id"], app["client_secret"]).token

    async def program():
        assert (await serve(guarded, headers=[good]))[0]["status"] == 200
        now[0] += 31

        def slow():
            released.wait(60)
            return KeyDocument(keys)

        fetch.document = slow
        bad = [(b"authorization", f"Bearer {stranger}".encode())]
        waiting = [asyncio.create_task(serve(guarded, headers=bad)) for _ in range(100)]
        while fetch.count < 2:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(20):
            assert (await serve(guarded, headers=[good]))[0]["status"] == 200
            await asyncio.to_thread(int)
            # Whoever leaves takes nothing from the others.
            waiting[0].cancel()
            await asyncio.sleep(0)
        assert not any(task.done() for task in waiting[1:])
        released.set()
        return [sent[0]["status"] for sent in await asyncio.gather(*waiting[1:])]

    assert set(asyncio.run(program())) == {401}
    assert fetch.count == 2


@pytest.mark.parametrize(
    "document",
    [None, "{}", b"{}", KeyDocument(b"{}"), KeyDocument("{}", "600"), KeyDocument("{}", 600.0), KeyDocument("{}", -5),
     KeyDocument("{}", 2**64), KeyDocument("{}", True), KeyDocument("x" * 70_000_000), KeyDocument("\ud800")],
    ids=lambda document: repr(document)[:40],
)
def test_r51_a_fetcher_that_is_wrong_is_held_off(issuer, document):
    if isinstance(document, KeyDocument) and document.text == "{}":
        document = KeyDocument(issuer.keys.jwks(), document.max_age)
    fetch = Fetcher(document)
    guard = Guard(PUBLIC_URL, AUDIENCE, fetch=fetch)
    instance = guard._component._instance
    for _ in range(5):
        answer = guard.check("GET", "/mcp", [f"Bearer {issuer.bearer}"])
        assert (answer.status, answer.reason) == (503, "keys-unavailable")
    assert fetch.count == 1
    assert guard._component._instance is instance


def test_r51_a_fetcher_that_ends_its_thread(issuer):
    def leave():
        raise SystemExit(1)

    guard = Guard(PUBLIC_URL, AUDIENCE, fetch=Fetcher(leave))
    assert guard.check("GET", "/mcp", [f"Bearer {issuer.bearer}"]).reason == "keys-unavailable"


def test_r120_an_introspection_has_an_end(monkeypatch):
    """A byte at a time, for as long as it likes."""
    monkeypatch.setattr(asserta.fetching, "TIME_LIMIT", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        def drip():
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                try:
                    for _ in range(300):
                        connection.sendall(b" ")
                        time.sleep(0.1)
                except OSError:
                    pass

        threading.Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        partner, exchanger = Partner(), Exchanger(url)
        exchanger.trusted_issuers.register(partner.trusted())
        app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER], audience=AUDIENCE))
        token = exchanger.exchange(partner.assertion(aud=url), app["client_id"], app["client_secret"]).token
        guard = Guard(url, AUDIENCE, introspect=("a", "b"), fetch=Fetcher(KeyDocument(exchanger.keys.jwks())))
        begun = time.monotonic()
        answer = guard.check("GET", "/mcp", [f"Bearer {token}"])
        assert (answer.status, answer.reason) == (503, "introspection-unavailable")
        assert time.monotonic() - begun < 10


def test_r50_an_issuer_in_a_private_network(monkeypatch):
    """Is asked where the setting says so, and only there."""
    connected = []

    def connect(address, timeout):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    issuer = "https://10.1.2.3/t/acme"
    partner, exchanger = Partner(), Exchanger(issuer)
    exchanger.trusted_issuers.register(partner.trusted())
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER], audience=AUDIENCE))
    token = exchanger.exchange(partner.assertion(aud=issuer), app["client_id"], app["client_secret"]).token
    keys = Fetcher(KeyDocument(exchanger.keys.jwks()))
    for allow_private in (False, True):
        connected.clear()
        guard = Guard(issuer, AUDIENCE, allow_private=allow_private)
        assert guard.check("GET", "/mcp", [f"Bearer {token}"]).reason == "keys-unavailable"
        assert connected == [("10.1.2.3", 443)] * allow_private
        connected.clear()
        guard = Guard(issuer, AUDIENCE, allow_private=allow_private, introspect=("a", "b"), fetch=keys)
        assert guard.check("GET", "/mcp", [f"Bearer {token}"]).reason == "introspection-unavailable"
        assert connected == [("10.1.2.3", 443)] * allow_private


@pytest.mark.parametrize(
    "setting, value, told",
    [
        ("scopes", None, "scopes: must be a string or a list of strings"),
        ("scopes", [1], "scopes[0]: must be a string"),
        ("introspect", "ab", "introspect: must be a pair: the client_id and its secret"),
        ("introspect", ("a",), "introspect: must be a pair: the client_id and its secret"),
        ("introspect", ("a", None), "introspect: must be a string"),
        ("allow_private", "yes", "allow_private: must be True or False"),
        ("fetch", "https://as.example", "fetch: must be a function"),
        ("clock", 5, "clock: must be a function that returns the seconds since 1970"),
        ("memory", 0, "memory: must be 2097152 or more"),
        ("issuer", None, "issuer: must be a string"),
    ],
)
def test_settings_of_the_wrong_kind(setting, value, told):
    for make in (Guard, lambda **settings: ASGIGuard(nothing, **settings), lambda **settings: WSGIGuard(None, **settings)):
        with pytest.raises(InvalidMember) as caught:
            make(**{"issuer": PUBLIC_URL, "audience": AUDIENCE, setting: value})
        assert str(caught.value) == told


@pytest.mark.parametrize(
    "setting, value", [("issuer", "as.example"), ("audience", ""), ("scopes", 'a"b'), ("jwks_uri", "ftp://x")]
)
def test_settings_that_are_refused_are_named(setting, value):
    with pytest.raises(BadSetting) as caught:
        Guard(**{"issuer": PUBLIC_URL, "audience": AUDIENCE, setting: value})
    assert caught.value.name == setting
    assert str(caught.value).startswith(f"the setting {setting} must be ")


def test_head_is_answered_without_a_body(issuer):
    """RFC 9110 sections 8.6 and 9.3.2: and with no length but that of GET."""
    settings = {"issuer": PUBLIC_URL, "audience": AUDIENCE, "fetch": Fetcher(KeyDocument(issuer.keys.jwks()))}
    asgi, wsgi = ASGIGuard(nothing, **settings), WSGIGuard(lambda *_: [], **settings)

    def over_asgi(method, path, token):
        start, body = asyncio.run(serve(asgi, method, path, [(b"authorization", token.encode())]))
        return start["status"], dict(start["headers"]).get(b"content-length", b"").decode(), body["body"]

    def over_wsgi(method, path, token):
        started = []
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_AUTHORIZATION": token}
        body = b"".join(wsgi(environ, lambda status, headers: started.append((status, dict(headers)))))
        return int(started[0][0][:3]), started[0][1].get("content-length", ""), body

    for ask in (over_asgi, over_wsgi):
        for path, token in (("/.well-known/oauth-protected-resource/mcp", ""), ("/mcp", "Bearer a.b.c"), ("/mcp", "Basic a")):
            status, length, body = ask("GET", path, token)
            assert length == str(len(body))
            head_status, head_length, head_body = ask("HEAD", path, token)
            assert (head_status, head_body) == (status, b"")
            assert head_length in ("", length)


@pytest.mark.parametrize("raw", ["/a%2Fb", "/%c3%a4", "/[x]|y", "/%61", "/plain", "/ä".encode().decode("latin-1")])
@pytest.mark.parametrize("name", ["REQUEST_URI", "RAW_URI"])
def test_r100_a_wsgi_server_that_tells_what_was_sent(issuer, raw, name):
    """RFC 9449 section 4.3: the proof is for the path as the client wrote it."""
    started = []
    settings = {"issuer": PUBLIC_URL, "audience": AUDIENCE, "fetch": Fetcher(KeyDocument(issuer.keys.jwks()))}
    guarded = WSGIGuard(lambda environ, start: [b"in"], **settings)
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/app",
        "PATH_INFO": unquote_to_bytes(raw.encode("latin-1")).decode("latin-1"),
        "QUERY_STRING": "q=1",
        name: f"/app{raw}?q=1",
        "HTTP_AUTHORIZATION": f"DPoP {issuer.bound}",
        "HTTP_DPOP": dpop_proof(KEY, "GET", f"{ORIGIN}/app{raw}", "1", issuer.bound),
    }
    seen = asserta.guard._wsgi_target(environ)
    assert seen == f"/app{raw}?q=1"
    assert guarded(environ, lambda *told: started.append(told)) == [b"in"], started


def test_what_a_server_says_of_another_path_does_not_count():
    environ = {"SCRIPT_NAME": "", "PATH_INFO": "/a b", "QUERY_STRING": "", "REQUEST_URI": "/public", "RAW_URI": "http://x/a%20b"}
    assert asserta.guard._wsgi_target(environ) == "/a%20b"


def test_the_scopes_of_a_token(issuer):
    guard = Guard(PUBLIC_URL, AUDIENCE, fetch=Fetcher(KeyDocument(issuer.keys.jwks())))
    assert guard.check("GET", "/mcp", f"Bearer {issuer.bearer}").scopes == ("notes.read", "notes.write")
    assert isinstance(guard.check("GET", "/mcp", [None]), Answer)
