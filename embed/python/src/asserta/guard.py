"""The resource's side: passes requests with a good access token of an Asserta organization on to an application.

:class:`ASGIGuard` stands before an ASGI application (FastAPI, Starlette, an MCP server), :class:`WSGIGuard` before a WSGI one
(Flask, Django). Both answer what does not pass as RFC 6750 says, and serve the metadata of the resource (RFC 9728). The rules
run as a WebAssembly component that has no network: it says when it needs the issuer's keys, and they are fetched here.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from wasmtime.component import Variant

from . import _convert as convert
from ._guarding import FAILED, TOO_LARGE, Answer, Component, Passed, answer_of, passed_of
from ._introspection import credentials, introspection, is_http
from .errors import InvalidMember
from .fetching import KeyDocument, fetch_keys

__all__ = ["ASGIGuard", "Answer", "Guard", "Passed", "WSGIGuard"]

log = logging.getLogger("asserta.guard")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Environ = dict[str, Any]
Fetcher = Callable[[str], KeyDocument]

_ROUNDS = 3
"""How often one request may ask for something before it is decided: keys, then an introspection."""
_MAX_HEAD = 65_536
"""Of what is looked at of a request, in bytes: method, target, and the values of two headers."""
_VALUES = 2
"""How many values of a header are looked at: two are one too many."""
_INTROSPECTIONS_AT_ONCE = 32
_MEMORY = 64 * 1024 * 1024


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
        allow_private: bool = False,
        fetch: Fetcher | None = None,
        clock: Callable[[], float] = time.time,
        memory: int = _MEMORY,
    ) -> None:
        """A guard for tokens of this issuer.

        ``issuer`` is the issuer identifier of the organization; ``audience`` what ``aud`` of a token must name, the URL of
        the resource where it is to have metadata; ``scopes`` are those that every request needs. ``introspect`` is a
        ``client_id`` and its secret: the issuer is asked about each token then (RFC 7662). ``allow_private``: the issuer may
        be in a private network. ``fetch`` gets the JWK set in place of :func:`asserta.fetch_keys`. Raises
        :class:`asserta.BadSetting` and :class:`asserta.InvalidMember`.
        """
        self._client = credentials(introspect)
        self._allow_private = convert.flag("allow_private", allow_private)
        if fetch is not None and not callable(fetch):
            raise InvalidMember("fetch", "must be a function")
        self._fetch = fetch or (lambda uri: fetch_keys(uri, dev=is_http(uri), allow_private=allow_private))
        settings = convert.record(
            issuer=convert.text("issuer", issuer),
            audience=convert.text("audience", audience),
            scopes=" ".join(convert.texts("scopes", scopes)),
            jwks_uri=convert.optional(convert.text, "jwks_uri", jwks_uri),
            introspect=introspect is not None,
        )
        self._component = Component(settings, clock, memory)
        self._lock = threading.Lock()
        self._fetches = 0
        self._fetching: Future[None] | None = None
        self._introspecting = ThreadPoolExecutor(_INTROSPECTIONS_AT_ONCE, thread_name_prefix="asserta-introspections")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="asserta-guard")

    def check(
        self, method: str, target: str, authorization: Iterable[str], dpop: Iterable[str] = ()
    ) -> Passed | Answer:
        """Decides about a request: its method, its path and query as sent, and the values of two of its headers.

        May wait for the issuer. Raises nothing: what fails here is answered with 503.
        """
        steps = self._decide(method, target, authorization, dpop)
        while isinstance(outcome := _advance(steps), Future):
            wait([outcome])
        return outcome

    async def check_async(
        self, method: str, target: str, authorization: Iterable[str], dpop: Iterable[str] = ()
    ) -> Passed | Answer:
        """As :meth:`check`, for an event loop of asyncio: who waits for the issuer takes no thread."""
        loop, steps = asyncio.get_running_loop(), self._decide(method, target, authorization, dpop)
        while isinstance(outcome := await loop.run_in_executor(self._thread, _advance, steps), Future):
            with contextlib.suppress(Exception):  # the next step looks
                await asyncio.wrap_future(outcome)
        return outcome

    def _decide(
        self, method: str, target: str, authorization: Iterable[str], dpop: Iterable[str]
    ) -> Generator[Future[Any], None, Passed | Answer]:
        """The decision, with what is to be waited for on the way."""
        try:
            tokens, proofs = _first("authorization", authorization), _first("dpop", dpop)
            if sum(len(part) for part in (method, target, *tokens, *proofs)) > _MAX_HEAD:
                return TOO_LARGE
            request = convert.record(
                method=convert.text("method", method),
                target=convert.text("target", target),
                authorization=tokens,
                dpop=proofs,
            )
            known = Variant("not-asked")
            for _ in range(_ROUNDS):
                fetches = self._fetches
                outcome = self._component.check(request, known)
                match outcome.tag:
                    case "passed":
                        self._refresh_if_due()
                        return passed_of(outcome.payload)
                    case "answered":
                        return answer_of(outcome.payload)
                    case "keys-needed":
                        supplied = self._supplied(outcome.payload, fetches)
                        yield supplied
                        supplied.result()
                    case "introspection-needed":
                        token = tokens[0].partition(" ")[2].strip(" ")
                        asked = self._introspecting.submit(self._introspect, outcome.payload, token)
                        yield asked
                        known = asked.result()
        except Exception:
            log.exception("a request could not be checked")
        return FAILED

    def _supplied(self, uri: str, fetches: int) -> Future[None]:
        """When the keys are there: they are fetched once for all who wait, unless they came since they were needed."""
        with self._lock:
            if self._fetching is not None:
                return self._fetching
            future: Future[None] = Future()
            # It runs: nobody who waits for it can cancel it for the others.
            future.set_running_or_notify_cancel()
            if fetches != self._fetches:
                future.set_result(None)
                return future
            threading.Thread(target=self._supply, args=(uri, future), daemon=True, name="asserta-guard-keys").start()
            self._fetching = future
            return future

    def _supply(self, uri: str, future: Future[None]) -> None:
        problem = None
        try:
            self._component.supply_keys(*self._keys(uri))
        except Exception as error:
            problem = error
        with self._lock:
            self._fetches += 1
            self._fetching = None
        if problem is None:
            future.set_result(None)
        else:
            future.set_exception(problem)

    def _keys(self, uri: str) -> tuple[bytes | None, int | None]:
        try:
            text, max_age = convert.key_document(self._fetch(uri))
            return text.encode(), max_age
        except BaseException as error:  # whatever a fetcher raises, in this thread of ours
            log.warning("the keys of the issuer can't be had: %s", convert.told(error))
            return None, None

    def _refresh_if_due(self) -> None:
        fetches = self._fetches
        uri = self._component.refresh_due()
        if uri is not None:
            self._supplied(uri, fetches)

    def _introspect(self, endpoint: str, token: str) -> Variant:
        try:
            return Variant("response", introspection(endpoint, token, self._client, self._allow_private))
        except Exception as error:
            log.warning("the issuer can't be asked about a token: %s", convert.told(error))
            return Variant("failed")


def _advance(steps: Generator[Future[Any], None, Passed | Answer]) -> Future[Any] | Passed | Answer:
    """What is to be waited for next, or the decision."""
    try:
        return next(steps)
    except StopIteration as done:
        decision: Passed | Answer = done.value
        return decision


class ASGIGuard:
    """An ASGI application before another one: ``app.add_middleware(ASGIGuard, issuer=…, audience=…)``.

    Takes the arguments of :class:`Guard`. The application finds what passed in ``scope["asserta"]``, a :class:`Passed`, and in
    the headers ``x-asserta-…``.
    """

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        *,
        issuer: str,
        audience: str,
        scopes: Iterable[str] | str = (),
        jwks_uri: str | None = None,
        introspect: tuple[str, str] | None = None,
        allow_private: bool = False,
        fetch: Fetcher | None = None,
        clock: Callable[[], float] = time.time,
        memory: int = _MEMORY,
    ) -> None:
        self._app = app
        self._guard = Guard(
            issuer, audience, scopes=scopes, jwks_uri=jwks_uri, introspect=introspect, allow_private=allow_private,
            fetch=fetch, clock=clock, memory=memory,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves as the ASGI server asks."""
        if scope["type"] not in ("http", "websocket"):
            # `lifespan` brings no request.
            if scope["type"] != "lifespan":
                raise ValueError(f"asserta.guard knows no {scope['type']}")
            await self._app(scope, receive, send)
            return
        method = scope.get("method", "GET")
        outcome = await self._guard.check_async(
            method, _target(scope), _values(scope, b"authorization"), _values(scope, b"dpop")
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
            fields, body = _response(outcome, method)
            headers = [(name.encode(), value.encode()) for name, value in fields]
            await send({"type": "http.response.start", "status": outcome.status, "headers": headers})
            await send({"type": "http.response.body", "body": body})


class WSGIGuard:
    """A WSGI application before another one: ``app.wsgi_app = WSGIGuard(app.wsgi_app, issuer=…, audience=…)``.

    Takes the arguments of :class:`Guard`. The application finds what passed in ``environ["asserta"]``, a :class:`Passed`, and
    in the headers ``x-asserta-…``.
    """

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        *,
        issuer: str,
        audience: str,
        scopes: Iterable[str] | str = (),
        jwks_uri: str | None = None,
        introspect: tuple[str, str] | None = None,
        allow_private: bool = False,
        fetch: Fetcher | None = None,
        clock: Callable[[], float] = time.time,
        memory: int = _MEMORY,
    ) -> None:
        self._app = app
        self._guard = Guard(
            issuer, audience, scopes=scopes, jwks_uri=jwks_uri, introspect=introspect, allow_private=allow_private,
            fetch=fetch, clock=clock, memory=memory,
        )

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serves as the WSGI server asks."""

        def values(name: str) -> list[str]:
            # A server joins several into one, which is refused.
            return [environ[name]] if name in environ else []

        method = environ["REQUEST_METHOD"]
        outcome = self._guard.check(
            method, _wsgi_target(environ), values("HTTP_AUTHORIZATION"), values("HTTP_DPOP")
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
        fields, body = _response(outcome, method)
        start_response(f"{outcome.status} {http.client.responses.get(outcome.status, 'Unknown')}", fields)
        return [body]


def _first(field: str, values: Iterable[str]) -> list[str]:
    """The first values of a header; a text is one."""
    return convert.texts(field, values if isinstance(values, str) else list(islice(values, _VALUES)))


def _is_ours(name: str) -> bool:
    """As the component's `is-our-header`, which is tested to agree: in any case, underscores for hyphens."""
    return name.lower().replace("_", "-").startswith("x-asserta-")


