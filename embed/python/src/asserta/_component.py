"""The component: compiled once, instantiated when needed, called under a budget."""

from __future__ import annotations

import functools
import importlib.resources
import inspect
import logging
import os
import threading
from collections.abc import Callable
from typing import Any

import wasmtime
from wasmtime.component import Component, Linker, Record, Variant

from . import _convert as convert
from . import _wasmtime  # noqa: F401
from ._interrupts import HostCalls
from .errors import InvalidMember
from .stores import Store

log = logging.getLogger("asserta")

_WASI = "0.2.6"
_VERSION = "0.2.0"
_LEAST_MEMORY = 2 * 1024 * 1024
_compiling = threading.Lock()


def _compiled(name: str, metered: bool) -> tuple[wasmtime.Engine, Component]:
    """The compiled component: by the first thread that wants it, for all."""
    with _compiling:
        return _compile(name, metered)


@functools.cache
def _compile(name: str, metered: bool) -> tuple[wasmtime.Engine, Component]:
    """wasmtime keeps the machine code in the user's cache directory."""
    config = wasmtime.Config()
    config.consume_fuel = metered
    try:
        config.cache = True
    except wasmtime.WasmtimeError as error:  # no home directory, or it is not writable
        log.debug("no compile cache: %s", error)
    engine = wasmtime.Engine(config)
    return engine, Component(engine, (importlib.resources.files(__package__) / name).read_bytes())


def check_limits(clock: Any, fuel: Any, memory: Any) -> None:
    """Raises :class:`InvalidMember` for a clock that is no function, and for limits under which nothing starts."""
    if not callable(clock):
        raise InvalidMember("clock", "must be a function that returns the seconds since 1970")
    if fuel is not None and convert.number("fuel", fuel, 64) == 0:
        raise InvalidMember("fuel", "must be 1 or more, or None")
    if convert.number("memory", memory, 63) < _LEAST_MEMORY:
        raise InvalidMember("memory", f"must be {_LEAST_MEMORY} or more")


class Instance:
    """A running component over one store. Not safe for threads: one call at a time."""

    def __init__(
        self,
        name: str,
        store: Store,
        clock: Callable[[], float],
        fuel: int | None,
        memory: int,
        host_signatures: bool,
        emit: Callable[[str], None] | None = None,
    ) -> None:
        """Starts the component of this name: ``exchanger``, or ``handler``, which tells its events to ``emit``."""
        check_limits(clock, fuel, memory)
        file = f"{name}-host-signatures.wasm" if host_signatures else f"{name}.wasm"
        self._engine, component = _compiled(file, fuel is not None)
        self._fuel = fuel
        self._store = wasmtime.Store(self._engine)
        self._store.set_limits(memory_size=memory)
        self._functions: dict[tuple[str, str], Any] = {}
        self._refuel()
        self._host = HostCalls()
        linker = _linker(self._engine, self._host, store, clock)
        if host_signatures:
            _add_signatures(linker, self._host)
        if emit is not None:
            _add_events(linker, self._host, emit)
        self._instance = self._host.call(lambda: linker.instantiate(self._store, component))

    def call(self, interface: str, name: str, *arguments: Any) -> Any:
        """Calls an exported function. After :class:`Trapped`, and after whatever a host function or a signal handler raises,
        the instance must be thrown away."""
        function = self._function(interface, name)
        self._refuel()

        def enter() -> Any:
            result = function(self._store, *arguments)
            function.post_return(self._store)
            return result

        return self._host.call(enter)

    def _refuel(self) -> None:
        if self._fuel is not None:
            self._store.set_fuel(self._fuel)

    def _function(self, interface: str, name: str) -> Any:
        key = (interface, name)
        if key not in self._functions:
            exported = f"asserta:exchange/{interface}@{_VERSION}"
            outer = self._instance.get_export_index(self._store, exported)
            index = self._instance.get_export_index(self._store, name, outer)
            self._functions[key] = self._instance.get_func(self._store, index)
        return self._functions[key]


