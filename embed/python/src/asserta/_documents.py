"""The documents of registrations: plain dicts with the members of the admin API's JSON.

A class here is a ``TypedDict``: ``TrustedIssuer(name="partner", …)`` makes a dict, and any other dict does as well.
Members that are not required have a safe default, and come out with it filled in.

Written by ``make documents`` from the types of the server; not by hand.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

GrantType = Literal[
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
]
"""A grant (RFC 7523 section 2.1, RFC 8693 section 2.1)."""

ClientAuthMethod = Literal["client_secret_basic", "client_secret_post", "private_key_jwt"]
"""How an application authenticates (RFC 7591 section 2). Where it has a secret, HTTP Basic always works (RFC 6749
section 2.3.1).
"""

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
    """How it authenticates: with its secret, over HTTP in the header alone or in the body as well, or with a JWT that
    its key signs (``private_key_jwt``), and then with no secret. For that it needs exactly one of ``jwks_uri``,
    ``jwks``, ``certificate`` and ``client_assertion_issuer``. Default: ``client_secret_basic``.
    """
    token_endpoint_auth_signing_alg: NotRequired[Algorithm]
    """With ``private_key_jwt``: the only algorithm of its JWTs. Absent: all asymmetric ones that a key's type allows.
    """
    jwks_uri: NotRequired[str]
    """With ``private_key_jwt``: its JWKS endpoint: ``https``, no credentials, no fragment, at most 2048 bytes."""
    jwks: NotRequired[dict[str, Any]]
    """With ``private_key_jwt``: its keys as a JWK set (RFC 7517 section 5), at most 64 KiB."""
    certificate: NotRequired[str]
    """With ``private_key_jwt``: its X.509 certificates or public keys: PEM, several allowed, or one in DER as base64;
    at most 64 KiB.
    """
    client_assertion_issuer: NotRequired[str]
    """With ``private_key_jwt``: the name of the trusted issuer whose JWTs authenticate it, in place of keys of its own.
    """
    client_assertion_subject: NotRequired[str]
    """The ``sub`` that these JWTs must have, needed with ``client_assertion_issuer``."""
    trusted_issuers: NotRequired[list[str]]
    """The names of the trusted issuers whose assertions it may present. Absent: all."""
    access_token_lifetime: NotRequired[int]
    """How long its access tokens are valid, in seconds. From 30 to 86400. Default: 3600."""
    audience: NotRequired[Audience]
    """The resources its tokens are for, 1 to 32: ``aud`` of the token, and what ``resource`` may name. Absent: our own
    issuer identifier.
    """
    dpop_bound_access_tokens: NotRequired[bool]
    """Whether its tokens are always bound to a key: a request without a DPoP proof is refused (RFC 9449 section 5.2,
    R102). A token that was asked for with a proof is bound in any case.
    """
    enabled: NotRequired[bool]
    """Whether it may be used at all. Default: ``True``."""


class StatedMetadata(TypedDict):
    """Members of an organization's metadata that an administrator answers for. No other member can be stated."""

    scopes_supported: NotRequired[list[str]]
    """Scopes that clients may ask for, 1 to 256, each once and at most 256 bytes. None is granted because it stands
    here.
    """
    protected_resources: NotRequired[list[str]]
    """The resource identifiers of the APIs that take our tokens (RFC 9728), 1 to 64, each once: ``https``, no
    credentials, no fragment, at most 2048 bytes.
    """
    service_documentation: NotRequired[str]
    """Where people read how a client is registered: ``https``, no credentials, no fragment, at most 2048 bytes."""
    authorization_endpoint: NotRequired[str]
    """For clients that take no metadata without one: ``https``, no credentials, no fragment, at most 2048 bytes.
    Asserta has no grant that uses it, and ``response_types_supported`` stays empty.
    """

Discovery = bool | str
"""Where an issuer's metadata is: ``true`` for its well-known addresses, or a URL."""

