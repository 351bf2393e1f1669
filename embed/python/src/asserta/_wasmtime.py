"""Two things of wasmtime's Python API, 50, that a server can't have as they are; both hold for the whole process.

Its conversions keep the types that they try for a value in one set for all threads, so that a thread which empties it while
another one looks makes a good value fit nowhere. And they hand bytes over one by one: 70 ms for a body of 64 KiB.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from typing import Any

from wasmtime import _ffi as ffi
from wasmtime.component import _types

_Value = ffi.wasmtime_component_val_t
_SIZE, _KIND, _OF = ctypes.sizeof(_Value), _Value.kind.offset, _Value.of.offset
_U8 = ffi.WASMTIME_COMPONENT_U8.value
_list_to_c, _list_from_c = _types.ListType.convert_to_c, _types.ListType.convert_from_c


class _TypesOfThread(threading.local):
    """A set of types, each thread its own."""

    def __init__(self) -> None:
        self._types: set[type] = set()

    def add(self, each: type) -> None:
        self._types.add(each)

    def clear(self) -> None:
        self._types.clear()

    def __iter__(self) -> Iterator[type]:
        return iter(self._types)


def _to_c(self: _types.ListType, store: Any, value: Any, into: Any) -> None:
    """A ``list<u8>`` as the array of values that wasmtime takes, written at once."""
    if not (isinstance(value, bytes) and self._is_bytes()):
        return _list_to_c(self, store, value, into)
    cells = bytearray(_SIZE * len(value))
    cells[_KIND::_SIZE] = bytes([_U8]) * len(value)
    cells[_OF::_SIZE] = value
    raw = ffi.wasmtime_component_vallist_t()
    ffi.wasmtime_component_vallist_new_uninit(raw, len(value))
    if value:
        ctypes.memmove(raw.data, (ctypes.c_char * len(cells)).from_buffer(cells), len(cells))
    into.contents.kind = ffi.WASMTIME_COMPONENT_LIST
    into.contents.of.list = raw


def _from_c(self: _types.ListType, c: Any) -> Any:
    """The bytes of such an array."""
    if c.kind != ffi.WASMTIME_COMPONENT_LIST.value or not self._is_bytes():
        return _list_from_c(self, c)
    try:
        length = c.of.list.size
        cells = ctypes.string_at(c.of.list.data, _SIZE * length) if length else b""
        if cells[_KIND::_SIZE].count(_U8) != length:
            raise TypeError("a list<u8> has something else in it")
        return cells[_OF::_SIZE]
    finally:
        ffi.wasmtime_component_vallist_delete(ctypes.byref(c.of.list))


_types.case_test_cache = _TypesOfThread()
_types.ListType.convert_to_c = _to_c
_types.ListType.convert_from_c = _from_c
