"""The exchanger: the component with its store, its fetcher and its budget."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

from wasmtime.component import Record, Variant

from . import _convert as convert
from ._component import Instance, log
from .errors import InvalidMember, KeysNeeded, RegistryError, Refused, Trapped
from .fetching import SIZE_LIMIT, FetchFailed, KeyDocument, fetch_keys
from .records import (
    AccessToken,
    Application,
    ApplicationMetadata,
    ApplyReport,
    Check,
    Explanation,
    NewApplication,
    Organization,
    OrganizationUrls,
    SigningAlgorithm,
    SigningKey,
    TrustedIssuer,
)
from .stores import MemoryStore, Store

_SWEEP_EVERY = 60.0
_MAX_FETCHES = 2
"""For one exchange."""
_KEYS_ARE_MISSING = ("keys-unavailable", "key-unknown")
_Unset = object()


class Exchanger:
    """Exchanges assertions for access tokens, over one store. Safe for threads: calls take turns."""

    def __init__(
        self,
        public_url: str,
        store: Store | None = None,
        *,
        access_token_algorithm: SigningAlgorithm = "ES256",
        dev: bool = False,
        fetch: Callable[[str], KeyDocument] | None | Any = _Unset,
        clock: Callable[[], float] = time.time,
        fuel: int | None = None,
        memory: int = 64 * 1024 * 1024,
        host_signatures: bool = False,
    ) -> None:
        """Starts the component.

        ``public_url`` is the URL under which we are known: the issuer of our tokens. ``store`` keeps
        registrations, keys and used assertions (None: memory). ``dev`` allows ``http`` JWKS endpoints on
        loopback. ``fetch`` gets the JWKS documents; any exception of it means that the keys can't be had (None:
        :class:`KeysNeeded` is raised instead). ``fuel`` bounds the work of one call in WebAssembly instructions,
        ``memory`` the component's memory in bytes. ``host_signatures`` leaves the arithmetic of signatures to the package ``cryptography``, outside of the
        sandbox: faster, for those who trust it. Our private keys pass through it.
        """
        self._settings = convert.record(
            public_url=convert.text("public_url", public_url),
            access_token_algorithm=convert.signing_algorithm("access_token_algorithm", access_token_algorithm),
            dev=convert.flag("dev", dev),
        )
        self._store = MemoryStore() if store is None else store
        self._fetch = (lambda uri: fetch_keys(uri, dev=dev)) if fetch is _Unset else fetch
        self._clock = clock
        self._fuel = fuel
        self._memory = memory
        self._host_signatures = convert.flag("host_signatures", host_signatures)
        self._lock = threading.RLock()
        self._instance: Instance | None = None
        self._fetches: dict[tuple[str, str, str], Future[Exception | None]] = {}
        self._next_sweep = time.monotonic() + _SWEEP_EVERY
        self.trusted_issuers = TrustedIssuers(self)
        """The third parties whose assertions are accepted."""
        self.applications = Applications(self)
        """The applications that may present assertions."""
        self.organizations = Organizations(self)
        """The tenants; ``default`` always exists."""
        self.keys = Keys(self)
        """Our own keys."""
        with self._lock:
            self._running()

    def exchange(
        self,
        assertion: str,
        client_id: str,
        client_secret: str,
        *,
        organization: str = "default",
        scope: str | None = None,
        resource: str | None = None,
    ) -> AccessToken:
        """Exchanges an assertion for an access token, or raises :class:`Refused`."""
        arguments = (
            convert.text("organization", organization),
            convert.text("assertion", assertion),
            convert.record(
                client_id=convert.text("client_id", client_id),
                client_secret=convert.text("client_secret", client_secret),
            ),
            convert.record(
                scope=convert.optional(convert.text, "scope", scope),
                resource=convert.optional(convert.text, "resource", resource),
            ),
        )
        # Twice, since the half minute in which keys are asked for once may end in between.
        failure = None
        for _ in range(_MAX_FETCHES):
            result = self._raw("exchange", "exchange", *arguments)
            if not (isinstance(result, Variant) and result.tag == "keys-needed" and self._fetch):
                break
            failure = self._supply(organization, result.payload)
        else:
            result = self._raw("exchange", "exchange", *arguments)
        if isinstance(result, Variant):
            error = self._exchange_error(result)
            raise error from failure if getattr(error, "reason", None) in _KEYS_ARE_MISSING else None
        self._sweep_if_due()
        return AccessToken(**convert.plain(AccessToken, result))

    def _exchange_error(self, result: Variant) -> Exception:
        error = convert.exchange_error(result)
        if isinstance(error, KeysNeeded) and self._fetch:
            return Refused("temporarily_unavailable", "keys-unavailable", "The issuer's keys can not be obtained.")
        return error

    def _supply(self, organization: str, needed: Record) -> Exception | None:
        """Fetches a JWKS document and hands it over, or says why not. Threads that need the same one meanwhile share
        the fetch."""
        name, uri = convert.member(needed, "trusted_issuer"), needed.uri
        mine: Future[Exception | None] = Future()
        under_way = self._fetches.setdefault((organization, name, uri), mine)
        if under_way is not mine:
            return under_way.result()
        failure = None
        try:
            failure = self._fetch_and_supply(organization, name, uri)
        finally:
            del self._fetches[(organization, name, uri)]
            mine.set_result(failure)
        return failure

    def _fetch_and_supply(self, organization: str, name: str, uri: str) -> Exception | None:
        """Outside the lock, so that other threads go on exchanging."""
        try:
            self._supply_document(organization, name, self._fetch(uri))
            return None
        except Exception as error:  # whatever it is, the keys can't be had; an interrupt is none and goes on
            failure = error
        log.warning("no keys of the trusted issuer %s: %s", name, _told(failure))
        try:
            self.trusted_issuers.report_keys_unavailable(name, organization=organization)
        except (RegistryError, Trapped) as error:
            log.warning("the trusted issuer %s: %s", name, error)
        return failure

    def _supply_document(self, organization: str, name: str, document: Any) -> None:
        if not isinstance(document, KeyDocument):
            raise FetchFailed(f"the fetcher returned {type(document).__name__}, not KeyDocument")
        self.trusted_issuers.supply_keys(name, document, organization=organization)

    def explain(
        self, assertion: str, client_id: str | None = None, *, organization: str = "default"
    ) -> Explanation:
        """Looks into an assertion as an exchange would. Nothing is consumed."""
        result = self._call(
            "exchange",
            "explain",
            convert.text("organization", organization),
            convert.text("assertion", assertion),
            convert.optional(convert.text, "client_id", client_id),
        )
        checks = tuple(Check(**convert.plain(Check, check)) for check in result.checks)
        return Explanation(accepted=result.accepted, checks=checks)

    def apply(self, document: str) -> ApplyReport:
        """Brings all registrations to what one JSON document says; doing it again changes nothing."""
        result = self._call("configuration", "apply", convert.text("document", document))
        return ApplyReport(**convert.plain(ApplyReport, result))

    def sweep(self) -> int:
        """Forgets used assertions that have expired. Exchanges do it by themselves once a minute."""
        return self._call("exchange", "sweep")

    def _sweep_if_due(self) -> None:
        if time.monotonic() < self._next_sweep:
            return
        self._next_sweep = time.monotonic() + _SWEEP_EVERY
        try:
            self.sweep()
        except (RegistryError, Trapped) as error:
            log.warning("expired assertions were not swept: %s", error)

    def _running(self) -> Instance:
        if self._instance is None:
            instance = Instance(
                self._store, self._clock, self._settings, self._fuel, self._memory, self._host_signatures
            )
            if instance.configured is not None:
                raise convert.invalid_member(instance.configured)
            self._instance = instance
        return self._instance

    def _raw(self, interface: str, name: str, *arguments: Any) -> Any:
        with self._lock:
            try:
                return self._running().call(interface, name, *arguments)
            except BaseException:
                # A trap, or an interrupt in the middle of a call: nobody can tell what state it is in.
                self._instance = None
                raise

    def _call(self, interface: str, name: str, *arguments: Any) -> Any:
        """Calls a function whose error is a registry-error."""
        result = self._raw(interface, name, *arguments)
        if isinstance(result, Variant):
            raise convert.registry_error(result)
        return result


def _told(error: Exception) -> str:
    """An exception in one line of the log."""
    try:
        text = str(error) if isinstance(error, (FetchFailed, InvalidMember)) else f"{type(error).__name__}: {error}"
        if error.__cause__ is not None:
            text += f" ({error.__cause__})"
    except Exception:  # it can't say what it is
        text = type(error).__name__
    return " ".join(text.split())[:300]


class _Interface:
    """Functions on one kind of thing."""

    _name: str

    def __init__(self, exchanger: Exchanger) -> None:
        self._exchanger = exchanger

    def _call(self, function: str, *arguments: Any) -> Any:
        return self._exchanger._call(self._name, function, *arguments)

    def _pages(self, *arguments: Any) -> Iterator[Record]:
        after = None
        while True:
            listing = self._call("list", *arguments, convert.page(after))
            yield from listing.items
            after = listing.next
            if after is None:
                return


class TrustedIssuers(_Interface):
    """The third parties whose assertions an organization accepts."""

    _name = "trusted-issuers"

    def register(self, issuer: TrustedIssuer, *, organization: str = "default") -> None:
        """Registers a new trusted issuer."""
        self._call("register", convert.text("organization", organization), convert.trusted_issuer(issuer))

    def replace(self, issuer: TrustedIssuer, *, organization: str = "default") -> bool:
        """Registers it, or replaces the one of the same name. True: it is new."""
        return self._call("replace", convert.text("organization", organization), convert.trusted_issuer(issuer))

    def get(self, name: str, *, organization: str = "default") -> TrustedIssuer:
        """The trusted issuer of this name."""
        found = self._call("get", convert.text("organization", organization), convert.text("name", name))
        return convert.from_trusted_issuer(found)

    def list(self, *, organization: str = "default") -> Iterator[TrustedIssuer]:
        """The organization's trusted issuers, by name."""
        return map(convert.from_trusted_issuer, self._pages(convert.text("organization", organization)))

    def remove(self, name: str, *, organization: str = "default") -> None:
        """Removes a trusted issuer: its assertions are refused from now on."""
        self._call("remove", convert.text("organization", organization), convert.text("name", name))

    def supply_keys(self, name: str, document: KeyDocument, *, organization: str = "default") -> int:
        """Hands over the JWKS document of an issuer, and says how many of its keys are usable."""
        return self._call(
            "supply-keys",
            convert.text("organization", organization),
            convert.text("name", name),
            convert.bounded_text("document", document.text, SIZE_LIMIT),
            convert.optional(convert.number, "max_age", document.max_age, 64),
        )

    def report_keys_unavailable(self, name: str, *, organization: str = "default") -> None:
        """Says that the JWKS document that was asked for can't be had."""
        self._call(
            "report-keys-unavailable", convert.text("organization", organization), convert.text("name", name)
        )


