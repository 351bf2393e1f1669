"""Where registrations, keys and used assertions are kept: :class:`Store` says what a store does."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Literal, Protocol

Area = Literal["registry", "replay"]
"""``registry``: registrations, keys, JWKS documents. ``replay``: used assertions. No key is in both."""


class Store(Protocol):
    """A key-value store of text. Any exception it raises counts as: the store is unavailable.

    The exchange is refused then; the exception is logged under the name ``asserta``.
    """

    def get(self, area: Area, key: str) -> str | None:
        """The value of a key; of a counter its decimal number; None where there is none."""

    def set(self, area: Area, key: str, value: str) -> None:
        """Writes a value, whether the key exists or not."""

    def delete(self, area: Area, key: str) -> None:
        """Removes a key; no error where it does not exist."""

    def keys(self, area: Area, prefix: str, after: str | None, limit: int) -> list[str]:
        """The keys that begin with ``prefix``, in ascending order.

        At most ``limit`` of them, and of those after ``after`` alone, unless it is None.
        """

    def increment(self, area: Area, key: str) -> int:
        """Adds one to a counter (absent counts as 0) and returns the new number.

        Atomic among all that use the store: that an assertion works only once rests on it.
        """


class MemoryStore:
    """A store that lives as long as this object. Safe for threads."""

    def __init__(self) -> None:
        self._areas: dict[str, dict[str, str]] = {"registry": {}, "replay": {}}
        self._lock = threading.Lock()

    def get(self, area: Area, key: str) -> str | None:
        with self._lock:
            return self._areas[area].get(key)

    def set(self, area: Area, key: str, value: str) -> None:
        with self._lock:
            self._areas[area][key] = value

    def delete(self, area: Area, key: str) -> None:
        with self._lock:
            self._areas[area].pop(key, None)

    def keys(self, area: Area, prefix: str, after: str | None, limit: int) -> list[str]:
        with self._lock:
            found = [key for key in self._areas[area] if key.startswith(prefix) and key > (after or "")]
        return sorted(found)[:limit]

    def increment(self, area: Area, key: str) -> int:
        with self._lock:
            number = int(self._areas[area].get(key, "0")) + 1
            self._areas[area][key] = str(number)
            return number


class SqliteStore:
    """A store in a SQLite file that several processes can use at once. Safe for threads.

    It uses write-ahead logging. Registrations and used assertions are on the disk when a call returns.
    The file holds our private signing keys: it and what SQLite puts beside it are made readable and writable for
    their owner only, also where they exist already. A file of another user is refused with :class:`PermissionError`.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        """Opens or makes the file. ``timeout``: how many seconds to wait for another writer."""
        _make_private(path)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
        # What SQLite makes from here on has the mode of the file.
        self._database.execute("PRAGMA journal_mode = WAL")
        # FULL, since with NORMAL a power cut may take the last commits back, used assertions among them.
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS entry (area TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
            " PRIMARY KEY (area, key)) WITHOUT ROWID"
        )

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._database.close()

    def _all(self, statement: str, *values: str | int) -> list[tuple]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    def get(self, area: Area, key: str) -> str | None:
        rows = self._all("SELECT value FROM entry WHERE area = ? AND key = ?", area, key)
        return rows[0][0] if rows else None

    def set(self, area: Area, key: str, value: str) -> None:
        self._all("INSERT OR REPLACE INTO entry (area, key, value) VALUES (?, ?, ?)", area, key, value)

    def delete(self, area: Area, key: str) -> None:
        self._all("DELETE FROM entry WHERE area = ? AND key = ?", area, key)

    def keys(self, area: Area, prefix: str, after: str | None, limit: int) -> list[str]:
        rows = self._all(
            "SELECT key FROM entry WHERE area = ? AND key >= ? AND key > ? AND substr(key, 1, length(?)) = ?"
            " ORDER BY key LIMIT ?",
            area, prefix, after or "", prefix, prefix, limit,
        )
        return [key for (key,) in rows]

    def increment(self, area: Area, key: str) -> int:
        # One statement, so one transaction: SQLite lets one writer at a time in.
        rows = self._all(
            "INSERT INTO entry (area, key, value) VALUES (?, ?, '1') ON CONFLICT (area, key)"
            " DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE value NOT GLOB '*[^0-9]*'"
            " RETURNING value",
            area, key,
        )
        if not rows:
            raise ValueError("increment of something that is no counter")
        return int(rows[0][0])


def _make_private(path: str | os.PathLike[str]) -> None:
    """Makes the file where there is none. It, and what lies beside it already, is its owner's alone, and ours."""
    file = os.path.realpath(os.fspath(path))
    _restrict(os.open(file, os.O_CREAT | os.O_RDWR, 0o600), file)
    for beside in (f"{file}-wal", f"{file}-shm", f"{file}-journal"):
        try:
            # Not through a link: SQLite makes none.
            descriptor = os.open(beside, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            continue
        _restrict(descriptor, beside)


def _restrict(descriptor: int, name: str) -> None:
    try:
        if os.name == "posix":
            owner, we = os.fstat(descriptor).st_uid, os.geteuid()
            if owner != we:
                raise PermissionError(
                    f"{name} belongs to the user {owner} and not to us ({we}), who could read our private keys:"
                    f" chown {we} {name}"
                )
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