def _linker(engine: wasmtime.Engine, host: HostCalls, store: Store, clock: Callable[[], float]) -> Linker:
    """All that the component gets of the world: its store, the time, random numbers."""
    linker = Linker(engine)
    with linker.root() as root:
        with root.add_instance(f"wasi:clocks/wall-clock@{_WASI}") as wall_clock:
            wall_clock.add_func("now", host.imported(lambda: _now(clock)))
            wall_clock.add_func("resolution", host.imported(lambda: _datetime(0, 1000)))
        with root.add_instance(f"wasi:random/random@{_WASI}") as random:
            random.add_func("get-random-bytes", host.imported(os.urandom))
            random.add_func("get-random-u64", host.imported(lambda: int.from_bytes(os.urandom(8), "little")))
        with root.add_instance(f"asserta:exchange/store@{_VERSION}") as imported:
            imported.add_func("get", host.imported(_guarded(store.get, _optional_text, tagged=True)))
            imported.add_func("set", host.imported(_guarded(store.set, _nothing)))
            imported.add_func("delete", host.imported(_guarded(store.delete, _nothing)))
            imported.add_func("keys", host.imported(_guarded(store.keys, _texts)))
            imported.add_func("increment", host.imported(_guarded(store.increment, _number)))
    return linker


def _add_events(linker: Linker, host: HostCalls, emit: Callable[[str], None]) -> None:
    """What happens inside, for the operator."""
    with linker.root() as root, root.add_instance(f"asserta:exchange/events@{_VERSION}") as imported:
        imported.add_func("emit", host.imported(emit))


def _add_signatures(linker: Linker, host: HostCalls) -> None:
    """One thing more, where it is asked for: the arithmetic of signatures."""
    try:
        from ._signatures import HostSignatures
    except ImportError as error:
        raise ImportError("host_signatures needs cryptography: pip install 'asserta[host-signatures]'") from error
    signatures = HostSignatures()
    with linker.root() as root, root.add_instance(f"asserta:exchange/signatures@{_VERSION}") as imported:
        imported.add_func("verify", host.imported(signatures.verify))
        imported.add_func("sign", host.imported(signatures.sign))


def _now(clock: Callable[[], float]) -> Record:
    now = convert.seconds("clock", clock())
    return _datetime(int(now), int(now % 1 * 1_000_000_000))


def _datetime(seconds: int, nanoseconds: int) -> Record:
    datetime = Record()
    datetime.seconds, datetime.nanoseconds = seconds, nanoseconds
    return datetime


# What a store returns. Anything else (a coroutine, bytes) is a store that does not work.


def _optional_text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"get returned {type(value).__name__}, not text or None")
    if value is not None:
        value.encode()  # a lone surrogate is no text
    return value


def _texts(value: Any) -> list[str]:
    texts = [] if isinstance(value, str) else list(value)
    if isinstance(value, str) or not all(isinstance(text, str) for text in texts):
        raise TypeError("keys returned something else than a list of texts")
    for text in texts:
        text.encode()
    return texts


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise TypeError(f"increment returned {type(value).__name__}, not a number from 1 on")
    return value


def _nothing(value: Any) -> None:
    if inspect.isawaitable(value):
        raise TypeError("a store must not be asynchronous")


def _guarded(operation: Callable[..., Any], check: Callable[[Any], Any], *, tagged: bool = False) -> Callable[..., Any]:
    """A store function as the component imports it: what it raises is logged, and means unavailable.

    wasmtime wants a result tagged where both of its sides may be text.
    """

    def guarded(*arguments: Any) -> Any:
        try:
            value = check(operation(*arguments))
        except Exception:
            log.exception("the store failed")
            return Variant("err", "unavailable") if tagged else "unavailable"
        return Variant("ok", value) if tagged else value

    return guarded