AudienceMode = Literal["any", "exactly-one"]
"""How many audiences an assertion may have."""

Replay = Literal["once", "allow"]
"""Whether an assertion works again."""

Profile = Literal["jwt-bearer", "id-jag"]
"""What an issuer's assertions are."""

ClaimValue = str | bool | int | float
"""A value that a claim is compared with. Types count: ``"1"`` is not ``1``."""


class NegatedTest(TypedDict):
    """A test that a claim must not pass: exactly one."""

    equals: NotRequired[ClaimValue]
    """It has another value than this one."""
    one_of: NotRequired[list[ClaimValue]]
    """It has none of these values, 1 to 1000."""
    contains: NotRequired[ClaimValue]
    """It is an array without this value."""
    all_of: NotRequired[list[ClaimValue]]
    """It is an array that lacks one of these values, 1 to 1000."""
    glob: NotRequired[str]
    """It is a text of another form."""
    prefix: NotRequired[str]
    """It is a text that begins otherwise."""
    at_least: NotRequired[int | float]
    """It is a smaller number."""
    at_most: NotRequired[int | float]
    """It is a greater number."""

_ClaimConditionKeywords = TypedDict("_ClaimConditionKeywords", {"not": NotRequired[NegatedTest]})
"""``not``: It is of the type that this test wants, and does not pass it."""


class ClaimCondition(_ClaimConditionKeywords):
    """A condition on one claim of an assertion, ``{"claim": "hd", "equals": "example.com"}``: exactly one test. Types
    count: ``"1"`` is not ``1``. A claim that is absent, null or of another type meets no condition, a negated one
    neither; of an array one element has to fit.
    """

    claim: str
    """The name of the claim, or, where it begins with ``/``, a JSON Pointer to a nested one:
    ``/kubernetes.io/namespace``; 1 to 256 bytes.
    """
    equals: NotRequired[ClaimValue]
    """It has exactly this value."""
    one_of: NotRequired[list[ClaimValue]]
    """It has one of these values, 1 to 1000."""
    contains: NotRequired[ClaimValue]
    """It is an array with this value in it."""
    all_of: NotRequired[list[ClaimValue]]
    """It is an array with all of these values in it, 1 to 1000."""
    glob: NotRequired[str]
    """It is a text of this form: ``*`` stands for one or more characters within a segment of ``/ : @ |``, ``**`` for
    one or more across.
    """
    prefix: NotRequired[str]
    """It is a text that begins so."""
    at_least: NotRequired[int | float]
    """It is this number or a greater one."""
    at_most: NotRequired[int | float]
    """It is this number or a smaller one."""
    present: NotRequired[bool]
    """It is there and not null (true), or it is not (false)."""

RuleClient = Literal["required", "none"]
"""Who a rule is for."""

RuleMode = Literal["enforce", "audit"]
"""What a rule does where it fits."""


class IssuerRule(TypedDict):
    """A rule of a trusted issuer: for which of its assertions, and what they are exchanged for. It only narrows: the
    issuer's own ``subjects`` and ``claims`` must hold as well, and scopes and audiences are cut to those of the
    application and the issuer.
    """

    name: str
    """Its name: unique among the rules of the issuer, 1 to 128 bytes without control characters. It stands in the log,
    in ``explain`` and in the token (``assertion_rule``).
    """
    subjects: NotRequired[list[str]]
    """The subjects it fits, as those of the issuer are written. Absent: all."""
    claims: NotRequired[list[ClaimCondition]]
    """Conditions on the claims; it fits where all hold."""
    client: NotRequired[RuleClient]
    """Whether it fits applications that have authenticated, or requests without a client alone (``none``). A rule
    without a client needs ``client_id``, ``scopes``, and ``subjects`` or ``claims``; whatever ``replay`` says, an
    assertion works once under it.
    """
    client_id: NotRequired[str]
    """With ``client: "none"``: the label that stands for the client in the token and in the log, and that a request may
    name. No application of the organization has it.
    """
    applications: NotRequired[list[str]]
    """The applications it fits, by their ``client_id``, 1 to 100. Absent: all."""
    scopes: NotRequired[list[str]]
    """The most that it grants. Absent: no cap but those of the application and the issuer."""
    audience: NotRequired[Audience]
    """The resources its tokens are for, 1 to 32: where the application has an audience, those that are in both. Absent:
    the application's.
    """
    access_token_lifetime: NotRequired[int]
    """How long its tokens are valid at most, in seconds. Absent: as long as the application's. From 30 to 86400."""
    claim_mappings: NotRequired[dict[str, str]]
    """Claims to carry over besides those of the issuer, written as those are, at most 32; onto the same claim, these
    win.
    """
    mode: NotRequired[RuleMode]
    """Whether it decides where it fits, or is only watched (``audit``): then the log says what it would have granted,
    and the next rule is tried. Default: ``enforce``.
    """


