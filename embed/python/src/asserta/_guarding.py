"""The component of a guard, what has to outlive an instance of it, and what it says of a request."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wasmtime.component import Record, Variant

from . import _convert as convert
from ._component import Instance
from .errors import BadSetting
from .stores import MemoryStore

_FUEL = 2_000_000_000
_PROOF_SECONDS = 601
"""How long a proof is accepted after its first use at most: its ``iat`` may lie ahead as far as behind."""
_PROOFS = 65_536
_NAMES = {"the issuer": "issuer", "the audience": "audience", "the scopes": "scopes", "the address of the keys": "jwks_uri"}


@dataclass(frozen=True)
class Passed:
    """What the token of a request says, that was verified."""

    subject: str
    """``sub``."""
    client_id: str
    """``client_id``: the application."""
    scopes: tuple[str, ...]
    """The scopes of ``scope``."""
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


FAILED = Answer("failed", 503, [("cache-control", "no-store")], b"")
TOO_LARGE = Answer("head-too-large", 431, [("cache-control", "no-store")], b"")


class Component:
    """The component, safe for threads. An instance that failed is replaced, and the next one knows as much of keys and used
    proofs: whoever makes one fail gains nothing by it."""

    def __init__(self, settings: Record, clock: Callable[[], float], memory: int) -> None:
        self._settings = settings
        self._clock = clock
        self._memory = memory
        self._lock = threading.Lock()
        self._keys: tuple[bytes, int | None, int] | None = None
        self._used = UsedProofs()
        self._instance: Instance | None = self._start()

    def check(self, request: Record, introspection: Variant) -> Any:
        """What becomes of a request."""
        with self._lock:
            now = self._now()
            proof = request.dpop[0] if len(request.dpop) == 1 else None
            is_used = proof is not None and self._used.contains(proof, now)
            if is_used:
                # In place of what an instance before this one has seen: a bad proof, for its challenge.
                request = convert.record(
                    method=request.method, target=request.target, authorization=request.authorization, dpop=[""]
                )
            outcome = self._call("check", request, introspection, now)
            if outcome.tag == "passed" and proof is not None and not is_used:
                self._used.add(proof, now)
            elif is_used and outcome.tag == "answered" and outcome.payload.reason == "proof-invalid":
                outcome.payload.reason = "proof-replayed"
            return outcome

    def supply_keys(self, document: bytes | None, max_age: int | None) -> None:
        """Hands over the issuer's keys, or word that they can't be had."""
        with self._lock:
            now = self._now()
            self._call("supply-keys", document, max_age, now)
            if document is not None:
                self._keys = document, max_age, now

    def refresh_due(self) -> str | None:
        """Where the keys are that should be fetched now."""
        with self._lock:
            uri: str | None = self._call("refresh-due", self._now())
            return uri

    def is_our_header(self, name: str) -> bool:
        """Whether a header has a name of ours."""
        with self._lock:
            return bool(self._call("is-our-header", name))

    def _now(self) -> int:
        return int(convert.seconds("clock", self._clock()))

    def _start(self) -> Instance:
        instance = Instance("guard-library", MemoryStore(), self._clock, _FUEL, self._memory, False)
        problem = instance.call("guard", "configure", self._settings)
        if problem is not None:
            what, _, rest = problem.partition(" must ")
            raise BadSetting(_NAMES.get(what, what), f"must {rest}")
        if self._keys is not None:
            instance.call("guard", "supply-keys", *self._keys)
        return instance

    def _call(self, name: str, *arguments: Any) -> Any:
        if self._instance is None:
            self._instance = self._start()
        try:
            return self._instance.call("guard", name, *arguments)
        except BaseException:
            # A trap, or whatever it is: nobody can tell what state it is in.
            self._instance = None
            raise


class UsedProofs:
    """The proofs that let a request pass, each by what of it is signed. For an instance that comes after the one which has
    seen them."""

    def __init__(self) -> None:
        self._until: dict[bytes, int] = {}

    def contains(self, proof: str, now: int) -> bool:
        return self._until.get(_signed(proof), 0) > now

    def add(self, proof: str, now: int) -> None:
        signed = _signed(proof)
        self._until.pop(signed, None)
        self._until[signed] = now + _PROOF_SECONDS
        oldest = next(iter(self._until))
        while self._until[oldest] <= now or len(self._until) > _PROOFS:
            del self._until[oldest]
            oldest = next(iter(self._until))


def _signed(proof: str) -> bytes:
    # Without the signature, which anybody can write in another way.
    return hashlib.sha256(proof.strip().rpartition(".")[0].encode()).digest()[:16]


def passed_of(record: Record) -> Passed:
    return Passed(
        subject=record.subject,
        client_id=convert.member(record, "client_id"),
        scopes=tuple(record.scope.split()),
        claims=json.loads(record.claims),
        expires_at=convert.member(record, "expires_at"),
        headers=[(name, value) for name, value in record.headers],
    )


def answer_of(record: Record) -> Answer:
    headers = [(name, value) for name, value in record.headers]
    return Answer(record.reason, record.status, headers, record.body.encode())
