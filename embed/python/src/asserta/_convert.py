"""From arguments to what the component takes, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from wasmtime.component import Record, Variant

from .errors import (
    AssertaError,
    Busy,
    InvalidMember,
    KeysNeeded,
    NotFound,
    OrganizationUnknown,
    RecordUnreadable,
    Refused,
    RegistryError,
    StoreUnavailable,
    Taken,
)
from .fetching import SIZE_LIMIT, FetchFailed, KeyDocument


def record(**members: Any) -> Record:
    """A record; the component's member names have hyphens."""
    made = Record()
    for name, value in members.items():
        setattr(made, name.replace("_", "-"), value)
    return made


def member(of: Record, name: str) -> Any:
    return getattr(of, name.replace("_", "-"))


# What goes in. Everything is checked here that wasmtime would truncate, or refuse with an error of its own.


def text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidMember(field, "must be a string")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidMember(field, "must not contain lone surrogates") from None
    return value


def bounded_text(field: str, value: Any, most: int) -> str:
    """A text that is small enough to be handed over at all."""
    if isinstance(value, str) and len(value) > most or len(text(field, value).encode()) > most:
        raise InvalidMember(field, f"must not exceed {most // 1024} KiB")
    return value


def texts(field: str, value: Any) -> list[str]:
    """One text, or several."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, Iterable):
        raise InvalidMember(field, "must be a string or a list of strings")
    return [text(f"{field}[{index}]", element) for index, element in enumerate(value)]


def flag(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidMember(field, "must be True or False")
    return value


def number(field: str, value: Any, bits: int = 32) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**bits:
        raise InvalidMember(field, f"must be a whole number from 0 to {2**bits - 1}")
    return value


def seconds(field: str, value: Any) -> float:
    """What a clock says."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**63:
        raise InvalidMember(field, "must return the seconds since 1970 as a number")
    return value


def optional(convert: Any, field: str, value: Any, *more: Any) -> Any:
    return None if value is None else convert(field, value, *more)


def document(value: Any) -> str:
    """A document as JSON text: of a mapping, or of JSON text as it is."""
    if not isinstance(value, str):
        try:
            value = json.dumps(value, ensure_ascii=False, default=_mapping)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidMember("document", f"can't be written as JSON: {error}") from None
    return text("document", value)


