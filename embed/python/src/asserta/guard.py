"""The resource's side: passes requests with a good access token of an Asserta organization on to an application.

:class:`ASGIGuard` stands before an ASGI application (FastAPI, Starlette, an MCP server), :class:`WSGIGuard` before a WSGI one
(Flask, Django). Both answer what does not pass as RFC 6750 says, and serve the metadata of the resource (RFC 9728). The rules
run as a WebAssembly component that has no network: it says when it needs the issuer's keys, and they are fetched here.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import logging
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from wasmtime.component import Record, Variant

from . import _convert as convert
from ._component import Instance
from .errors import BadSetting
from .fetching import SIZE_LIMIT, TIME_LIMIT, KeyDocument, fetch_keys
from .stores import MemoryStore

__all__ = ["ASGIGuard", "Answer", "Guard", "Passed", "WSGIGuard"]

log = logging.getLogger("asserta.guard")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Environ = dict[str, Any]

_ROUNDS = 3
"""How often one request may ask for something before it is decided: keys, then an introspection."""
_FUEL = 2_000_000_000


@dataclass(frozen=True)
class Passed:
    """What the token of a request says, that was verified."""

    subject: str
    """``sub``."""
    client_id: str
    """``client_id``: the application."""
    scope: str
    """``scope``; empty where there is none."""
    claims: dict[str, Any]
    """All claims."""
    expires_at: int
    """``exp``: seconds since 1970."""
    headers: list[tuple[str, str]]
    """The headers ``x-asserta-…`` for the application."""


@dataclass(frozen=True)
class Answer:
    """What is answered in place of the application."""

    reason: str
    """Why, as a stable name such as ``expired``; ``metadata`` where the metadata was asked for."""
    status: int
    """The HTTP status."""
    headers: list[tuple[str, str]]
    """The headers, ``www-authenticate`` of a challenge among them."""
    body: bytes
    """The body."""


_FAILED = Answer("failed", 503, [("cache-control", "no-store")], b"")


class Guard:
    """Decides about requests to one resource. Safe for threads."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        scopes: Iterable[str] | str = (),
        jwks_uri: str | None = None,
        introspect: tuple[str, str] | None = None,
        fetch: Callable[[str], KeyDocument] | None = None,
        clock: Callable[[], float] = time.time,
        memory: int = 64 * 1024 * 1024,
    ) -> None:
        """A guard for tokens of this issuer.

        ``issuer`` is the issuer identifier of the organization; ``audience`` what ``aud`` of a token must name, the URL of
        the resource where it is to have metadata; ``scopes`` are those that every request needs. ``introspect`` is a
        ``client_id`` and its secret: the issuer is asked about each token then (RFC 7662). ``fetch`` gets the JWK set in
        place of :func:`asserta.fetch_keys`. Raises :class:`asserta.BadSetting`.
        """
        needed = scopes if isinstance(scopes, str) else " ".join(scopes)
        self._settings = convert.record(
            issuer=convert.text("issuer", issuer),
            audience=convert.text("audience", audience),
            scopes=convert.text("scopes", needed),
            jwks_uri=None if jwks_uri is None else convert.text("jwks_uri", jwks_uri),
            introspect=introspect is not None,
        )
        self._client = introspect
        self._fetch = fetch
        self._clock = clock
        self._memory = memory
        self._calling = threading.Lock()
        self._fetching = threading.Lock()
        self._fetches = 0
        self._instance = self._start()

    def check(
        self, method: str, target: str, authorization: Iterable[str], dpop: Iterable[str] = ()
    ) -> Passed | Answer:
        """Decides about a request: its method, its path and query as sent, and the values of two of its headers.

        May wait for the issuer. Raises nothing: what fails here is answered with 503.
        """
        try:
            authorization = list(authorization)
            request = convert.record(method=method, target=target, authorization=authorization, dpop=list(dpop))
            return self._decide(request, authorization)
        except Exception:
            log.exception("a request could not be checked")
            return _FAILED

    def _decide(self, request: Record, authorization: list[str]) -> Passed | Answer:
        introspection = Variant("not-asked")
        for _ in range(_ROUNDS):
            fetches = self._fetches
            outcome = self._call("check", request, introspection, self._now())
            match outcome.tag:
                case "passed":
                    self._refresh_if_due()
                    return _passed(outcome.payload)
                case "answered":
                    return _answer(outcome.payload)
                case "keys-needed":
                    self._supply(outcome.payload, fetches)
                case "introspection-needed":
                    introspection = self._introspect(outcome.payload, authorization[0].partition(" ")[2].strip(" "))
        return _FAILED

    def _supply(self, uri: str, fetches: int) -> None:
        """Fetches the keys, unless another thread has since they were found to be needed."""
        with self._fetching:
            if fetches != self._fetches:
                return
            document, max_age = None, None
            try:
                fetch = self._fetch or (lambda uri: fetch_keys(uri, dev=uri.startswith("http://")))
                fetched = fetch(uri)
                document, max_age = fetched.text.encode(), fetched.max_age
            except Exception as error:
                log.warning("the keys of the issuer can't be had: %s", error)
            self._call("supply-keys", document, max_age, self._now())
            self._fetches += 1

    def _refresh_if_due(self) -> None:
        uri = self._call("refresh-due", self._now())
        if uri is not None and not self._fetching.locked():
            threading.Thread(target=self._supply, args=(uri, self._fetches), daemon=True, name="asserta-guard").start()

    def _introspect(self, endpoint: str, token: str) -> Variant:
        try:
            return Variant("response", _introspection(endpoint, token, self._client))
        except Exception as error:
            log.warning("the issuer can't be asked about a token: %s", error)
            return Variant("failed")

    def _now(self) -> int:
        return int(self._clock())

    def _start(self) -> Instance:
        instance = Instance("guard-library", MemoryStore(), self._clock, _FUEL, self._memory, False)
        problem = instance.call("guard", "configure", self._settings)
        if problem is not None:
            raise BadSetting("guard", problem)
        return instance

    def _call(self, name: str, *arguments: Any) -> Any:
        with self._calling:
            try:
                return self._instance.call("guard", name, *arguments)
            except BaseException:
                # A trap, or whatever it is: nobody can tell what state it is in.
                self._instance = self._start()
                raise


