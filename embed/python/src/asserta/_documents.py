"""The documents of registrations: plain dicts with the members of the admin API's JSON.

A class here is a ``TypedDict``: ``TrustedIssuer(name="partner", …)`` makes a dict, and any other dict does as well.
Members that are not required have a safe default, and come out with it filled in.

Written by ``make documents`` from the types of the server; not by hand.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

GrantType = Literal["urn:ietf:params:oauth:grant-type:jwt-bearer"]
"""A grant (RFC 7523 section 2.1)."""

ClientAuthMethod = Literal["client_secret_basic", "client_secret_post"]
"""How an application sends its credentials (RFC 7591 section 2). HTTP Basic always works (RFC 6749 section 2.3.1)."""

Audience = str | list[str]
"""The audience of an application: one resource or several, as JSON documents of this field often have it."""


class ApplicationMetadata(TypedDict):
    """What an application may do, with the names of RFC 7591 section 2 as far as it has them."""

    client_name: NotRequired[str]
    """Its name for people, at most 256 bytes."""
    grant_types: NotRequired[list[GrantType]]
    """The grants it may use; without the JWT bearer grant it gets no token."""
    scope: NotRequired[str]
    """The scopes it may ask for, separated by single spaces, at most 4096 bytes."""
    token_endpoint_auth_method: NotRequired[ClientAuthMethod]
    """How it authenticates over HTTP: in the header alone, or in the body as well. Default: ``client_secret_basic``."""
    trusted_issuers: NotRequired[list[str]]
    """The names of the trusted issuers whose assertions it may present. Absent: all."""
    access_token_lifetime: NotRequired[int]
    """How long its access tokens are valid, in seconds. From 30 to 86400. Default: 3600."""
    audience: NotRequired[Audience]
    """The resources its tokens are for, 1 to 32: ``aud`` of the token, and what ``resource`` may name. Absent: our own
    issuer identifier.
    """
    enabled: NotRequired[bool]
    """Whether it may be used at all. Default: ``True``."""

Algorithm = Literal[
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
]
"""An algorithm of assertions (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864)."""

AudienceMode = Literal["any", "exactly-one"]
"""How many audiences an assertion may have."""

Replay = Literal["once", "allow"]
"""Whether an assertion works again."""

ClaimValue = str | bool | int | float
"""A value that a claim is compared with. Types count: ``"1"`` is not ``1``."""


class ClaimCondition(TypedDict):
    """A condition on one claim of an assertion, ``{"claim": "hd", "equals": "example.com"}``: exactly one of the four
    tests. Types count: ``"1"`` is not ``1``.
    """

    claim: str
    """The name of the claim, at the top level of the claims: 1 to 256 bytes."""
    equals: NotRequired[ClaimValue]
    """It has exactly this value."""
    one_of: NotRequired[list[ClaimValue]]
    """It has one of these values."""
    contains: NotRequired[ClaimValue]
    """It is an array with this value in it."""
    present: NotRequired[bool]
    """It is there (true), or it is not (false)."""


class TrustedIssuer(TypedDict):
    """A third party whose assertions an organization accepts, and what it is trusted with. It needs exactly one of
    ``jwks_uri``, ``jwks`` and ``certificate``.
    """

    name: str
    """Its name in the organization: unique, chosen by people, 1 to 128 bytes without control characters."""
    issuer: str
    """The exact value of ``iss`` in its assertions: unique in the organization, 1 to 1024 bytes."""
    alias: NotRequired[str]
    """The name by which it knows us, tried where ``aud`` names neither our issuer identifier nor our token endpoint."""
    jwks_uri: NotRequired[str]
    """Its JWKS endpoint: ``https``, no credentials, no fragment, at most 2048 bytes."""
    jwks: NotRequired[dict[str, Any]]
    """Its keys as a JWK set (RFC 7517 section 5), at most 64 KiB."""
    certificate: NotRequired[str]
    """Its X.509 certificates or public keys: PEM, several allowed, or one in DER as base64; at most 64 KiB."""
    enabled: NotRequired[bool]
    """Whether its assertions are accepted at all. Default: ``True``."""
    algorithms: NotRequired[list[Algorithm]]
    """The algorithms it may use. Absent: all asymmetric ones that a key's type allows."""
    clock_skew: NotRequired[int]
    """How far its clock may be off, in seconds. From 0 to 600. Default: 60."""
    max_lifetime: NotRequired[int]
    """How far ``exp`` may lie ahead and ``iat`` behind, in seconds. From 1 to 172800. Default: 3600."""
    audience_mode: NotRequired[AudienceMode]
    """Whether ``aud`` may name others besides us (``any``), or us alone (``exactly-one``). Default: ``any``."""
    replay: NotRequired[Replay]
    """Whether an assertion works ``once``, or again until it expires (``allow``). Default: ``once``."""
    require_jti: NotRequired[bool]
    """Whether an assertion must have a ``jti``. Default: ``False``."""
    typ: NotRequired[str]
    """The ``typ`` that its assertions must have. Absent: any that names no other use."""
    subjects: NotRequired[list[str]]
    """The subjects it may speak for: whole, or with ``*`` for one or more characters within a segment of ``/ : @ |``
    and ``**`` for one or more across. Absent: all.
    """
    claims: NotRequired[list[ClaimCondition]]
    """Conditions on its claims; all must hold."""
    scopes: NotRequired[list[str]]
    """The most that its assertions can be exchanged for. Absent: no cap but the application's."""
    claim_mappings: NotRequired[dict[str, str]]
    """Claims to carry over: name in the assertion to name in the access token, at most 32."""


class TrustDocumentApplication(ApplicationMetadata):
    """An application of a document of registrations: what it may do, its identifier, and at most one of the two members
    for its secret. Neither: the secret of the application that is there stays.
    """

    client_id: str
    """Its identifier: 1 to 128 letters, digits, ``-``, ``.``, ``_`` or ``~``."""
    client_secret: NotRequired[str]
    """Its secret, 32 to 256 bytes, which should hold 256 random bits."""
    client_secret_sha256: NotRequired[str]
    """The SHA-256 of its secret, as 64 hexadecimal digits."""
    client_id_issued_at: NotRequired[Any]
    """When it was registered. It is read and left aside."""


class TrustDocumentOrganization(TypedDict):
    """An organization of a document of registrations."""

    name: str
    """Its name: 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen."""
    display_name: NotRequired[str]
    """Its name for people, at most 256 bytes."""
    trusted_issuers: NotRequired[list[TrustedIssuer]]
    """Its trusted issuers."""
    applications: NotRequired[list[TrustDocumentApplication]]
    """Its applications."""


class TrustDocument(TypedDict):
    """Organizations with all that they trust."""

    organizations: NotRequired[list[TrustDocumentOrganization]]
    """The organizations."""