class TokenExchange(TypedDict):
    """For whom the tokens of an issuer may be exchanged (RFC 8693), beside the applications that their ``aud`` names:
    that an issuer is trusted says nothing of whom it meant.
    """

    allow_may_act: NotRequired[bool]
    """Whether the claim ``may_act`` of a token says so (RFC 8693 section 4.4): by the application's ``client_id``, or
    by the ``sub`` of the application or of the actor token. A token that has one is then exchanged for nobody else.
    """
    actor_claim: NotRequired[str]
    """The claim that names who got the token, such as ``azp``, by its name or, where it begins with ``/``, by a JSON
    Pointer. It needs ``allowed_actors``; 1 to 256 bytes.
    """
    allowed_actors: NotRequired[list[str]]
    """The values of that claim whose tokens may be exchanged, each whole: at most 100 of 1 to 1024 bytes."""
    replay: NotRequired[Replay]
    """Whether a token can be exchanged ``once``, or again until it expires (``allow``)."""


class TrustedIssuer(TypedDict):
    """A third party whose assertions an organization accepts, and what it is trusted with. It needs exactly one of
    ``jwks_uri``, ``jwks``, ``certificate`` and ``discovery``.
    """

    name: str
    """Its name in the organization: unique, chosen by people, 1 to 128 bytes without control characters, and neither
    ``.`` nor ``..``.
    """
    issuer: str
    """The exact value of ``iss`` in its assertions: unique in the organization, 1 to 1024 bytes."""
    alias: NotRequired[str]
    """The name by which it knows us, tried where ``aud`` names neither our issuer identifier nor our token endpoint;
    neither of these of another organization.
    """
    jwks_uri: NotRequired[str]
    """Its JWKS endpoint: ``https``, no credentials, no fragment, at most 2048 bytes."""
    jwks: NotRequired[dict[str, Any]]
    """Its keys as a JWK set (RFC 7517 section 5), at most 64 KiB."""
    certificate: NotRequired[str]
    """Its X.509 certificates or public keys: PEM, several allowed, or one in DER as base64; at most 64 KiB."""
    discovery: NotRequired[Discovery]
    """Its metadata says where its keys are: ``true`` where that is at the well-known addresses of ``issuer``, else the
    URL of the metadata, as for ``jwks_uri``.
    """
    jwks_ca: NotRequired[str]
    """The certificate authorities of the endpoints of its keys and metadata, in place of all others: certificates in
    PEM, at most 64 KiB.
    """
    allow_private: NotRequired[bool]
    """Whether these endpoints may be in a private network. The operator of a native host has to allow that too."""
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
    limit_to_assertion: NotRequired[bool]
    """Whether an access token is valid for no longer than the assertion that it was got for."""
    subject_claim: NotRequired[str]
    """The claim that becomes ``sub`` of the access token, by its name or, where it begins with ``/``, by a JSON Pointer
    to a nested one: a text of 1 to 1024 bytes, without which an assertion is refused. ``subjects`` and conditions on
    ``sub`` look at the assertion's own ``sub`` all the same. By default ``sub``; 1 to 256 bytes.
    """
    trust_domain: NotRequired[str]
    """The SPIFFE trust domain that it speaks for, such as ``prod.example.org``: the ``sub`` of each assertion must be a
    SPIFFE ID of it, and keys with ``use: jwt-svid``, as SPIFFE bundles have them, count. Absent: ``sub`` may be
    anything, and such keys are not used.
    """
    typ: NotRequired[str]
    """The ``typ`` that its assertions must have. Absent: any that names no other use."""
    profile: NotRequired[Profile]
    """What its assertions are: any JWT for the JWT bearer grant (``jwt-bearer``, the default), or ID-JAGs alone
    (``id-jag``). Those have ``typ`` ``oauth-id-jag+jwt``, are for us by our issuer identifier and nobody else, name
    the client that presents them, have ``jti`` and ``iat``, and work once. So ``alias``, another ``typ``, ``replay:
    "allow"`` and rules with ``client: "none"`` can't stand beside it.
    """
    subjects: NotRequired[list[str]]
    """The subjects it may speak for: whole, or with ``*`` for one or more characters within a segment of ``/ : @ |``
    and ``**`` for one or more across. Absent: all.
    """
    claims: NotRequired[list[ClaimCondition]]
    """Conditions on its claims; all must hold."""
    scopes: NotRequired[list[str]]
    """The most that its assertions can be exchanged for. Absent: no cap but the application's."""
    claim_mappings: NotRequired[dict[str, str]]
    """Claims to carry over, at most 32: the claim in the assertion, by its name or, where it begins with ``/``, by a
    JSON Pointer to a nested one, to the name in the access token; 1 to 256 bytes each.
    """
    rules: NotRequired[list[IssuerRule]]
    """Rules, 1 to 64, each for a part of its assertions: the first that fits decides, and where none does nothing is
    granted. Absent: the members above are the one rule.
    """
    token_exchange: NotRequired[TokenExchange]
    """Whether its tokens can be exchanged (RFC 8693), and for whom. Absent: they can't."""
    allow_any_tenant: NotRequired[bool]
    """Whether an issuer that many tenants share may be trusted without a condition on the tenant."""


