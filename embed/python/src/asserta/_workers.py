"""Instances of the handler (``wit/http.wit``), each with a thread of its own, and what waits in them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from wasmtime.component import Record, Variant

from . import _convert as convert
from ._component import Instance, log
from .fetching import FetchFailed, KeyDocument

MAX_FETCHES = 10
"""For one request. Whatever it asks for then can't be had."""
CAUSES = frozenset(
    "bad-address name-unknown address-refused unreachable tls certificate timed-out incomplete too-large encoded".split()
)
"""The causes of :class:`FetchFailed` that are cases of ``fetch-problem`` and have nothing with them."""


class Lost(Exception):
    """The instance in which a request waited was thrown away."""


class Worker:
    """A thread, and the instance that nobody else uses. An instance that failed is replaced at the next call."""

    load: int = 0
    """How many requests it has. For the thread of the event loop alone."""

    def __init__(self, start: Callable[[], Instance]) -> None:
        self._start = start
        self._instance: Instance | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="asserta-http")

    async def start(self) -> None:
        """Starts the instance, or raises what is in the way."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._running)

    async def call(self, name: str, *arguments: Any, waits_in: Instance | None = None) -> tuple[Instance, Variant]:
        """Calls a function, and says in which instance. ``waits_in``: the one that a ticket is of."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._call, name, arguments, waits_in)

    def close(self) -> None:
        """Ends the thread when it has done what it was asked for."""
        self._thread.shutdown(wait=False)

    def _running(self) -> Instance:
        if self._instance is None:
            self._instance = self._start()
        return self._instance

    def _call(self, name: str, arguments: tuple[Any, ...], waits_in: Instance | None) -> tuple[Instance, Variant]:
        if waits_in is not None and waits_in is not self._instance:
            raise Lost
        instance = self._running()
        try:
            return instance, instance.call("http", name, *arguments)
        except BaseException:
            # A trap, or whatever it is: nobody can tell what state it is in.
            self._instance = None
            raise


async def run(worker: Worker, fetch: Callable[[str], Awaitable[Any]], name: str, *arguments: Any) -> Record | None:
    """Calls a function and waits and fetches for the component until it is done. The response, if there is one.

    What waits is kept in its instance, which serves others meanwhile.
    """
    instance, outcome = await worker.call(name, *arguments)
    fetches = 0
    while outcome.tag not in ("response", "done"):
        fetched = None
        if outcome.tag == "later":
            await asyncio.sleep(outcome.payload.milliseconds / 1000)
        else:
            fetches += 1
            fetched = Variant("unknown")
            if outcome.payload.authorities is not None:
                # A fetcher takes an address and nothing more: what only these are to vouch for is not fetched (R55).
                fetched = Variant("authorities")
            elif fetches <= MAX_FETCHES:
                fetched = await fetch(outcome.payload.uri)
        _, outcome = await worker.call("resume", outcome.payload.ticket, fetched, waits_in=instance)
    return outcome.payload


def fetched(fetch: Callable[[str], KeyDocument], uri: str) -> Record | Variant:
    """Fetches a document, for the component: the document, or why there is none. Any exception of the fetcher means
    that."""
    try:
        text, max_age = convert.key_document(fetch(uri))
    except Exception as error:
        log.warning("no keys from %s: %s", uri, convert.told(error))
        return _problem(error)
    return convert.record(body=text.encode(), max_age=max_age)


def _problem(error: Exception) -> Variant:
    cause, status = getattr(error, "cause", None), getattr(error, "status", None)
    if isinstance(error, FetchFailed) and cause in CAUSES:
        return Variant(cause)
    if isinstance(error, FetchFailed) and cause in ("redirect", "status") and isinstance(status, int) and 0 <= status < 1000:
        return Variant(cause, status)
    return Variant("unknown")
