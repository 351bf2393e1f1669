"""The documents in which registrations go in and come out: plain dicts with the members of the admin API's JSON.

A class here is a ``TypedDict``: ``TrustedIssuer(name="partner", …)`` makes a dict, and any other dict does as well.
Members that are not required have a safe default, and come out with it filled in.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
"""The grant type of RFC 7523 section 2.1."""

Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"
]
"""The algorithms of assertions (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864)."""
SigningAlgorithm = Literal["ES256", "EdDSA", "RS256"]
"""The algorithms of our own access tokens."""
ClaimValue = str | bool | int | float
"""A value that a claim is compared with. Types count: ``"1"`` is not ``1``."""


class ClaimCondition(TypedDict):
    """A condition on one claim of an assertion: exactly one of the four tests."""

    claim: str
    """The name of the claim, at the top level of the claims: 1 to 256 bytes."""
    equals: NotRequired[ClaimValue]
    """It has exactly this value."""
    one_of: NotRequired[list[ClaimValue]]
    """It has one of these values."""
    contains: NotRequired[ClaimValue]
    """It is an array with this value in it."""
    present: NotRequired[bool]
    """It is there (True), or it is not (False)."""


class SkippedKey(TypedDict):
    """A key of a registration that is not used."""

    key: str
    """Which: ``keys[1]``, ``block 2``."""
    reason: str
    """Why."""


class TrustedIssuer(TypedDict):
    """A third party whose assertions an organization accepts, and what it is trusted with.

    It needs exactly one of ``jwks_uri``, ``jwks`` and ``certificate``.
    """

    name: str
    """Its name in the organization: unique, chosen by people, 1 to 128 bytes without control characters."""
    issuer: str
    """The exact value of ``iss`` in its assertions: unique in the organization, 1 to 1024 bytes."""
    alias: NotRequired[str]
    """The name by which it knows us: tried where ``aud`` does not name us."""
    jwks_uri: NotRequired[str]
    """Its JWKS endpoint: ``https``, no credentials, no fragment, at most 2048 bytes."""
    jwks: NotRequired[dict[str, Any]]
    """Its keys as a JWK set (RFC 7517 section 5)."""
    certificate: NotRequired[str]
    """X.509 certificates or public keys: PEM, several allowed, or DER as base64."""
    enabled: NotRequired[bool]
    """Whether its assertions are accepted at all. Default: True."""
    algorithms: NotRequired[list[Algorithm]]
    """The algorithms it may use. Default: all asymmetric ones that a key's type allows."""
    clock_skew: NotRequired[int]
    """How far its clock may be off, in seconds, at most 600. Default: 60."""
    max_lifetime: NotRequired[int]
    """How far ``exp`` may lie ahead and ``iat`` behind, in seconds, 1 to 172800. Default: 3600."""
    audience_mode: NotRequired[Literal["any", "exactly-one"]]
    """How many audiences an assertion may have. Default: any."""
    replay: NotRequired[Literal["once", "allow"]]
    """Whether an assertion works again. Default: once."""
    require_jti: NotRequired[bool]
    """Whether an assertion must have a ``jti``. Default: False."""
    typ: NotRequired[str]
    """The ``typ`` that its assertions must have."""
    subjects: NotRequired[list[str]]
    """The subjects it may speak for: whole, or with ``*`` within a segment of ``/ : @ |`` and ``**`` across. Default: all."""
    claims: NotRequired[list[ClaimCondition]]
    """Conditions on its claims, at most 32; all must hold."""
    scopes: NotRequired[list[str]]
    """The most that its assertions can be exchanged for. Default: no cap but the application's."""
    claim_mappings: NotRequired[dict[str, str]]
    """Claims to carry over: name in the assertion to name in the access token, at most 32."""


class RegisteredIssuer(TrustedIssuer):
    """A trusted issuer as its registration returns it."""

    skipped_keys: NotRequired[list[SkippedKey]]
    """What of its keys is not used, and why. Absent where all are."""