class TrustDocumentApplication(ApplicationMetadata):
    """An application of a document of registrations: what it may do, its identifier, and at most one of the two members
    for its secret. Neither: the secret of the application that is there stays, or it authenticates with
    ``private_key_jwt``.
    """

    client_id: str
    """Its identifier: 1 to 128 letters, digits, ``-``, ``.``, ``_`` or ``~``, and neither ``.`` nor ``..``."""
    client_secret: NotRequired[str]
    """Its secret, 32 to 256 bytes, which should hold 256 random bits."""
    client_secret_sha256: NotRequired[str]
    """The SHA-256 of its secret, as 64 hexadecimal digits."""
    client_id_issued_at: NotRequired[Any]
    """When it was registered. It is read and left aside."""
    skipped_keys: NotRequired[Any]
    """What of its keys is not used. It is read and left aside."""
    warnings: NotRequired[Any]
    """What about it may not be meant so. It is read and left aside."""


class TrustDocumentOrganization(TypedDict):
    """An organization of a document of registrations."""

    name: str
    """Its name: 1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen."""
    display_name: NotRequired[str]
    """Its name for people, at most 256 bytes."""
    metadata: NotRequired[StatedMetadata]
    """What its administrator states in its metadata, in the place of what was stated before. Absent: that stays."""
    trusted_issuers: NotRequired[list[TrustedIssuer]]
    """Its trusted issuers."""
    applications: NotRequired[list[TrustDocumentApplication]]
    """Its applications."""


class TrustDocument(TypedDict):
    """Organizations with all that they trust."""

    organizations: NotRequired[list[TrustDocumentOrganization]]
    """The organizations."""
