"""A token endpoint as an ASGI application: in uvicorn or hypercorn by itself, or mounted in FastAPI or Starlette.

All routes of the server are there: the token endpoint, our keys, metadata, health, and the admin API where an admin token
is set. :class:`Endpoint` is the application.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from wasmtime.component import Record, Variant

from . import _convert as convert
from ._component import Instance, check_limits, log
from ._workers import Lost, Worker, fetched, run
from .errors import BadSetting, InvalidMember
from .fetching import KeyDocument, fetch_keys
from .stores import MemoryStore, Store

__all__ = ["BadSetting", "Endpoint"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_MAX_BODY = 65_536
"""Of a request, in bytes (R15). Nothing is read beyond."""
_MAX_HEAD = 65_536
"""Of method, path, query and headers together, in bytes."""
_BODY_SECONDS = 30.0
_REQUEST_SECONDS = 30.0
"""How long a client waits for its response at most."""
_FETCHES_AT_ONCE = 16
_FUEL = 2_000_000_000
"""For one call: docs/embedding.md has what an exchange takes."""
_KEY_OF_RSA = 25
"""So many times that: a new key for RS256 takes 2 billion or more, and the search for its primes has no end that is sure."""
_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS", "DELETE")
"""The methods whose bodies nobody reads."""

_events = logging.getLogger("asserta.events")


class Endpoint:
    """A token endpoint as an ASGI application, over one store. An event loop of asyncio runs it.

    Its settings are checked when the server starts it (``lifespan``). An application that it is mounted in starts it with
    ``FastAPI(lifespan=endpoint.lifespan)``; otherwise the first request does.
    """

    def __init__(
        self,
        store: Store | None = None,
        settings: Mapping[str, str | bool | Mapping[str, Any] | None] | None = None,
        *,
        fetch: Callable[[str], KeyDocument] | None = None,
        on_event: Callable[[dict[str, Any]], None] | None = None,
        clock: Callable[[], float] = time.time,
        instances: int | None = None,
        max_requests: int = 256,
        fuel: int | None = None,
        memory: int = 64 * 1024 * 1024,
        host_signatures: bool = False,
    ) -> None:
        """An endpoint that is not started yet.

        ``store`` keeps registrations, keys and used assertions (None: memory, for one process alone). ``settings`` are those
        of docs/settings.md, by name: ``public_url``, which must be there, ``admin_token``, ``trust`` (a document, or its
        JSON text), ``access_token_algorithm``, ``dpop_nonce``, ``dev``, ``activity``; None is as good as leaving one out.
        ``fetch`` gets JWKS documents, in
        a thread; any exception of it means that the keys can't be had. ``on_event`` takes what happens (``wit/events.wit``),
        in a thread; without it the logger ``asserta.events`` does. ``instances`` is how many requests are computed at once
        (None: one for each processor, at most four); more requests under way than ``max_requests`` are answered with 503.
        ``fuel`` bounds the work of one call in WebAssembly instructions (None: a second's worth or so, and where RS256 signs
        25 times that, since its keys are made inside), ``memory`` the memory of an instance in bytes. ``host_signatures``
        leaves the arithmetic of signatures to the package ``cryptography``.
        """
        self._settings = _texts({} if settings is None else settings)
        known = dict(self._settings)
        if not known.get("public_url"):
            raise BadSetting("public_url", "is missing")
        dev = known.get("dev") in ("true", "1")
        if fuel is None:
            fuel = _FUEL * (_KEY_OF_RSA if known.get("access_token_algorithm") == "RS256" else 1)
        check_limits(clock, fuel, memory)
        self._fetch = functools.partial(fetched, fetch or functools.partial(fetch_keys, dev=dev))
        self._on_event = on_event
        self._max_requests = max_requests
        self._start = functools.partial(
            self._instance, MemoryStore() if store is None else store, clock, fuel, memory, host_signatures
        )
        self._instances = instances or min(os.cpu_count() or 1, 4)
        self._workers: list[Worker] = []
        self._fetching: ThreadPoolExecutor | None = None
        self._requests = 0
        self._under_way: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves as the ASGI server or the application around it asks."""
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1000})
            case other:
                raise ValueError(f"asserta.http serves no {other}")

    async def start(self) -> None:
        """Starts it, or raises :class:`BadSetting`."""
        await self._worker().start()

    async def stop(self) -> None:
        """Waits for what is under way, and ends its threads. The store stays open."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_REQUEST_SECONDS)
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.close()
        if self._fetching is not None:
            self._fetching.shutdown(wait=False)
            self._fetching = None

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Any = None) -> AsyncIterator[None]:
        """Starts it and stops it, for an application that it is mounted in: ``FastAPI(lifespan=endpoint.lifespan)``."""
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    async def _live(self, receive: Receive, send: Send) -> None:
        """https://asgi.readthedocs.io/en/latest/specs/lifespan.html"""
        await receive()
        try:
            await self.start()
        except Exception as error:
            log.error("the endpoint does not start: %s", convert.told(error))
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            # The whole body first: who is slow to send it takes nobody's place.
            request = await _request(scope, receive)
        except _Gone:
            return
        except TimeoutError:
            await _respond(send, _TOO_SLOW)
            return
        if request is None or self._requests >= self._max_requests:
            await _respond(send, _HEAD_TOO_LARGE if request is None else _BUSY)
            return
        self._requests += 1
        try:
            worker = self._worker()
            await _respond(send, await self._patiently(self._response(worker, request)))
            await self._patiently(self._afterwards(worker))
        finally:
            self._requests -= 1

    async def _patiently(self, work: Any) -> Record | None:
        """Waits for work, which goes on to its end when nobody waits any longer: it may hold a turn that others wait for."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.wait_for(asyncio.shield(task), _REQUEST_SECONDS)
        except TimeoutError:
            log.error("a request takes longer than %.0f seconds", _REQUEST_SECONDS)
            return _BUSY

    async def _response(self, worker: Worker, request: Record) -> Record:
        """The component's response, or one in its place. Raises nothing."""
        worker.load += 1
        try:
            return await run(worker, self._fetched, "handle", request) or _FAILED
        except BadSetting as error:
            log.error("%s", error)
            return _MISCONFIGURED
        except Lost:
            return _BUSY
        except Exception:
            log.exception("a request failed")
            return _FAILED
        finally:
            worker.load -= 1

    async def _afterwards(self, worker: Worker) -> None:
        try:
            await run(worker, self._fetched, "after-response")
        except Lost:
            pass
        except Exception:
            log.exception("the work after a response failed")

    async def _fetched(self, uri: str) -> Record | Variant:
        if self._fetching is None:
            self._fetching = ThreadPoolExecutor(_FETCHES_AT_ONCE, thread_name_prefix="asserta-fetches")
        return await asyncio.get_running_loop().run_in_executor(self._fetching, self._fetch, uri)

    def _worker(self) -> Worker:
        """The one with the fewest requests."""
        if not self._workers:
            self._workers = [Worker(self._start) for _ in range(self._instances)]
        return min(self._workers, key=lambda worker: worker.load)

    def _instance(self, *options: Any) -> Instance:
        """An instance, configured."""
        instance = Instance("handler", *options, self._emit)
        bad = instance.call("http", "configure", self._settings)
        if bad is not None:
            raise BadSetting(bad.name, bad.problem)
        return instance

    def _emit(self, event: str) -> None:
        try:
            if self._on_event is None:
                _events.info("%s", event)
            else:
                self._on_event(json.loads(event))
        except Exception:
            log.exception("an event was not taken")


