"""What is no document: an access token, and the URLs of an organization."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")

JWT = "urn:ietf:params:oauth:token-type:jwt"
"""The type of a token that is a JWT (RFC 8693 section 3)."""
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
"""The type of an ID Token (OpenID Connect Core section 2)."""
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
"""The type of an access token."""


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """A token that was issued."""

    token: str = field(repr=False)
    """A signed JWT after RFC 9068."""
    token_type: str
    """How it is presented: ``Bearer``, or ``DPoP`` where it is bound to a key (RFC 9449)."""
    expires_in: int
    """Its lifetime in seconds, from now on."""
    scope: str | None
    """The scopes granted, where they differ from what was asked or nothing was asked."""
    issued_token_type: str | None
    """The type of the token, where the grant's response has one (RFC 8693 section 2.2.1)."""
    dpop_nonce: str | None
    """The nonce for the client's next proof, where one is needed: for the header ``DPoP-Nonce`` (RFC 9449 section 8.2)."""

    @property
    def claims(self) -> dict[str, Any]:
        """What the token says. It was signed a moment ago in this process, so nothing is verified."""
        payload = self.token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


@dataclass(frozen=True, kw_only=True)
class OrganizationUrls:
    """The URLs that stand for an organization in assertions and tokens."""

    issuer: str
    """Its issuer identifier: what ``aud`` of an assertion should name."""
    token_endpoint: str
    """Its token endpoint: what ``aud`` may name instead."""
    jwks_uri: str
    """Where its public keys would be served."""


@dataclass(frozen=True, kw_only=True)
class Replaced(Generic[T]):
    """A registration that was replaced, or is new."""

    created: bool
    """Whether there was none before."""
    document: T
    """The registration as it is now."""
