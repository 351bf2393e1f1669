"""The records that go in and come out. Member names are those of the admin API's JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
"""The grant type of RFC 7523 section 2.1."""

Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"
]
SigningAlgorithm = Literal["ES256", "EdDSA", "RS256"]
ClaimValue = str | bool | int | float


@dataclass(frozen=True, kw_only=True)
class ClaimCondition:
    """A condition on one claim of an assertion: give exactly one of the four tests."""

    claim: str
    """The name of the claim, at the top level of the claims."""
    equals: ClaimValue | None = None
    """It has exactly this value. Types count: ``"1"`` is not ``1``."""
    one_of: Sequence[ClaimValue] | None = None
    """It has one of these values."""
    contains: ClaimValue | None = None
    """It is an array with this value in it."""
    present: bool | None = None
    """It is there (True), or it is not (False)."""


@dataclass(frozen=True, kw_only=True)
class TrustedIssuer:
    """A third party whose assertions an organization accepts, and what it is trusted with.

    Give exactly one of ``jwks_uri``, ``jwks`` and ``certificate``. What is None has a safe default.
    """

    name: str
    """Its name in the organization: unique, chosen by people, 1 to 128 bytes."""
    issuer: str
    """The exact value of ``iss`` in its assertions: unique in the organization."""
    alias: str | None = None
    """The name by which it knows us: tried where ``aud`` does not name us."""
    jwks_uri: str | None = None
    """Its JWKS endpoint."""
    jwks: Mapping[str, Any] | str | None = None
    """Its keys as a JWK set (RFC 7517), as an object or as JSON text."""
    certificate: str | None = None
    """X.509 certificates or public keys: PEM, several allowed, or DER as base64."""
    enabled: bool | None = None
    """Whether its assertions are accepted at all. None: True."""
    algorithms: Sequence[Algorithm] | None = None
    """The algorithms it may use. None: all asymmetric ones that a key's type allows."""
    clock_skew: int | None = None
    """How far its clock may be off, in seconds, at most 600. None: 60."""
    max_lifetime: int | None = None
    """How far ``exp`` may lie ahead and ``iat`` behind, in seconds, 1 to 172800. None: 3600."""
    audience_mode: Literal["any", "exactly-one"] | None = None
    """How many audiences an assertion may have. None: any."""
    replay: Literal["once", "allow"] | None = None
    """Whether an assertion works again. None: once."""
    require_jti: bool | None = None
    """Whether an assertion must have a ``jti``. None: False."""
    typ: str | None = None
    """The ``typ`` that its assertions must have."""
    subjects: Sequence[str] | None = None
    """The subjects it may speak for: whole, or with ``*`` within a segment of ``/ : @ |`` and ``**`` across. None: all."""
    claims: Sequence[ClaimCondition] = ()
    """Conditions on its claims; all must hold."""
    scopes: Sequence[str] | None = None
    """The most that its assertions can be exchanged for. None: no cap but the application's."""
    claim_mappings: Mapping[str, str] = field(default_factory=dict)
    """Claims to carry over: name in the assertion to name in the access token."""


@dataclass(frozen=True, kw_only=True)
class ApplicationMetadata:
    """What an application may do (RFC 7591 section 2, as far as it has these members)."""

    client_name: str | None = None
    """What people call it."""
    grant_types: Sequence[str] = ()
    """The grants it may use: without :data:`JWT_BEARER` it gets no token."""
    scope: str | None = None
    """The scopes it may ask for, separated by single spaces."""
    token_endpoint_auth_method: Literal["client_secret_basic", "client_secret_post"] | None = None
    """How it authenticates over HTTP."""
    trusted_issuers: Sequence[str] | None = None
    """The names of the trusted issuers whose assertions it may present. None: all."""
    access_token_lifetime: int | None = None
    """How long its access tokens are valid, in seconds, 30 to 86400. None: 3600."""
    audience: Sequence[str] | str | None = None
    """The resources its tokens are for. None: our own issuer identifier."""
    enabled: bool | None = None
    """Whether it may be used at all. None: True."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """A registered application."""

    client_id: str
    """Its identifier."""
    created_at: int
    """When it was registered: seconds since 1970."""
    metadata: ApplicationMetadata
    """What it may do."""


@dataclass(frozen=True, kw_only=True)
class NewApplication:
    """An application with its secret, which is shown here only."""

    application: Application
    """The application."""
    client_secret: str = field(repr=False)
    """Its secret: 256 random bits, base64url."""

    @property
    def client_id(self) -> str:
        """Its identifier."""
        return self.application.client_id


@dataclass(frozen=True, kw_only=True)
class Organization:
    """A tenant with its own issuers, applications and keys."""

    name: str
    """Its name: 1 to 63 lower-case letters, digits and hyphens."""
    display_name: str | None = None
    """What people call it."""


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
class AccessToken:
    """A token that was granted. Its type is always ``Bearer``."""

    token: str = field(repr=False)
    """A signed JWT after RFC 9068."""
    expires_in: int
    """Its lifetime in seconds, from now on."""
    scope: str | None
    """The scopes granted, where they differ from what was asked or nothing was asked."""

    @property
    def claims(self) -> dict[str, Any]:
        """What the token says. It was signed a moment ago in this process, so nothing is verified."""
        payload = self.token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check of an exchange and what came of it."""

    name: str
    """Its name, for people."""
    failed: str | None
    """The reason that an exchange would be refused with. None: it passed."""
    saw: str
    """What it looked at. Nothing secret or personal."""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What an exchange would come to."""

    accepted: bool
    """Whether every check passed."""
    checks: Sequence[Check]
    """The checks, in the order of an exchange."""


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """One of our own signing keys, without its secret."""

    kid: str
    """Its identifier."""
    algorithm: SigningAlgorithm
    """Its algorithm."""
    signs_from: int
    """From when on it signs: seconds since 1970."""
    signs_until: int | None
    """From when on it no longer signs. None: it is the newest."""


@dataclass(frozen=True, kw_only=True)
class ApplyReport:
    """How many registrations a document has changed."""

    created: int
    """So many are new."""
    replaced: int
    """So many were replaced."""
    unchanged: int
    """So many were already as the document wants them."""