class _Gone(Exception):
    """The client is gone."""


def _texts(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Settings as the component takes them."""
    texts = []
    for name, value in settings.items():
        if value is None:
            continue
        try:
            if isinstance(value, bool):
                value = "true" if value else "false"
            elif isinstance(value, Mapping):
                value = convert.document(value)
            texts.append((convert.text("name", name), convert.text("value", value)))
        except InvalidMember as error:
            raise BadSetting(str(name), error.problem) from None
    return texts


async def _request(scope: Scope, receive: Receive) -> Record | None:
    """A request as the component takes it. None: its head is too large."""
    raw_path, query = _path(scope), scope.get("query_string", b"")
    headers = [(bytes(name).decode("latin-1"), bytes(value)) for name, value in scope["headers"]]
    size = len(raw_path) + len(query) + sum(len(name) + len(value) for name, value in headers)
    if size > _MAX_HEAD:
        return None
    return convert.record(
        method=scope["method"],
        path=raw_path.decode("utf-8", "replace"),
        query=query.decode("utf-8", "replace") or None,
        headers=headers,
        body=await _body(scope["method"], headers, receive),
    )


def _path(scope: Scope) -> bytes:
    """The path below where the application is mounted, percent-encoded as it came.

    ``path`` and ``raw_path`` begin with ``root_path``, which is decoded; a server that leaves it out is understood, too.
    """
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    segments = raw.partition(b"?")[0].split(b"/")
    root = scope.get("root_path", "").rstrip("/")
    mounted = 1 + root.count("/")
    if root and unquote_to_bytes(b"/".join(segments[:mounted])) == root.encode("utf-8", "surrogateescape"):
        segments = [b"", *segments[mounted:]] if len(segments) > mounted else [b"", b""]
    return b"/".join(segments)


async def _body(method: str, headers: list[tuple[str, bytes]], receive: Receive) -> Variant:
    """The body, of which no more is read than may be there."""
    if method in _WITHOUT_BODY:
        return Variant("bytes", b"")
    announced = [value for name, value in headers if name.lower() == "content-length"]
    if any(length.isdigit() and int(length[:20]) > _MAX_BODY for length in announced):
        return Variant("too-large")
    body = bytearray()
    async with asyncio.timeout(_BODY_SECONDS):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            body += message.get("body", b"")
            if len(body) > _MAX_BODY:
                return Variant("too-large")
            if not message.get("more_body", False):
                return Variant("bytes", bytes(body))


async def _respond(send: Send, response: Record | None) -> None:
    response = response or _FAILED
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    try:
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})
    except OSError:  # the client is gone, as newer servers tell
        pass


def _refusal(status: int, error: str, description: str, *headers: tuple[str, str]) -> Record:
    """What is said where the component can't: shaped like its own errors (R1)."""
    body = json.dumps({"error": error, "error_description": description}, separators=(",", ":")).encode()
    always = [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        ("content-length", str(len(body))),
    ]
    return convert.record(status=status, headers=[*always, *headers], body=body)


_FAILED = _refusal(500, "server_error", "the request failed here; the log says why")
_MISCONFIGURED = _refusal(503, "server_error", "the server has an unusable setting; its log names it")
_BUSY = _refusal(
    503, "temporarily_unavailable", "the server can not answer at the moment; try again", ("retry-after", "1")
)
_TOO_SLOW = _refusal(408, "invalid_request", "the body did not arrive in time")
_HEAD_TOO_LARGE = _refusal(431, "invalid_request", "the headers are too large")
