"""Asks an issuer about a token (RFC 7662), for a guard."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote_plus, urlencode

from . import _convert as convert
from .errors import InvalidMember
from .fetching import post


def credentials(introspect: Any) -> tuple[str, str] | None:
    """The setting ``introspect``."""
    if introspect is None:
        return None
    if not isinstance(introspect, (tuple, list)) or len(introspect) != 2:
        raise InvalidMember("introspect", "must be a pair: the client_id and its secret")
    client_id, secret = (convert.text("introspect", part) for part in introspect)
    return client_id, secret


def is_http(uri: str) -> bool:
    """Whether it may be on this machine: the component takes `http` for nothing else."""
    return uri.startswith("http://")


def introspection(endpoint: str, token: str, client: tuple[str, str] | None, allow_private: bool) -> bytes:
    """The body of the issuer's response, or an exception. The limits are those of a fetch of its keys."""
    if client is None:
        raise ValueError("there are no client credentials")
    # RFC 6749 section 2.3.1: both are form-encoded before they are joined.
    pair = ":".join(quote_plus(part) for part in client)
    headers = {
        "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    form = urlencode({"token": token, "token_type_hint": "access_token"})
    return post(endpoint, headers, form, dev=is_http(endpoint), allow_private=allow_private).encode()
