"""Fetches JWKS documents with the standard library, under strict limits.

https only, no redirect followed, status 200 only, at most 64 KiB and 5 seconds, and no connection to an
address of a private network unless that is allowed: an issuer's keys come from the public Internet, and
nobody may use us to reach into ours.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from . import _addresses

TIME_LIMIT = 5.0
"""From the first byte out to the last byte in, name resolution included: seconds."""
SIZE_LIMIT = 64 * 1024
"""The largest document, in bytes."""
_REFUSED = "its host has a private or special address, which is refused"
_TIMED_OUT = f"no complete answer within {TIME_LIMIT:.0f} seconds"


@dataclass(frozen=True)
class KeyDocument:
    """A JWKS document as its endpoint served it."""

    text: str
    """The body."""
    max_age: int | None = None
    """``max-age`` of its ``Cache-Control`` header less its ``Age``, in seconds."""


class FetchFailed(Exception):
    """The document can't be had."""

    cause: str
    """Why, as one word for programs: ``bad-address``, ``name-unknown``, ``address-refused``, ``unreachable``, ``tls``,
    ``certificate``, ``timed-out``, ``incomplete``, ``redirect``, ``status``, ``too-large`` or ``encoded``; ``unknown``
    where a fetcher of your own does not say."""
    status: int | None
    """The status of a response that is not taken for its status."""

    def __init__(self, problem: str, cause: str = "unknown", status: int | None = None) -> None:
        super().__init__(problem)
        self.cause = cause
        self.status = status


def fetch_keys(uri: str, *, dev: bool = False, allow_private: bool = False) -> KeyDocument:
    """GETs a JWKS document, or raises :class:`FetchFailed`.

    ``dev`` allows ``http`` to this machine's loopback. ``allow_private`` allows private networks (RFC 1918,
    100.64.0.0/10, fc00::/7); never this machine, link-local addresses, or the cloud's metadata.
    """
    headers = {"Accept": "application/jwk-set+json, application/json"}
    return _within_limits(_Fetch(uri, dev, allow_private, "GET", headers))


def post(uri: str, headers: dict[str, str], body: str, *, dev: bool = False, allow_private: bool = False) -> str:
    """POSTs to an issuer, and returns the body of its response, under the limits of :func:`fetch_keys`."""
    return _within_limits(_Fetch(uri, dev, allow_private, "POST", headers, body)).text


def _within_limits(fetch: _Fetch) -> KeyDocument:
    worker = threading.Thread(target=fetch.run, daemon=True, name="asserta-fetch")
    worker.start()
    worker.join(TIME_LIMIT)
    if worker.is_alive():
        fetch.abandon()
        raise FetchFailed(_TIMED_OUT, "timed-out")
    if fetch.document is None:
        told = _told(fetch.problem)
        raise told from told.__cause__ or (fetch.problem if told is not fetch.problem else None)
    return fetch.document


def _told(problem: BaseException | None) -> FetchFailed:
    """What went wrong, in the words that every host has for it."""
    if isinstance(problem, FetchFailed):
        return problem
    for kinds, sentence, cause in (
        (ssl.SSLCertVerificationError, "TLS with it fails: its certificate is not accepted", "certificate"),
        (ssl.SSLError, "TLS with it fails", "tls"),
        ((socket.gaierror, UnicodeError), "DNS knows no address of its host", "name-unknown"),
        (TimeoutError, _TIMED_OUT, "timed-out"),
        ((OSError, http.client.HTTPException), "its answer is incomplete or not HTTP", "incomplete"),
        (ValueError, "its URL can't be fetched", "bad-address"),
    ):
        if isinstance(problem, kinds):
            return FetchFailed(sentence, cause)
    return FetchFailed("the fetch failed")


