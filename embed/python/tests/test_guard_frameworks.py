"""R112, R120: the guard in the frameworks and servers that people run, as docs/guard.md has it: FastAPI, Starlette and Flask.

The tokens come from an Asserta that serves on this machine, and a client that is not ours asks for them and presents them.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import fastapi
import flask
import pytest
import requests
import starlette.applications
import uvicorn
from asserta import JWT_BEARER
from asserta.guard import ASGIGuard, WSGIGuard
from asserta.http import Endpoint
from requests_oauth2client import ClientSecretBasic, DPoPKey, OAuth2Client
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, WebSocketRoute
from werkzeug.serving import make_server

SECRET = "a-secret-of-the-orders-application"


@dataclass
class API:
    """Where it is, a client of the Asserta that it trusts, and what makes assertions for that."""

    url: str
    client: OAuth2Client
    assertion: Callable[..., str]


@contextmanager
def listening():
    """A socket, so that an application knows where it is before it is made, and the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def uvicorn_serves(app, listener):
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def werkzeug_serves(app, listener):
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def seen(passed, headers, body):
    """What a handler finds."""
    return {
        "subject": passed.subject, "client_id": passed.client_id, "scopes": passed.scopes, "body": body,
        "headers": {name: value for name, value in headers if name.lower().startswith("x-asserta-")},
    }


async def greet(websocket):
    await websocket.accept()
    await websocket.send_text(websocket.scope["asserta"].subject)
    await websocket.close()


def fastapi_app(settings):
    app = fastapi.FastAPI()
    app.add_middleware(ASGIGuard, **settings)

    @app.post("/api/orders")
    async def orders(request: fastapi.Request):
        return seen(request.scope["asserta"], request.headers.items(), await request.json())

    @app.websocket("/api/live")
    async def live(websocket: fastapi.WebSocket):
        await greet(websocket)

    return app


def starlette_app(settings):
    async def orders(request):
        return JSONResponse(seen(request.scope["asserta"], request.headers.items(), await request.json()))

    # Mounted, as a larger application does it.
    routes = [Mount("/api", routes=[Route("/orders", orders, methods=["POST"]), WebSocketRoute("/live", greet)])]
    app = starlette.applications.Starlette(routes=routes)
    app.add_middleware(ASGIGuard, **settings)
    return app


def flask_app(settings):
    app = flask.Flask(__name__)
    app.wsgi_app = WSGIGuard(app.wsgi_app, **settings)

    @app.post("/api/orders")
    def orders():
        request = flask.request
        return seen(request.environ["asserta"], request.headers.items(), request.get_json())

    return app


FRAMEWORKS = {
    "FastAPI": (fastapi_app, uvicorn_serves),
    "Starlette": (starlette_app, uvicorn_serves),
    "Flask": (flask_app, werkzeug_serves),
}


@pytest.fixture(params=FRAMEWORKS, scope="module")
def api(request, partner):
    """An API, and an Asserta that issues tokens for it."""
    make, serve = FRAMEWORKS[request.param]
    with listening() as (api_listener, api), listening() as (listener, issuer):
        application = {
            "client_id": "orders", "client_secret": SECRET, "grant_types": [JWT_BEARER],
            "scope": "orders.read orders.write", "audience": api,
        }
        organization = {"name": "default", "trusted_issuers": [partner.trusted()], "applications": [application]}
        settings = {"public_url": issuer, "trust": {"organizations": [organization]}, "dev": True}
        guarded = make({"issuer": issuer, "audience": api, "scopes": ["orders.read"]})
        with uvicorn_serves(Endpoint(settings=settings), listener), serve(guarded, api_listener):
            # `testing`: it refuses http, and this is loopback.
            client = OAuth2Client.from_discovery_endpoint(
                issuer=issuer, auth=ClientSecretBasic("orders", SECRET), testing=True
            )
            yield API(api, client, lambda **claims: partner.assertion(aud=issuer, **claims))


def test_r120_a_token_passes_with_our_headers_alone(api):
    token = api.client.jwt_bearer(api.assertion(sub="jörg"), scope="orders.read")
    smuggled = {"X-Asserta-Subject": "root", "x_asserta_subject": "root", "x-asserta-admin": "1"}
    response = requests.post(f"{api.url}/api/orders?a=b", json={"item": "ü"}, auth=token, headers=smuggled, timeout=20)
    assert response.status_code == 200, response.text
    seen = response.json()
    assert (seen["subject"], seen["client_id"], seen["scopes"]) == ("jörg", "orders", ["orders.read"])
    assert seen["body"] == {"item": "ü"}
    headers = {name.lower(): value for name, value in seen["headers"].items()}
    assert headers.pop("x-asserta-claims")
    assert headers == {
        "x-asserta-subject": "j%C3%B6rg", "x-asserta-client-id": "orders", "x-asserta-scope": "orders.read",
    }


def test_r120_what_does_not_pass_is_challenged(api):
    def ask(**arguments):
        response = requests.post(f"{api.url}/api/orders", json={}, timeout=20, **arguments)
        return response.status_code, response.headers.get("www-authenticate", "")

    metadata = f"{api.url}/.well-known/oauth-protected-resource"
    assert ask() == (401, f'Bearer scope="orders.read", resource_metadata="{metadata}"')
    assert requests.get(metadata, timeout=20).json()["authorization_servers"] == [api.client.issuer]
    token = api.client.jwt_bearer(api.assertion(), scope="orders.write")
    status, challenge = ask(auth=token)
    assert (status, 'error="insufficient_scope"' in challenge) == (403, True)
    status, challenge = ask(headers={"Authorization": f"Bearer {token.access_token[:-6]}AAAAAA"})
    assert (status, 'error="invalid_token"' in challenge) == (401, True)
    # What the framework answers by itself stays behind the guard.
    assert requests.get(f"{api.url}/nothing", timeout=20).status_code == 401


def test_r120_a_bound_token_passes_with_the_proofs_of_a_client(api):
    key = DPoPKey.generate("ES256")
    token = api.client.jwt_bearer(api.assertion(), dpop=True, dpop_key=key, scope="orders.read")
    for item in ("first", "second"):
        response = requests.post(f"{api.url}/api/orders?a=b", json={"item": item}, auth=token, timeout=20)
        assert (response.status_code, response.json()["body"]) == (200, {"item": item}), response.text
    stolen = {"Authorization": f"Bearer {token.access_token}"}
    response = requests.post(f"{api.url}/api/orders", json={}, headers=stolen, timeout=20)
    assert (response.status_code, response.headers["www-authenticate"][:4]) == (401, "DPoP")


@pytest.mark.parametrize("api", ["FastAPI", "Starlette"], indirect=True)
def test_r120_a_websocket(api):
    def begin(*headers):
        """The status of the handshake, and whether a frame says who asks."""
        with socket.create_connection(("127.0.0.1", urlsplit(api.url).port), timeout=20) as connection:
            head = ["GET /api/live HTTP/1.1", f"Host: {urlsplit(api.url).netloc}", "Connection: Upgrade", "Upgrade: websocket",
                    "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *headers, "", ""]
            connection.sendall("\r\n".join(head).encode())
            received = b""
            while chunk := connection.recv(4096):
                received += chunk
                if b"alice" in received:
                    break
        return int(received.split()[1]), b"alice" in received

    assert begin() == (403, False)
    token = api.client.jwt_bearer(api.assertion(), scope="orders.read")
    assert begin(f"Authorization: Bearer {token.access_token}") == (101, True)
