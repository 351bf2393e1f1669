"""What comes back: registrations as they are kept, reports, lists. Plain dicts, too."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from ._documents import ApplicationMetadata, GrantType, TrustedIssuer

JWT_BEARER: GrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
"""The grant type of RFC 7523 section 2.1."""
TOKEN_EXCHANGE: GrantType = "urn:ietf:params:oauth:grant-type:token-exchange"
"""The grant type of RFC 8693 section 2.1."""

SigningAlgorithm = Literal["ES256", "EdDSA", "RS256"]
"""The algorithms of our own access tokens."""

ClientAssertionType = Literal["jwt-bearer", "jwt-spiffe"]
"""What a client says that its JWT is: the end of ``client_assertion_type``."""


class SkippedKey(TypedDict):
    """A key of a registration that is not used."""

    key: str
    """Which: ``keys[1]``, ``block 2``."""
    reason: str
    """Why."""


class IssuerWarning(TypedDict):
    """Something about a registration that may not be meant so."""

    field: str
    """The member: ``rules[1]``."""
    detail: str
    """What about it, as a sentence."""


class RegisteredIssuer(TrustedIssuer):
    """A trusted issuer as its registration returns it."""

    skipped_keys: NotRequired[list[SkippedKey]]
    """What of its keys is not used, and why. Absent where all are."""
    warnings: NotRequired[list[IssuerWarning]]
    """What about it may not be meant so, and is no error. Absent where nothing is."""


class Application(ApplicationMetadata):
    """A registered application."""

    client_id: str
    """Its identifier."""
    client_id_issued_at: NotRequired[int]
    """When it was registered: seconds since 1970-01-01T00:00:00Z."""
    skipped_keys: NotRequired[list[SkippedKey]]
    """What of its keys is not used, and why. Absent where all are."""
    warnings: NotRequired[list[IssuerWarning]]
    """What about it may not be meant so, and is no error: where it is registered or replaced."""


class NewApplication(Application):
    """An application with its secret, which is shown here only."""

    client_secret: NotRequired[str]
    """Its secret: 256 random bits, base64url. Absent: it authenticates with ``private_key_jwt``."""


class Organization(TypedDict):
    """An organization, with issuers, applications and keys of its own."""

    name: str
    """Its name: 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen."""
    display_name: NotRequired[str]
    """Its name for people, at most 256 bytes."""


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
    warnings: NotRequired[list[IssuerWarning]]
    """What about it may not be meant so, once the whole document is applied."""


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
    """From when on it no longer signs. Absent: it is the newest of its algorithm."""


class Introspection(TypedDict):
    """Whether a token is active, and what it says (RFC 7662 section 2.2)."""

    active: bool
    """Whether it is. If not, nothing else is told."""
    iss: NotRequired[str]
    """The organization that issued it."""
    sub: NotRequired[str]
    """The resource owner."""
    aud: NotRequired[str | list[str]]
    """The resources that it is for."""
    client_id: NotRequired[str]
    """The application that got it."""
    scope: NotRequired[str]
    """Its scopes, separated by single spaces. Absent: it has none."""
    iat: NotRequired[int]
    """When it was issued: seconds since 1970-01-01T00:00:00Z."""
    exp: NotRequired[int]
    """When it expires: seconds since 1970-01-01T00:00:00Z."""
    jti: NotRequired[str]
    """Its identifier."""
    token_type: NotRequired[str]
    """How it is presented: ``Bearer``, or ``DPoP`` where it is bound to a key."""
    cnf: NotRequired[dict[str, Any]]
    """The key that it is bound to."""
    act: NotRequired[dict[str, Any]]
    """Who acts for the resource owner."""


class Revocation(TypedDict):
    """All tokens of an issuer or an application that were issued before a time are revoked."""

    trusted_issuer: NotRequired[str]
    """The name of the trusted issuer. Absent: it is an application's."""
    client_id: NotRequired[str]
    """The application. Absent: it is a trusted issuer's."""
    issued_before: int
    """Seconds since 1970-01-01T00:00:00Z."""
    expires_at: int
    """When the last of the tokens has expired: seconds since 1970-01-01T00:00:00Z."""


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