class _Fetch:
    """One fetch, in a thread of its own, so that its time limit holds whatever the other side does."""

    def __init__(
        self, uri: str, dev: bool, allow_private: bool, method: str, headers: dict[str, str], body: str | None = None
    ) -> None:
        self.uri = uri
        self.method = method
        self.headers = headers
        self.body = body
        self.dev = dev
        self.allow_private = allow_private
        self.document: KeyDocument | None = None
        self.problem: Exception | None = None
        self._socket: socket.socket | None = None
        self._ends = time.monotonic() + TIME_LIMIT

    def run(self) -> None:
        try:
            self.document = self._ask()
        except Exception as problem:  # whatever it is, the document can't be had
            self.problem = problem

    def abandon(self) -> None:
        """Ends a read that is under way."""
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _ask(self) -> KeyDocument:
        url = urlsplit(self.uri)
        if "@" in url.netloc:
            raise FetchFailed("its URL must not contain credentials", "bad-address")
        secure = url.scheme == "https"
        if not url.hostname or not (secure or (url.scheme == "http" and self.dev)):
            raise FetchFailed("its URL must begin with https://", "bad-address")
        port = url.port or (443 if secure else 80)
        connection = http.client.HTTPConnection(url.hostname, port, timeout=TIME_LIMIT)
        self._socket = self._connect(url.hostname, port, secure)
        try:
            if secure:
                context = ssl.create_default_context()
                self._socket = context.wrap_socket(self._socket, server_hostname=url.hostname)
            connection.sock = self._socket  # the address that was checked, and no other
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            always = {"Accept-Encoding": "identity", "Connection": "close", "Host": url.netloc}
            connection.request(self.method, target, self.body, self.headers | always)
            return _read(connection.getresponse())
        finally:
            self._socket.close()

    def _connect(self, host: str, port: int, secure: bool) -> socket.socket:
        """A connection to the first of the host's addresses that takes one."""
        addresses = self._addresses(host, port, secure)
        for left in range(len(addresses), 0, -1):
            seconds = max((self._ends - time.monotonic()) / left, 0.1)
            try:
                connected = socket.create_connection((addresses[-left], port), timeout=seconds)
            except OSError as error:
                if left == 1:
                    raise FetchFailed("no connection to it", "unreachable") from error
            else:
                connected.settimeout(TIME_LIMIT)
                return connected
        raise FetchFailed("DNS knows no address of its host", "name-unknown")

    def _addresses(self, host: str, port: int, secure: bool) -> list[str]:
        """The addresses to connect to. Every address of the name must be acceptable, not only the first."""
        found = dict.fromkeys(entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        for text in found:
            try:
                address = _addresses.parse(text)
            except ValueError:
                raise FetchFailed(_REFUSED, "address-refused") from None
            loopback = self.dev and _addresses.is_loopback(address)
            if not secure and not loopback:
                raise FetchFailed("http is allowed only to this machine's loopback", "bad-address")
            reach = _addresses.reach(address)
            if not (loopback or reach == "public" or (reach == "private" and self.allow_private)):
                raise FetchFailed(_REFUSED, "address-refused")
        return list(found)


def _read(response: http.client.HTTPResponse) -> KeyDocument:
    if 300 <= response.status < 400:
        raise FetchFailed(
            f"it answered {response.status}, a redirect, which is not followed", "redirect", response.status
        )
    if response.status != 200:
        raise FetchFailed(f"it answered {response.status} instead of 200", "status", response.status)
    coding = response.getheader("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise FetchFailed(
            "its document is compressed (Content-Encoding), although it was asked for identity", "encoded"
        )
    body = response.read(SIZE_LIMIT + 1)
    if len(body) > SIZE_LIMIT:
        raise FetchFailed("its document exceeds 64 KiB", "too-large")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise FetchFailed("its document is not UTF-8", "encoded") from None
    lines = [response.headers.get_all(name) or [] for name in ("cache-control", "age")]
    return KeyDocument(text, _max_age(*lines))


def _max_age(lines: list[str], ages: list[str]) -> int | None:
    """``max-age`` less the ``Age`` (RFC 9111 sections 4.2.3 and 5.2.2); 0 where caching is forbidden."""
    seconds = None
    for directive in ",".join(lines).lower().split(","):
        name, _, value = directive.strip().partition("=")
        if name in ("no-store", "no-cache"):
            return 0
        digits = value.strip().strip('"')
        if name == "max-age" and re.fullmatch("[0-9]{1,18}", digits):
            seconds = int(digits)
    if seconds is None:
        return None
    # How long caches on the way have had it: the first one counts.
    age = ",".join(ages).split(",")[0].strip()
    return max(0, seconds - int(age)) if re.fullmatch("[0-9]{1,18}", age) else seconds
