"""R112, R120, R121: the guard before ASGI and WSGI applications, with tokens of a real exchanger."""

import asyncio
import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from asserta import JWT_BEARER, ApplicationMetadata, BadSetting, Exchanger, FetchFailed, KeyDocument, TrustedIssuer
from asserta.guard import Answer, ASGIGuard, Guard, Passed, WSGIGuard, _is_ours
from conftest import PUBLIC_URL, Partner
from joserfc import jwt
from joserfc.jwk import ECKey

AUDIENCE = "https://api.example/mcp"
METADATA = "https://api.example/.well-known/oauth-protected-resource/mcp"


@pytest.fixture(scope="module")
def issued():
    """A token for the audience, and the set that verifies it."""
    partner, exchanger = Partner(), Exchanger(PUBLIC_URL)
    exchanger.trusted_issuers.register(TrustedIssuer(name="partner", issuer=partner.issuer, jwks=partner.jwks))
    application = exchanger.applications.register(
        ApplicationMetadata(grant_types=[JWT_BEARER], scope="notes.read notes.write", audience=AUDIENCE)
    )
    token = exchanger.exchange(
        partner.assertion(), client_id=application["client_id"], client_secret=application["client_secret"]
    )
    return token.token, exchanger.keys.jwks(), application["client_id"]


def settings(issued, **more):
    return {
        "issuer": PUBLIC_URL,
        "audience": AUDIENCE,
        "scopes": ["notes.read"],
        "fetch": lambda uri: KeyDocument(issued[1]),
        **more,
    }


def test_r120_a_good_token_passes(issued):
    guard = Guard(**settings(issued))
    passed = guard.check("GET", "/mcp", [f"Bearer {issued[0]}"])
    assert isinstance(passed, Passed)
    assert passed.client_id == issued[2]
    assert passed.claims["aud"] == AUDIENCE
    headers = dict(passed.headers)
    assert headers["x-asserta-subject"] == passed.subject
    claims = headers["x-asserta-claims"]
    assert json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))) == passed.claims


def test_r120_what_does_not_pass(issued):
    guard = Guard(**settings(issued))
    bare = guard.check("GET", "/mcp", [])
    assert isinstance(bare, Answer)
    assert (bare.status, bare.reason) == (401, "no-credentials")
    assert dict(bare.headers)["www-authenticate"] == f'Bearer scope="notes.read", resource_metadata="{METADATA}"'
    for values, status, reason in (
        ([f"Bearer {issued[0][:-4]}AAAA"], 401, "signature-invalid"),
        ([f"Bearer {issued[0]}", f"Bearer {issued[0]}"], 400, "credentials-twice"),
        ([f"Bearer {issued[0]}, Bearer {issued[0]}"], 400, "credentials-malformed"),
        ([f"DPoP {issued[0]}"], 401, "proof-missing"),
    ):
        answer = guard.check("GET", "/mcp", values)
        assert (answer.status, answer.reason) == (status, reason)
    more = Guard(**settings(issued, scopes="notes.read admin")).check("GET", "/mcp", [f"Bearer {issued[0]}"])
    assert (more.status, more.reason) == (403, "scope-insufficient")
    late = Guard(**settings(issued, clock=lambda: 4_000_000_000)).check("GET", "/mcp", [f"Bearer {issued[0]}"])
    assert (late.status, late.reason) == (401, "expired")


def dpop_proof(key, method, url, jti, token=None):
    """A DPoP proof (RFC 9449 section 4.2), by an implementation of JOSE that is not ours."""
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    claims = {"htm": method, "htu": url, "iat": int(time.time()), "jti": jti}
    if token is not None:
        claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
    return jwt.encode(header, claims, key)


def test_r100_explain_looks_at_the_proof(exchanger, app, partner):
    exchanger.trusted_issuers.register(partner.trusted())
    url, key = "https://gateway.example/token", ECKey.generate_key("P-256")
    proof = dpop_proof(key, "POST", url, "0")
    for explain in (exchanger.explain, exchanger.explain_token):
        for where, reason in ((url, None), (None, "dpop-proof-mismatch")):
            told = explain(partner.assertion(), app["client_id"], dpop_proof=proof, dpop_url=where)
            [step] = [check for check in told["checks"] if check["check"] == "DPoP proof"]
            assert step.get("reason") == reason
    assert exchanger.exchange(
        partner.assertion(), app["client_id"], app["client_secret"], dpop_proof=proof, dpop_url=url
    ), "it is not used up"


