"""From the records of this package to those of the component, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from wasmtime.component import Record, Variant

from . import records
from .errors import (
    AssertaError,
    Busy,
    InvalidMember,
    IssuerTaken,
    KeysNeeded,
    NameTaken,
    NotFound,
    OrganizationUnknown,
    Refused,
    RegistryError,
    StoreUnavailable,
)

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_NAMES = {name.lower(): name for name in _ALGORITHMS}


def record(**members: Any) -> Record:
    """A record; the component's member names have hyphens."""
    made = Record()
    for name, value in members.items():
        setattr(made, name.replace("_", "-"), value)
    return made


def member(of: Record, name: str) -> Any:
    return getattr(of, name.replace("_", "-"))


# What goes in. Everything is checked here that wasmtime would truncate, or refuse with an error of its own.


def text(path: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidMember(path, "must be a string")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidMember(path, "must not contain lone surrogates") from None
    return value


def bounded_text(path: str, value: Any, most: int) -> str:
    """A text that is small enough to be handed over at all."""
    if isinstance(value, str) and len(value) > most or len(text(path, value).encode()) > most:
        raise InvalidMember(path, f"must not exceed {most // 1024} KiB")
    return value


def texts(path: str, value: Any) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InvalidMember(path, "must be a list of strings")
    return [text(f"{path}[{index}]", element) for index, element in enumerate(value)]


def flag(path: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidMember(path, "must be True or False")
    return value


def number(path: str, value: Any, bits: int = 32) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**bits:
        raise InvalidMember(path, f"must be a whole number from 0 to {2**bits - 1}")
    return value


def choice(path: str, value: Any, choices: Iterable[str]) -> str:
    if value not in choices:
        raise InvalidMember(path, f"must be one of {', '.join(choices)}")
    return value


def optional(convert: Any, path: str, value: Any, *more: Any) -> Any:
    return None if value is None else convert(path, value, *more)


def algorithm(path: str, value: Any) -> str:
    name = "EdDSA" if value == "Ed25519" else value  # its name after RFC 9864
    return choice(path, name, _ALGORITHMS).lower()


def signing_algorithm(path: str, value: Any) -> str:
    return choice(path, value, ("ES256", "EdDSA", "RS256")).lower()


def page(after: str | None) -> Record:
    return record(limit=100, after=after)


def trusted_issuer(issuer: records.TrustedIssuer) -> Record:
    algorithms = issuer.algorithms
    if algorithms is not None:
        algorithms = [algorithm(f"algorithms[{i}]", name) for i, name in enumerate(algorithms)]
    mappings = [
        record(
            assertion_claim=text("claim_mappings", of),
            token_claim=text(f"claim_mappings.{of}", to),
        )
        for of, to in issuer.claim_mappings.items()
    ]
    return record(
        name=text("name", issuer.name),
        issuer=text("issuer", issuer.issuer),
        alias=optional(text, "alias", issuer.alias),
        keys=_key_source(issuer),
        enabled=optional(flag, "enabled", issuer.enabled),
        algorithms=algorithms,
        clock_skew=optional(number, "clock_skew", issuer.clock_skew),
        max_lifetime=optional(number, "max_lifetime", issuer.max_lifetime),
        audience_mode=optional(choice, "audience_mode", issuer.audience_mode, ("any", "exactly-one")),
        replay=optional(choice, "replay", issuer.replay, ("once", "allow")),
        require_jti=optional(flag, "require_jti", issuer.require_jti),
        typ=optional(text, "typ", issuer.typ),
        subjects=optional(texts, "subjects", issuer.subjects),
        claims=[_condition(f"claims[{i}]", condition) for i, condition in enumerate(issuer.claims)],
        scopes=optional(texts, "scopes", issuer.scopes),
        claim_mappings=mappings,
    )


def _key_source(issuer: records.TrustedIssuer) -> Variant:
    jwks = issuer.jwks
    if jwks is not None and not isinstance(jwks, str):
        try:
            jwks = json.dumps(jwks)
        except (TypeError, ValueError) as error:
            raise InvalidMember("jwks", f"must be JSON: {error}") from None
    sources = {"jwks_uri": issuer.jwks_uri, "jwks": jwks, "certificate": issuer.certificate}
    given = [name for name, value in sources.items() if value is not None]
    if len(given) != 1:
        raise InvalidMember("jwks_uri", "exactly one of jwks_uri, jwks and certificate is needed")
    return Variant(given[0].replace("_", "-"), text(given[0], sources[given[0]]))


def _condition(path: str, condition: records.ClaimCondition) -> Record:
    tests = ("equals", "one_of", "contains", "present")
    given = [name for name in tests if getattr(condition, name) is not None]
    if len(given) != 1:
        raise InvalidMember(path, "needs exactly one of equals, one_of, contains and present")
    test, value = given[0], getattr(condition, given[0])
    if test == "present":
        value = flag(f"{path}.present", value)
    elif test == "one_of":
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise InvalidMember(f"{path}.one_of", "must be a list")
        value = [_claim_value(f"{path}.one_of[{i}]", element) for i, element in enumerate(value)]
    else:
        value = _claim_value(f"{path}.{test}", value)
    return record(claim=text(f"{path}.claim", condition.claim), test=Variant(test.replace("_", "-"), value))


def _claim_value(path: str, value: Any) -> Any:
    if isinstance(value, str):
        return text(path, value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value)
    if isinstance(value, bool | int | float):
        return value
    raise InvalidMember(path, "must be a string, a number or a boolean")


def application_metadata(metadata: records.ApplicationMetadata) -> Record:
    audience = metadata.audience
    method = optional(
        choice,
        "token_endpoint_auth_method",
        metadata.token_endpoint_auth_method,
        ("client_secret_basic", "client_secret_post"),
    )
    return record(
        client_name=optional(text, "client_name", metadata.client_name),
        grant_types=texts("grant_types", metadata.grant_types),
        scope=optional(text, "scope", metadata.scope),
        token_endpoint_auth_method=method and method.replace("_", "-"),
        trusted_issuers=optional(texts, "trusted_issuers", metadata.trusted_issuers),
        access_token_lifetime=optional(number, "access_token_lifetime", metadata.access_token_lifetime),
        audience=optional(texts, "audience", [audience] if isinstance(audience, str) else audience),
        enabled=optional(flag, "enabled", metadata.enabled),
    )


# What comes out.


def from_trusted_issuer(of: Record) -> records.TrustedIssuer:
    source = member(of, "keys")
    key = source.tag.replace("-", "_")
    algorithms = member(of, "algorithms")
    return records.TrustedIssuer(
        **{key: json.loads(source.payload) if key == "jwks" else source.payload},
        name=member(of, "name"),
        issuer=member(of, "issuer"),
        alias=member(of, "alias"),
        enabled=member(of, "enabled"),
        algorithms=None if algorithms is None else [_NAMES[name] for name in algorithms],
        clock_skew=member(of, "clock_skew"),
        max_lifetime=member(of, "max_lifetime"),
        audience_mode=member(of, "audience_mode"),
        replay=member(of, "replay"),
        require_jti=member(of, "require_jti"),
        typ=member(of, "typ"),
        subjects=member(of, "subjects"),
        claims=[
            records.ClaimCondition(claim=c.claim, **{c.test.tag.replace("-", "_"): c.test.payload})
            for c in member(of, "claims")
        ],
        scopes=member(of, "scopes"),
        claim_mappings={
            member(mapping, "assertion_claim"): member(mapping, "token_claim")
            for mapping in member(of, "claim_mappings")
        },
    )


def from_application(of: Record) -> records.Application:
    metadata = member(of, "metadata")
    names = records.ApplicationMetadata.__dataclass_fields__
    members = {name: member(metadata, name) for name in names}
    members["token_endpoint_auth_method"] = members["token_endpoint_auth_method"].replace("-", "_")
    return records.Application(
        client_id=member(of, "client_id"),
        created_at=member(of, "created_at"),
        metadata=records.ApplicationMetadata(**members),
    )


def from_new_application(of: Record) -> records.NewApplication:
    return records.NewApplication(
        application=from_application(member(of, "application")), client_secret=member(of, "client_secret")
    )


def from_signing_key(of: Record) -> records.SigningKey:
    members = plain(records.SigningKey, of)
    members["algorithm"] = _NAMES[members["algorithm"]]
    return records.SigningKey(**members)


def plain(kind: Any, of: Record) -> dict[str, Any]:
    """The members of a record whose values need no conversion."""
    return {name: member(of, name) for name in kind.__dataclass_fields__}


# What went wrong.

_REGISTRY_ERRORS: dict[str, type[RegistryError]] = {
    "name-taken": NameTaken,
    "issuer-taken": IssuerTaken,
    "organization-unknown": OrganizationUnknown,
    "not-found": NotFound,
    "busy": Busy,
    "store-unavailable": StoreUnavailable,
}
_SENTENCES = {
    "name-taken": "the name is taken in this organization",
    "issuer-taken": "another trusted issuer of this organization has the same issuer value",
    "organization-unknown": "there is no such organization",
    "not-found": "there is no such trusted issuer or application",
    "busy": "another registration of this organization is in progress",
    "store-unavailable": "the store does not answer at the moment",
}


def invalid_member(of: Record) -> InvalidMember:
    path = of.member
    if path.startswith("claim-mappings."):  # what follows is the name of a claim
        path = path.replace("claim-mappings", "claim_mappings", 1)
    else:
        path = path.replace("-", "_")
    return InvalidMember(path, of.problem)


def registry_error(error: Variant) -> AssertaError:
    if error.tag == "invalid":
        return invalid_member(error.payload)
    kind = _REGISTRY_ERRORS.get(error.tag, RegistryError)
    return kind(_SENTENCES.get(error.tag, error.tag))


def exchange_error(error: Variant) -> AssertaError:
    if error.tag == "keys-needed":
        return KeysNeeded(member(error.payload, "trusted_issuer"), error.payload.uri)
    if error.tag == "refusal":
        refusal = error.payload
        return Refused(
            refusal.code.replace("-", "_"), refusal.reason, refusal.sentence, member(refusal, "retry_after")
        )
    return AssertaError(error.tag)
