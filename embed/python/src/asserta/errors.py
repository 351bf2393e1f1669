"""What can go wrong, as exceptions."""

from __future__ import annotations

from typing import Any


class AssertaError(Exception):
    """The base of all exceptions of this package."""

    def __reduce__(self) -> tuple[Any, ...]:
        # As it is, and not made anew of its message, which is what pickle and copy do with exceptions.
        return _restored, (type(self), self.args), self.__dict__


def _restored(kind: type[AssertaError], arguments: tuple[Any, ...]) -> AssertaError:
    return kind.__new__(kind, *arguments)


class Refused(AssertaError):
    """An exchange was refused: nothing was issued.

    Where it fetched the issuer's keys and could not have them, ``__cause__`` is what went wrong: :class:`FetchFailed`,
    which has a ``cause`` of one word, or what a fetcher of your own raised.
    """

    code: str
    """The OAuth error code, such as ``invalid_grant`` (RFC 6749 section 5.2)."""
    reason: str
    """Why: stable, for programs, logs and metrics, such as ``assertion-expired``."""
    sentence: str
    """The same as a sentence. It never echoes what the caller handed over."""
    retry_after: int | None
    """After how many seconds trying again makes sense, where that is known."""
    cause: str | None
    """What lies behind it, where more is known. For your log, never for the client."""
    dpop_nonce: str | None
    """With ``use_dpop_nonce``: the nonce that the client's proof needs, for the header ``DPoP-Nonce`` (RFC 9449 section 8)."""

    def __init__(
        self,
        code: str,
        reason: str,
        sentence: str,
        retry_after: int | None = None,
        cause: str | None = None,
        dpop_nonce: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.reason = reason
        self.sentence = sentence
        self.retry_after = retry_after
        self.cause = cause
        self.dpop_nonce = dpop_nonce


class KeysNeeded(AssertaError):
    """A document with keys is needed, and the exchanger was told to fetch none (``fetch=None``).

    Hand it to ``Exchanger.supply_keys`` and repeat the exchange. Nothing was consumed.
    """

    organization: str
    """The organization of the exchange."""
    trusted_issuer: str | None
    """The name of the trusted issuer whose keys they are. None: they are an application's."""
    kind: str
    """Which kind of document: ``jwks``, a JWK set, or ``metadata``, which says where that is."""
    uri: str
    """Where it is."""
    client_id: str | None
    """The application whose keys they are. None: they are a trusted issuer's."""

    def __init__(
        self, organization: str, trusted_issuer: str | None, kind: str, uri: str, client_id: str | None = None
    ) -> None:
        self.organization = organization
        self.trusted_issuer = trusted_issuer
        self.kind = kind
        self.uri = uri
        self.client_id = client_id
        super().__init__(f"the keys of {self.owner} are needed: {uri}")

    @property
    def owner(self) -> str:
        """Whose keys they are, in words."""
        if self.client_id is not None:
            return f"the application {self.client_id}"
        return f"the trusted issuer {self.trusted_issuer}"


class Trapped(AssertaError):
    """The component was stopped: it ran out of fuel or memory.

    What the store has stays as it is. The next call runs on a fresh instance.
    """


class BadSetting(AssertaError):
    """A setting of an :class:`asserta.http.Endpoint` or of a guard can't be used: it serves nothing."""

    name: str
    """Its name, or the member of its document."""
    problem: str
    """What is wrong with it, as the second half of a sentence and without its value."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"the setting {name} {problem}")
        self.name = name
        self.problem = problem


class RegistryError(AssertaError):
    """The base of what can go wrong with a registration. Nothing was stored."""


class InvalidMember(RegistryError):
    """A member of a document, or an argument, can't be accepted."""

    field: str
    """Its path: ``jwks_uri``, ``claims[0].equals``."""
    problem: str
    """What is wrong with it, as the second half of a sentence."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class Taken(RegistryError):
    """A value that must be unique in the organization is taken."""

    field: str
    """Which: ``name``, ``issuer`` or ``client_id``."""
    problem: str
    """What is wrong with it, as the second half of a sentence."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class OrganizationUnknown(RegistryError):
    """There is no such organization."""


class NotFound(RegistryError):
    """There is no such trusted issuer or application in the organization, or nothing is stated in its metadata."""


class Busy(RegistryError):
    """Another registration of this organization is in progress."""


class StoreUnavailable(RegistryError):
    """The store failed."""


class RecordUnreadable(RegistryError):
    """The store holds a record that can't be read, and which is needed."""