def test_r120_a_bound_token_needs_its_proof():
    partner, exchanger, key = Partner(), Exchanger(PUBLIC_URL), ECKey.generate_key("P-256")
    exchanger.trusted_issuers.register(TrustedIssuer(name="partner", issuer=partner.issuer, jwks=partner.jwks))
    application = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER], audience=AUDIENCE))
    token = exchanger.exchange(
        partner.assertion(),
        client_id=application["client_id"],
        client_secret=application["client_secret"],
        dpop_proof=dpop_proof(key, "POST", f"{PUBLIC_URL}/oauth2/token", "0"),
    ).token
    guard = Guard(PUBLIC_URL, AUDIENCE, fetch=lambda uri: KeyDocument(exchanger.keys.jwks()))
    proof = dpop_proof(key, "GET", AUDIENCE, "1", token)
    assert isinstance(guard.check("GET", "/mcp?a=b", [f"DPoP {token}"], [proof]), Passed)
    other_key = dpop_proof(ECKey.generate_key("P-256"), "GET", AUDIENCE, "2", token)
    for scheme, proofs, reason in (
        ("DPoP", [proof], "proof-replayed"),
        ("DPoP", [], "proof-missing"),
        ("DPoP", [dpop_proof(key, "GET", AUDIENCE, "3", token)] * 2, "proof-invalid"),
        ("DPoP", [dpop_proof(key, "POST", AUDIENCE, "4", token)], "proof-invalid"),
        ("DPoP", [other_key], "proof-of-another-key"),
        ("Bearer", [], "proof-missing"),
    ):
        answer = guard.check("GET", "/mcp", [f"{scheme} {token}"], proofs)
        assert (answer.status, answer.reason) == (401, reason)
        assert dict(answer.headers)["www-authenticate"].startswith("DPoP error=")

    # As WSGI and ASGI hand the two headers over.
    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"in"]

    started = []
    WSGIGuard(app, issuer=PUBLIC_URL, audience=AUDIENCE, fetch=lambda uri: KeyDocument(exchanger.keys.jwks()))(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/mcp",
            "HTTP_AUTHORIZATION": f"DPoP {token}",
            "HTTP_DPOP": dpop_proof(key, "GET", AUDIENCE, "5", token),
        },
        lambda status, headers: started.append(status),
    )
    assert started == ["200 OK"]


def test_r51_keys_are_fetched_once(issued):
    fetched = []

    def fetch(uri):
        fetched.append(uri)
        return KeyDocument(issued[1])

    guard = Guard(**settings(issued, fetch=fetch))
    outcomes = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(guard.check("GET", "/mcp", [f"Bearer {issued[0]}"])))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(outcome, Passed) for outcome in outcomes)
    assert fetched == [f"{PUBLIC_URL}/oauth2/jwks"]


def test_r51_no_keys_are_no_bad_token(issued):
    def fetch(uri):
        raise FetchFailed("it is down")

    answer = Guard(**settings(issued, fetch=fetch)).check("GET", "/mcp", [f"Bearer {issued[0]}"])
    assert (answer.status, answer.reason) == (503, "keys-unavailable")
    assert 1 <= int(dict(answer.headers)["retry-after"]) <= 30


def test_settings_that_are_refused(issued):
    for bad in ({"issuer": "http://tokens.example"}, {"audience": ""}, {"scopes": 'a "b"'}):
        with pytest.raises(BadSetting):
            Guard(**settings(issued, **bad))