class Applications(_Interface):
    """The applications (OAuth clients) that may present assertions."""

    _name = "applications"

    def register(self, metadata: ApplicationMetadata, *, organization: str = "default") -> NewApplication:
        """Registers an application. Its secret is shown here only."""
        new = self._call(
            "register", convert.text("organization", organization), convert.application_metadata(metadata)
        )
        return convert.from_new_application(new)

    def replace(
        self, client_id: str, metadata: ApplicationMetadata, *, organization: str = "default"
    ) -> Application:
        """Replaces what an application may do. Its secret stays."""
        replaced = self._call(
            "replace",
            convert.text("organization", organization),
            convert.text("client_id", client_id),
            convert.application_metadata(metadata),
        )
        return convert.from_application(replaced)

    def renew_secret(self, client_id: str, *, organization: str = "default") -> NewApplication:
        """Gives an application a new secret. The old one stops working."""
        new = self._call(
            "renew-secret", convert.text("organization", organization), convert.text("client_id", client_id)
        )
        return convert.from_new_application(new)

    def get(self, client_id: str, *, organization: str = "default") -> Application:
        """The application with this identifier."""
        found = self._call(
            "get", convert.text("organization", organization), convert.text("client_id", client_id)
        )
        return convert.from_application(found)

    def list(self, *, organization: str = "default") -> Iterator[Application]:
        """The organization's applications, by identifier."""
        return map(convert.from_application, self._pages(convert.text("organization", organization)))

    def remove(self, client_id: str, *, organization: str = "default") -> None:
        """Removes an application."""
        self._call("remove", convert.text("organization", organization), convert.text("client_id", client_id))