def _mapping(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def line(field: str, value: Any, most: int = 256) -> str:
    """A text in one line of so many bytes at most, for people."""
    if not isinstance(value, str):
        raise InvalidMember(field, "must be a string")
    words = "".join(character if character.isprintable() else " " for character in value).split()
    return " ".join(words).encode("utf-8", "replace")[:most].decode("utf-8", "ignore")


def told(error: BaseException) -> str:
    """An exception in one line of the log."""
    try:
        text = str(error) if isinstance(error, (FetchFailed, InvalidMember)) else f"{type(error).__name__}: {error}"
        if error.__cause__ is not None:
            text += f" ({error.__cause__})"
    except Exception:  # it can't say what it is
        text = type(error).__name__
    return " ".join(text.split())[:300]


def keys_needed(needed: Any) -> Record:
    if not isinstance(needed, KeysNeeded):
        raise InvalidMember("needed", "must be the KeysNeeded that was raised")
    if needed.client_id is None:
        owner = Variant("trusted-issuer", text("trusted_issuer", needed.trusted_issuer))
    else:
        owner = Variant("application", text("client_id", needed.client_id))
    return record(
        owner=owner,
        kind=text("kind", needed.kind),
        uri=text("uri", needed.uri),
    )


def key_document(document: Any) -> tuple[str, int | None]:
    """The text of a document, and for how many seconds it is fresh."""
    if not isinstance(document, KeyDocument):
        raise InvalidMember("document", f"must be a KeyDocument, and is of the type {type(document).__name__}")
    text = bounded_text("document", document.text, SIZE_LIMIT)
    return text, optional(number, "max_age", document.max_age, 64)


# A grant is handed over as what is in it: no two of its cases have the same type, and wasmtime takes no Variant then.


def jwt_bearer(assertion: Any) -> str:
    return text("assertion", assertion)


def token_exchange(
    subject_token: Any,
    subject_token_type: Any,
    actor_token: Any,
    actor_token_type: Any,
    requested_token_type: Any,
    audience: Any,
) -> Record:
    """A token to be exchanged, and who acts for its subject, if somebody does."""

    def typed(field: str, token: Any, token_type: Any) -> Record:
        return record(token=text(field, token), token_type=text(f"{field}_type", token_type))

    return record(
        subject=typed("subject_token", subject_token, subject_token_type),
        actor=None if actor_token is None else typed("actor_token", actor_token, actor_token_type),
        requested_token_type=optional(text, "requested_token_type", requested_token_type),
        audience=texts("audience", () if audience is None else audience),
    )


def is_jwt_svid(client_assertion_type: Any) -> bool:
    """Whether the client says that its JWT is a JWT-SVID."""
    if client_assertion_type not in ("jwt-bearer", "jwt-spiffe"):
        raise InvalidMember("client_assertion_type", "must be jwt-bearer or jwt-spiffe")
    return client_assertion_type == "jwt-spiffe"


def credentials(client_id: Any, client_secret: Any, client_assertion: Any, client_assertion_type: Any) -> Variant:
    """How the application authenticates, if there is one."""
    is_svid = is_jwt_svid(client_assertion_type)
    if client_assertion is not None:
        if client_secret is not None:
            raise InvalidMember("client_assertion", "must not be given beside client_secret")
        made = record(
            client_id=optional(text, "client_id", client_id),
            assertion=text("client_assertion", client_assertion),
        )
        return Variant("jwt-svid" if is_svid else "client-assertion", made)
    if client_secret is None:
        return Variant("no-client", optional(text, "client_id", client_id))
    made = record(client_id=text("client_id", client_id), client_secret=text("client_secret", client_secret))
    return Variant("client-secret", made)


def options(scope: Any, resource: Any, proof: Any, url: Any) -> Record:
    """What a client asks for, and by what it proves to have a key, if it does."""
    proved = None
    if proof is not None:
        proved = record(proof=text("dpop_proof", proof), url=optional(text, "dpop_url", url))
    return record(
        scope=optional(text, "scope", scope),
        resources=texts("resource", () if resource is None else resource),
        proof=proved,
    )


# What comes out.


def plain(kind: Any, of: Record) -> dict[str, Any]:
    """The members of a record whose values need no conversion."""
    return {name: member(of, name) for name in kind.__dataclass_fields__}


# What went wrong.

_REGISTRY_ERRORS: dict[str, tuple[type[RegistryError], str]] = {
    "organization-unknown": (OrganizationUnknown, "there is no such organization"),
    "not-found": (NotFound, "there is no such thing in the organization"),
    "busy": (Busy, "another registration of this organization is in progress"),
    "store-unavailable": (StoreUnavailable, "the store does not answer at the moment"),
}


def invalid_member(of: Record) -> InvalidMember:
    return InvalidMember(of.field, of.problem)


def registry_error(error: Variant) -> AssertaError:
    match error.tag:
        case "invalid":
            return invalid_member(error.payload)
        case "taken":
            return Taken(error.payload.field, error.payload.problem)
        case "record-unreadable":
            return RecordUnreadable(error.payload)
    kind, sentence = _REGISTRY_ERRORS.get(error.tag, (RegistryError, error.tag))
    return kind(sentence)


def exchange_error(error: Variant, organization: str) -> AssertaError:
    match error.tag:
        case "keys-needed":
            needed, name = error.payload, error.payload.owner.payload
            if needed.owner.tag == "application":
                return KeysNeeded(organization, None, needed.kind, needed.uri, name)
            return KeysNeeded(organization, name, needed.kind, needed.uri)
        case "refusal":
            refusal = error.payload
            return Refused(
                refusal.code,
                refusal.reason,
                refusal.sentence,
                member(refusal, "retry_after"),
                refusal.cause,
                member(refusal, "dpop_nonce"),
            )
    return AssertaError(error.tag)
