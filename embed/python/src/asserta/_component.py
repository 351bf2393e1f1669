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

from . import _wasmtime  # noqa: F401
from .errors import Trapped
from .stores import Store

log = logging.getLogger("asserta")

_WASI = "0.2.6"
_VERSION = "0.2.0"
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
        file = f"{name}-host-signatures.wasm" if host_signatures else f"{name}.wasm"
        self._engine, component = _compiled(file, fuel is not None)
        self._fuel = fuel
        self._store = wasmtime.Store(self._engine)
        self._store.set_limits(memory_size=memory)
        self._functions: dict[tuple[str, str], Any] = {}
        self._refuel()
        linker = _linker(self._engine, store, clock)
        if host_signatures:
            _add_signatures(linker)
        if emit is not None:
            _add_events(linker, emit)
        self._instance = linker.instantiate(self._store, component)

    def call(self, interface: str, name: str, *arguments: Any) -> Any:
        """Calls an exported function. After :class:`Trapped` the instance must be thrown away."""
        function = self._function(interface, name)
        self._refuel()
        try:
            result = function(self._store, *arguments)
            function.post_return(self._store)
        except wasmtime.WasmtimeError as error:
            raise Trapped(str(error).strip().rpartition("\n")[2].strip()) from error
        return result

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


def _linker(engine: wasmtime.Engine, store: Store, clock: Callable[[], float]) -> Linker:
    """All that the component gets of the world: its store, the time, random numbers."""
    linker = Linker(engine)
    with linker.root() as root:
        with root.add_instance(f"wasi:clocks/wall-clock@{_WASI}") as wall_clock:
            wall_clock.add_func("now", lambda _: _now(clock))
            wall_clock.add_func("resolution", lambda _: _datetime(0, 1000))
        with root.add_instance(f"wasi:random/random@{_WASI}") as random:
            random.add_func("get-random-bytes", lambda _, length: os.urandom(length))
            random.add_func("get-random-u64", lambda _: int.from_bytes(os.urandom(8), "little"))
        with root.add_instance(f"asserta:exchange/store@{_VERSION}") as imported:
            imported.add_func("get", _guarded(store.get, _optional_text, tagged=True))
            imported.add_func("set", _guarded(store.set, _nothing))
            imported.add_func("delete", _guarded(store.delete, _nothing))
            imported.add_func("keys", _guarded(store.keys, _texts))
            imported.add_func("increment", _guarded(store.increment, _number))
    return linker


def _add_events(linker: Linker, emit: Callable[[str], None]) -> None:
    """What happens inside, for the operator."""
    with linker.root() as root, root.add_instance(f"asserta:exchange/events@{_VERSION}") as imported:
        imported.add_func("emit", lambda _, event: emit(event))


def _add_signatures(linker: Linker) -> None:
    """One thing more, where it is asked for: the arithmetic of signatures."""
    try:
        from ._signatures import HostSignatures
    except ImportError as error:
        raise ImportError("host_signatures needs cryptography: pip install 'asserta[host-signatures]'") from error
    signatures = HostSignatures()
    with linker.root() as root, root.add_instance(f"asserta:exchange/signatures@{_VERSION}") as imported:
        imported.add_func("verify", lambda _, *arguments: signatures.verify(*arguments))
        imported.add_func("sign", lambda _, *arguments: signatures.sign(*arguments))


def _now(clock: Callable[[], float]) -> Record:
    now = clock()
    return _datetime(int(now), int(now % 1 * 1_000_000_000))


def _datetime(seconds: int, nanoseconds: int) -> Record:
    datetime = Record()
    datetime.seconds, datetime.nanoseconds = seconds, nanoseconds
    return datetime


# What a store returns. Anything else (a coroutine, bytes) is a store that does not work.


def _optional_text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"get returned {type(value).__name__}, not text or None")
    return value


def _texts(value: Any) -> list[str]:
    texts = [] if isinstance(value, str) else list(value)
    if isinstance(value, str) or not all(isinstance(text, str) for text in texts):
        raise TypeError("keys returned something else than a list of texts")
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

    def imported(_: Any, *arguments: Any) -> Any:
        try:
            value = check(operation(*arguments))
        except Exception:
            log.exception("the store failed")
            return Variant("err", "unavailable") if tagged else "unavailable"
        return Variant("ok", value) if tagged else value

    return imported