class ApplicationMetadata(TypedDict):
    """What an application may do (RFC 7591 section 2, as far as it has these members)."""

    client_name: NotRequired[str]
    """Its name for people, at most 256 bytes."""
    grant_types: NotRequired[list[str]]
    """The grants it may use: without :data:`JWT_BEARER` it gets no token."""
    scope: NotRequired[str]
    """The scopes it may ask for, separated by single spaces, at most 4096 bytes."""
    token_endpoint_auth_method: NotRequired[Literal["client_secret_basic", "client_secret_post"]]
    """How it authenticates over HTTP. Default: client_secret_basic."""
    trusted_issuers: NotRequired[list[str]]
    """The names of the trusted issuers whose assertions it may present. Default: all."""
    access_token_lifetime: NotRequired[int]
    """How long its access tokens are valid, in seconds, 30 to 86400. Default: 3600."""
    audience: NotRequired[str | list[str]]
    """The resources its tokens are for, 1 to 32. Default: our own issuer identifier."""
    enabled: NotRequired[bool]
    """Whether it may be used at all. Default: True."""


class Application(ApplicationMetadata):
    """A registered application."""

    client_id: str
    """Its identifier."""
    client_id_issued_at: NotRequired[int]
    """When it was registered: seconds since 1970-01-01T00:00:00Z."""


class NewApplication(Application):
    """An application with its secret, which is shown here only."""

    client_secret: str
    """Its secret: 256 random bits, base64url."""


class Organization(TypedDict):
    """An organization, with issuers, applications and keys of its own."""

    name: str
    """Its name: 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen."""
    display_name: NotRequired[str]
    """Its name for people, at most 256 bytes."""


class TrustDocumentApplication(ApplicationMetadata):
    """An application of a trust document, with one of the two members for its secret."""

    client_id: str
    """Its identifier: 1 to 128 letters, digits, ``-``, ``.``, ``_`` or ``~``."""
    client_secret: NotRequired[str]
    """Its secret: 32 to 256 bytes."""
    client_secret_sha256: NotRequired[str]
    """The SHA-256 of its secret, as 64 hexadecimal digits."""


class TrustDocumentOrganization(Organization):
    """An organization of a trust document."""

    trusted_issuers: NotRequired[list[TrustedIssuer]]
    """Its trusted issuers."""
    applications: NotRequired[list[TrustDocumentApplication]]
    """Its applications."""


class TrustDocument(TypedDict):
    """Organizations with all that they trust, for :meth:`Exchanger.apply`."""

    organizations: NotRequired[list[TrustDocumentOrganization]]
    """The organizations."""


class Applied(TypedDict):
    """A registration of a trust document, and what became of it."""

    kind: Literal["organization", "trusted_issuer", "application"]
    """What it registers."""
    organization: str
    """The name of its organization."""
    name: NotRequired[str]
    """The name of the trusted issuer, the ``client_id`` of the application."""
    outcome: Literal["created", "replaced", "unchanged"]
    """What became of it, or would become of it."""
    changed: NotRequired[list[str]]
    """Which members are others than before."""


class ApplyReport(TypedDict):
    """What became of the registrations of a trust document, in its order."""

    dry_run: bool
    """Whether nothing was stored."""
    items: list[Applied]
    """The registrations."""


class SigningKey(TypedDict):
    """One of our own signing keys, without its secret."""

    kid: str
    """Its identifier: its thumbprint (RFC 7638)."""
    alg: SigningAlgorithm
    """Its algorithm."""
    signs_from: int
    """From when on it signs: seconds since 1970-01-01T00:00:00Z."""
    signs_until: NotRequired[int | None]
    """From when on it no longer signs. Absent: it is the newest."""


class Check(TypedDict):
    """One check of an exchange and what came of it."""

    rule: str
    """The rules behind it."""
    check: str
    """Its name, for people."""
    passed: bool
    """Whether it passed."""
    reason: NotRequired[str]
    """The reason that an exchange would be refused with. Absent: it passed."""
    saw: str
    """What it looked at. Nothing secret or personal."""


class Explanation(TypedDict):
    """What an exchange would come to."""

    accepted: bool
    """Whether every check passed."""
    checks: list[Check]
    """The checks, in the order of an exchange."""


class Unreadable(TypedDict):
    """An item of a list whose record can't be read. It can be replaced and removed."""

    name: str
    """Its name."""
    problem: str
    """What is wrong with its record, with nothing of its content."""


class Page(TypedDict):
    """A part of a list, in ascending order of the names."""

    items: list[Any]
    """The items."""
    next: str | None
    """The ``after`` of the next page. None: this is the end."""
    unreadable: NotRequired[list[Unreadable]]
    """Those whose records can't be read. Absent where all can."""