def _values(scope: Scope, wanted: bytes) -> list[str]:
    """The first values of a header."""
    values = (bytes(value) for name, value in scope["headers"] if bytes(name).lower() == wanted)
    # No more of one than shows that it is too long.
    return [value[: _MAX_HEAD + 1].decode("latin-1") for value in islice(values, _VALUES)]


def _target(scope: Scope) -> str:
    """Path and query as they were sent."""
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    query = scope.get("query_string", b"")
    return path.partition(b"?")[0].decode("latin-1") + ("?" + query.decode("latin-1") if query else "")


def _wsgi_target(environ: Environ) -> str:
    """Path and query as they were sent: as far as the server tells, else with the escapes that a path needs."""
    path = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1")
    for name in ("REQUEST_URI", "RAW_URI"):
        raw = environ.get(name, "").partition("?")[0]
        if unquote_to_bytes(raw.encode("latin-1", "replace")) == path:
            break
    else:
        raw = quote(path, safe="/:@!$&'()*+,;=~")
    query = environ.get("QUERY_STRING", "")
    return f"{raw}?{query}" if query else str(raw)


def _response(answer: Answer, method: str) -> tuple[list[tuple[str, str]], bytes]:
    """The headers and the body of an answer."""
    fields, is_head = list(answer.headers), method == "HEAD"
    # An answer to HEAD may lack the body that GET has, and then nobody knows its length here (RFC 9110 section 8.6).
    if answer.status != 204 and (answer.body or not is_head):
        fields.append(("content-length", str(len(answer.body))))
    return fields, b"" if is_head else answer.body