class Organizations(_Interface):
    """Tenants with their own issuers, applications and keys."""

    _name = "organizations"

    def replace(self, organization: Organization) -> bool:
        """Registers it, or replaces its display name. True: it is new."""
        return self._call(
            "replace",
            convert.record(
                name=convert.text("name", organization.name),
                display_name=convert.optional(convert.text, "display_name", organization.display_name),
            ),
        )

    def get(self, name: str) -> Organization:
        """The organization of this name."""
        return Organization(**convert.plain(Organization, self._call("get", convert.text("name", name))))

    def list(self) -> Iterator[Organization]:
        """The registered organizations, by name."""
        return (Organization(**convert.plain(Organization, item)) for item in self._pages())

    def urls(self, name: str = "default") -> OrganizationUrls:
        """The URLs that stand for an organization in assertions and tokens."""
        return OrganizationUrls(**convert.plain(OrganizationUrls, self._call("urls", convert.text("name", name))))


class Keys(_Interface):
    """Our own keys, which sign access tokens."""

    _name = "keys"

    def jwks(self, *, organization: str = "default") -> str:
        """The public keys as a JWK set, as JSON text."""
        return self._call("jwks", convert.text("organization", organization))

    def list(self, *, organization: str = "default") -> Sequence[SigningKey]:
        """The keys, oldest first."""
        return [convert.from_signing_key(key) for key in self._call("list", convert.text("organization", organization))]

    def rotate(self, *, organization: str = "default") -> Sequence[SigningKey]:
        """Adds a key, which signs in ten minutes, and answers all."""
        return [convert.from_signing_key(key) for key in self._call("rotate", convert.text("organization", organization))]