def test_r120_asgi(issued):
    async def app(scope, receive, send):
        names = [name.decode() for name, _ in scope["headers"]]
        seen = {"headers": [[n.decode(), v.decode()] for n, v in scope["headers"]], "sub": scope["asserta"].subject}
        assert names.count("x-asserta-subject") == 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(seen).encode()})

    guarded = ASGIGuard(app, **settings(issued))

    def ask(headers, path="/mcp", kind="http"):
        sent = []

        async def receive():
            return {"type": "websocket.connect" if kind == "websocket" else "http.request", "body": b""}

        async def send(message):
            sent.append(message)

        scope = {"type": kind, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
        if kind == "http":
            scope["method"] = "GET"
        asyncio.run(guarded(scope, receive, send))
        return sent

    token = (b"authorization", f"Bearer {issued[0]}".encode())
    smuggled = [(b"X-Asserta-Subject", b"root"), (b"x_asserta_subject", b"root"), (b"x-asserta-admin", b"1")]
    start, body = ask([token, *smuggled])
    assert start["status"] == 200
    seen = json.loads(body["body"])
    assert [value for name, value in seen["headers"] if name == "x-asserta-subject"] == [seen["sub"]]
    assert not any("root" in value or "admin" in name for name, value in seen["headers"])
    assert ask([])[0]["status"] == 401
    assert ask([], kind="websocket") == [{"type": "websocket.close", "code": 1008}]
    start, body = ask([], path="/.well-known/oauth-protected-resource/mcp")
    assert start["status"] == 200
    assert json.loads(body["body"])["authorization_servers"] == [PUBLIC_URL]


def test_r120_wsgi(issued):
    seen = {}

    def app(environ, start_response):
        seen.update(environ)
        start_response("200 OK", [])
        return [b"in"]

    guarded = WSGIGuard(app, **settings(issued))

    def ask(**environ):
        started = []
        body = guarded(
            {"REQUEST_METHOD": "GET", "PATH_INFO": "/mcp", **environ},
            lambda status, headers: started.append((status, dict(headers))),
        )
        return *started[0], b"".join(body)

    status, _, body = ask(HTTP_AUTHORIZATION=f"Bearer {issued[0]}", HTTP_X_ASSERTA_SUBJECT="root", HTTP_X_ASSERTA_X="1")
    assert (status, body) == ("200 OK", b"in")
    assert seen["HTTP_X_ASSERTA_SUBJECT"] == seen["asserta"].subject != "root"
    assert "HTTP_X_ASSERTA_X" not in seen
    status, headers, _ = ask()
    assert status == "401 Unauthorized"
    assert headers["www-authenticate"].endswith(f'resource_metadata="{METADATA}"')
    status, _, body = ask(PATH_INFO="/.well-known/oauth-protected-resource/mcp")
    assert (status, json.loads(body)["resource"]) == ("200 OK", AUDIENCE)


@pytest.fixture
def introspection():
    """An issuer that says of every token what it is told to."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.seen.append(
                (self.path, self.headers["authorization"], self.rfile.read(int(self.headers["content-length"])))
            )
            status, body = self.server.says
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.says = [], (200, b'{"active":true}')
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def test_r120_introspection_is_asked_each_time(introspection):
    url = f"http://127.0.0.1:{introspection.server_port}"
    partner, exchanger = Partner(), Exchanger(url)
    exchanger.trusted_issuers.register(TrustedIssuer(name="partner", issuer=partner.issuer, jwks=partner.jwks))
    application = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER], audience=AUDIENCE))
    token = exchanger.exchange(
        partner.assertion(aud=url), client_id=application["client_id"], client_secret=application["client_secret"]
    ).token
    guard = Guard(
        url,
        AUDIENCE,
        introspect=("api", "se:cret"),
        fetch=lambda uri: KeyDocument(exchanger.keys.jwks()),
    )

    def ask():
        return guard.check("GET", "/mcp", [f"Bearer {token}"])

    assert isinstance(ask(), Passed)
    path, authorization, form = introspection.seen[0]
    assert (path, form) == ("/oauth2/introspect", f"token={token}&token_type_hint=access_token".encode())
    assert base64.b64decode(authorization.removeprefix("Basic ")) == b"api:se%3Acret"
    introspection.says = (200, b'{"active":false}')
    assert (ask().status, ask().reason) == (401, "not-active")
    for broken in ((500, b"{}"), (302, b""), (200, b"<html>"), (200, b'{"active":"true"}')):
        introspection.says = broken
        assert (ask().status, ask().reason) == (503, "introspection-unavailable")


def test_names_of_ours_are_what_the_component_says(issued):
    guard = Guard(**settings(issued))
    for name in ("x-asserta-subject", "X_ASSERTA_X", "x-Asserta_-", "x-asserta-", "x-asserta", "xx-asserta-a", "", "authorization"):
        assert guard._component.is_our_header(name) == _is_ours(name), name