class ASGIGuard:
    """An ASGI application before another one: ``app.add_middleware(ASGIGuard, issuer=…, audience=…)``.

    Takes the arguments of :class:`Guard`. The application finds what passed in ``scope["asserta"]``, a :class:`Passed`, and in
    the headers ``x-asserta-…``.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], **settings: Any) -> None:
        self._app = app
        self._guard = Guard(**settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves as the ASGI server asks."""
        if scope["type"] not in ("http", "websocket"):
            # `lifespan` brings no request.
            if scope["type"] != "lifespan":
                raise ValueError(f"asserta.guard knows no {scope['type']}")
            await self._app(scope, receive, send)
            return
        headers = [(bytes(name).decode("latin-1").lower(), bytes(value)) for name, value in scope["headers"]]

        def values(wanted: str) -> list[str]:
            return [value.decode("latin-1") for name, value in headers if name == wanted]

        outcome = await asyncio.to_thread(
            self._guard.check, scope.get("method", "GET"), _target(scope), values("authorization"), values("dpop")
        )
        if isinstance(outcome, Passed):
            passed = dict(scope)
            passed["headers"] = [
                *((name, value) for name, value in scope["headers"] if not _is_ours(bytes(name).decode("latin-1"))),
                *((name.encode(), value.encode()) for name, value in outcome.headers),
            ]
            passed["asserta"] = outcome
            await self._app(passed, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            fields = [(name.encode(), value.encode()) for name, value in outcome.headers]
            if outcome.status != 204:
                fields.append((b"content-length", str(len(outcome.body)).encode()))
            await send({"type": "http.response.start", "status": outcome.status, "headers": fields})
            await send({"type": "http.response.body", "body": outcome.body})


class WSGIGuard:
    """A WSGI application before another one: ``app.wsgi_app = WSGIGuard(app.wsgi_app, issuer=…, audience=…)``.

    Takes the arguments of :class:`Guard`. The application finds what passed in ``environ["asserta"]``, a :class:`Passed`, and
    in the headers ``x-asserta-…``.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], **settings: Any) -> None:
        self._app = app
        self._guard = Guard(**settings)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serves as the WSGI server asks."""
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        query = environ.get("QUERY_STRING", "")
        target = quote(path.encode("latin-1"), safe="/:@!$&'()*+,;=~") + (f"?{query}" if query else "")

        def values(name: str) -> list[str]:
            # A server joins several into one, which is refused.
            return [environ[name]] if name in environ else []

        outcome = self._guard.check(
            environ["REQUEST_METHOD"], target, values("HTTP_AUTHORIZATION"), values("HTTP_DPOP")
        )
        if isinstance(outcome, Passed):
            passed = {
                name: value
                for name, value in environ.items()
                if not (name.upper().startswith("HTTP_") and _is_ours(name[5:]))
            }
            for name, value in outcome.headers:
                passed["HTTP_" + name.upper().replace("-", "_")] = value
            passed["asserta"] = outcome
            return self._app(passed, start_response)
        reason = http.client.responses.get(outcome.status, "Unknown")
        fields = list(outcome.headers)
        if outcome.status != 204:
            fields.append(("content-length", str(len(outcome.body))))
        start_response(f"{outcome.status} {reason}", fields)
        return [outcome.body]


def _is_ours(name: str) -> bool:
    """As the component's `is-our-header`, which is tested to agree: in any case, underscores for hyphens."""
    return name.lower().replace("_", "-").startswith("x-asserta-")


def _target(scope: Scope) -> str:
    """Path and query as they were sent."""
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    query = scope.get("query_string", b"")
    return path.partition(b"?")[0].decode("latin-1") + ("?" + query.decode("latin-1") if query else "")


def _passed(record: Record) -> Passed:
    return Passed(
        subject=record.subject,
        client_id=convert.member(record, "client_id"),
        scope=record.scope,
        claims=json.loads(record.claims),
        expires_at=convert.member(record, "expires_at"),
        headers=[(name, value) for name, value in record.headers],
    )


def _answer(record: Record) -> Answer:
    headers = [(name, value) for name, value in record.headers]
    return Answer(record.reason, record.status, headers, record.body.encode())


def _introspection(endpoint: str, token: str, client: tuple[str, str] | None) -> bytes:
    """The body of the issuer's response, or an exception. No redirect is followed, and only status 200 counts."""
    if client is None:
        raise ValueError("there are no client credentials")
    url = urlsplit(endpoint)
    if url.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            url.netloc, timeout=TIME_LIMIT, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(url.netloc, timeout=TIME_LIMIT)
    try:
        # RFC 6749 section 2.3.1: both are form-encoded before they are joined.
        pair = ":".join(quote_plus(part) for part in client)
        headers = {
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        form = urlencode({"token": token, "token_type_hint": "access_token"})
        connection.request("POST", url.path, body=form, headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            raise ValueError(f"it answered {response.status}")
        body = response.read(SIZE_LIMIT + 1)
        if len(body) > SIZE_LIMIT:
            raise ValueError("its response exceeds 64 KiB")
        return body
    finally:
        connection.close()
