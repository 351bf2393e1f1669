"""What a host function raises, and what a signal handler raises meanwhile, kept away from where wasmtime can't have it.

wasmtime's Python API, 50, hands on an ``Exception`` of a host function and nothing else, and what is raised before its own
``try`` it never sees: the component then goes on with a result that nobody has written, and the process dies. A signal handler
runs where the next Python code does, and while a component computes that is there.

What can't be kept away is what one thread makes another one raise (``PyThreadState_SetAsyncExc``, as some test and profiling tools
do): that still may end the process.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import wasmtime

from .errors import Trapped

_SIGNALS = tuple(int(number) for number in signal.valid_signals())


class HostCalls:
    """The host functions of one instance, and the calls into it."""

    def __init__(self) -> None:
        self._raised: BaseException | None = None
        self._calling = False
        self._inside = False
        """Whether the code of a host function runs. What is raised there is caught, so that a signal handler may raise."""
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._held: list[tuple[int, FrameType | None]] = []

    def imported(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function as the component imports it. Whatever it raises ends the call, and is raised by :meth:`call`."""

        def imported(_: Any, *arguments: Any) -> Any:
            try:
                self._inside = True
                result = function(*arguments)
                self._inside = False
                return result
            except BaseException as error:
                self._inside = False
                self._raised = error
                raise wasmtime.WasmtimeError("a host function raised an exception") from None

        return imported

    def call(self, enter: Callable[[], Any]) -> Any:
        """Enters the component. In the main thread signal handlers wait meanwhile, but those of host functions."""
        self._raised = None
        try:
            if threading.current_thread() is threading.main_thread():
                self._hold_signals()
            return enter()
        except wasmtime.WasmtimeError as error:
            if self._raised is not None:
                raise self._raised from None
            raise Trapped(str(error).strip().rpartition("\n")[2].strip()) from error
        finally:
            self._raised = None
            self._release_signals()

    def _hold_signals(self) -> None:
        self._calling = True
        with contextlib.suppress(ValueError):  # a subinterpreter has no signals
            for number in _SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler) and handler != self._handle:
                    self._handlers[number] = handler
                    signal.signal(number, self._handle)

    def _release_signals(self) -> None:
        # A handler that is not put back, since another one raises meanwhile, calls the one in whose place it is.
        self._calling = False
        for number, handler in tuple(self._handlers.items()):
            if signal.getsignal(number) == self._handle:
                signal.signal(number, handler)
        self._deliver()

    def _deliver(self) -> None:
        if self._held:
            number, frame = self._held.pop(0)
            try:
                self._handlers[number](number, frame)
            finally:
                self._deliver()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """In the place of a signal handler."""
        if self._calling and not self._inside:
            self._held.append((number, frame))
            return
        # One exception, and no second one while the first one is on its way.
        inside, self._inside = self._inside, False
        self._handlers[number](number, frame)
        self._inside = inside
