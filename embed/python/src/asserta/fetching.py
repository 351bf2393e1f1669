"""Fetches JWKS documents with the standard library, under strict limits.

https only, no redirect followed, status 200 only, at most 64 KiB and 5 seconds, and no connection to an
address of a private network unless that is allowed: an issuer's keys come from the public Internet, and
nobody may use us to reach into ours.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

TIME_LIMIT = 5.0
"""From the first byte out to the last byte in, name resolution included: seconds."""
SIZE_LIMIT = 64 * 1024
"""The largest document, in bytes."""


@dataclass(frozen=True)
class KeyDocument:
    """A JWKS document as its endpoint served it."""

    text: str
    """The body."""
    max_age: int | None = None
    """``max-age`` of its ``Cache-Control`` header, in seconds."""


class FetchFailed(Exception):
    """The document can't be had."""


def fetch_keys(uri: str, *, dev: bool = False, allow_private: bool = False) -> KeyDocument:
    """GETs a JWKS document.

    ``dev`` allows ``http`` to this machine's loopback. ``allow_private`` allows private addresses.
    """
    fetch = _Fetch(uri, dev, allow_private)
    worker = threading.Thread(target=fetch.run, daemon=True, name="asserta-fetch")
    worker.start()
    worker.join(TIME_LIMIT)
    if worker.is_alive():
        fetch.abandon()
        raise FetchFailed(f"no complete answer within {TIME_LIMIT:.0f} seconds")
    if fetch.document is None:
        raise FetchFailed(str(fetch.problem)) from fetch.problem
    return fetch.document


class _Fetch:
    """One fetch, in a thread of its own, so that its time limit holds whatever the other side does."""

    def __init__(self, uri: str, dev: bool, allow_private: bool) -> None:
        self.uri = uri
        self.dev = dev
        self.allow_private = allow_private
        self.document: KeyDocument | None = None
        self.problem: Exception | None = None
        self._socket: socket.socket | None = None

    def run(self) -> None:
        try:
            self.document = self._get()
        except Exception as problem:  # whatever it is, the document can't be had
            self.problem = problem

    def abandon(self) -> None:
        """Ends a read that is under way."""
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _get(self) -> KeyDocument:
        url = urlsplit(self.uri)
        if url.username is not None or url.password is not None:
            raise FetchFailed("the URL must not contain credentials")
        secure = url.scheme == "https"
        if not url.hostname or not (secure or (url.scheme == "http" and self.dev)):
            raise FetchFailed("the URL must begin with https://")
        port = url.port or (443 if secure else 80)
        address = self._address(url.hostname, port, secure)
        self._socket = socket.create_connection((address, port), timeout=TIME_LIMIT)
        if secure:
            context = ssl.create_default_context()
            self._socket = context.wrap_socket(self._socket, server_hostname=url.hostname)
        connection = http.client.HTTPConnection(url.hostname, port, timeout=TIME_LIMIT)
        connection.sock = self._socket  # the address that was checked, and no other
        try:
            target = (url.path or "/") + (f"?{url.query}" if url.query else "")
            headers = {"Accept": "application/jwk-set+json, application/json", "Host": url.netloc}
            connection.request("GET", target, headers=headers)
            return _read(connection.getresponse())
        finally:
            connection.close()

    def _address(self, host: str, port: int, secure: bool) -> str:
        """The address to connect to. Every address of the name must be acceptable, not only the first."""
        found = {entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        addresses = [_unmapped(ipaddress.ip_address(text)) for text in sorted(found)]
        for address in addresses:
            loopback = self.dev and address.is_loopback
            if not secure and not loopback:
                raise FetchFailed("http is allowed only to this machine's loopback")
            public = address.is_global and not address.is_multicast
            if not (public or loopback or self.allow_private):
                raise FetchFailed("the host has an address of a private network")
        if not addresses:
            raise FetchFailed("the host has no address")
        return str(addresses[0])


def _unmapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address):
    """An IPv4 address in IPv6 form as what it is, so that it can't hide."""
    return getattr(address, "ipv4_mapped", None) or address


def _read(response: http.client.HTTPResponse) -> KeyDocument:
    if response.status != 200:
        raise FetchFailed("the status is not 200")
    body = response.read(SIZE_LIMIT + 1)
    if len(body) > SIZE_LIMIT:
        raise FetchFailed("the document exceeds 64 KiB")
    return KeyDocument(body.decode("utf-8"), _max_age(response.headers.get_all("cache-control") or []))


def _max_age(lines: list[str]) -> int | None:
    """``max-age`` (RFC 9111 section 5.2.2); 0 where caching is forbidden."""
    seconds = None
    for directive in ",".join(lines).lower().split(","):
        name, _, value = directive.strip().partition("=")
        if name in ("no-store", "no-cache"):
            return 0
        digits = value.strip().strip('"')
        if name == "max-age" and re.fullmatch("[0-9]{1,18}", digits):
            seconds = int(digits)
    return seconds
