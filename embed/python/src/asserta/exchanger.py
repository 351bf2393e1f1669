"""The exchanger: the component with its store, its fetcher and its budget."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from wasmtime.component import Record, Variant

from . import _convert as convert
from ._component import Instance, log
from ._documents import ApplicationMetadata, StatedMetadata, TrustDocument, TrustedIssuer
from ._reports import (
    Application,
    ApplyReport,
    ClientAssertionType,
    Explanation,
    Introspection,
    NewApplication,
    Organization,
    Page,
    RegisteredIssuer,
    Revocation,
    SigningAlgorithm,
    SigningKey,
)
from .errors import InvalidMember, KeysNeeded, RegistryError, Refused, Trapped
from .fetching import KeyDocument, fetch_keys
from .records import JWT, AccessToken, OrganizationUrls, Replaced
from .stores import MemoryStore, Store

_SWEEP_EVERY = 60.0
_MAX_FETCHES = 8
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
        dpop_nonce: bool = False,
        fetch: Callable[[str], KeyDocument] | None | Any = _Unset,
        clock: Callable[[], float] = time.time,
        fuel: int | None = None,
        memory: int = 64 * 1024 * 1024,
        host_signatures: bool = False,
    ) -> None:
        """Starts the component.

        ``public_url`` is the URL under which we are known: the issuer of our tokens. ``store`` keeps
        registrations, keys and used assertions (None: memory). ``dev`` allows ``http`` JWKS endpoints on
        loopback. ``dpop_nonce`` makes DPoP proofs need a nonce (RFC 9449 section 8). ``fetch`` gets the JWKS documents; any exception of it means that the keys can't be had (None:
        :class:`KeysNeeded` is raised instead). ``fuel`` bounds the work of one call in WebAssembly instructions,
        ``memory`` the component's memory in bytes. ``host_signatures`` leaves the arithmetic of signatures to the package ``cryptography``, outside of the
        sandbox: faster, for those who trust it. Our private keys pass through it.
        """
        self._settings = convert.record(
            public_url=convert.text("public_url", public_url),
            access_token_algorithm=convert.text("access_token_algorithm", access_token_algorithm),
            dev=convert.flag("dev", dev),
            dpop_nonce=convert.flag("dpop_nonce", dpop_nonce),
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
        """The organizations; ``default`` always exists."""
        self.keys = Keys(self)
        """Our own keys."""
        self.revocations = Revocations(self)
        """What an administrator has revoked."""
        with self._lock:
            self._running()

    def exchange(
        self,
        assertion: str,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        client_assertion: str | None = None,
        client_assertion_type: ClientAssertionType = "jwt-bearer",
        organization: str = "default",
        scope: str | None = None,
        resource: str | Sequence[str] = (),
        dpop_proof: str | None = None,
        dpop_url: str | None = None,
    ) -> AccessToken:
        """Exchanges an assertion for an access token, or raises :class:`Refused`.

        ``client_assertion`` is a JWT that the application's key signs, in place of a secret (RFC 7523 section 2.2). It
        works once. ``client_id`` may be left out then, unless a trusted issuer vouches for the application.
        ``client_assertion_type`` is what the client says it is: ``jwt-spiffe`` is a JWT-SVID, which may lack ``iss`` and
        ``jti``, and without ``jti`` works until it expires (draft-ietf-oauth-spiffe-client-auth).

        Without ``client_secret`` and ``client_assertion`` nobody authenticates: it works only under a rule of the issuer
        with ``client: "none"``, whose ``client_id`` may be given.

        ``scope`` asks for scopes, separated by single spaces (None: all that may be granted), ``resource`` for what the
        token is to be for: one, or up to eight (RFC 8707).

        ``dpop_proof`` is the value of the header ``DPoP`` in the client's request, if it has one: the token is bound to its
        key then (RFC 9449). ``dpop_url`` is where that request went, which the proof must name (None: our token endpoint).
        """
        credentials = convert.credentials(client_id, client_secret, client_assertion, client_assertion_type)
        options = convert.options(scope, resource, dpop_proof, dpop_url)
        return self._exchange(organization, convert.jwt_bearer(assertion), credentials, options)

    def exchange_token(
        self,
        subject_token: str,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        subject_token_type: str = JWT,
        actor_token: str | None = None,
        actor_token_type: str = JWT,
        requested_token_type: str | None = None,
        client_assertion: str | None = None,
        client_assertion_type: ClientAssertionType = "jwt-bearer",
        organization: str = "default",
        scope: str | None = None,
        resource: str | Sequence[str] = (),
        audience: str | Sequence[str] = (),
        dpop_proof: str | None = None,
        dpop_url: str | None = None,
    ) -> AccessToken:
        """Exchanges a token of another issuer for an access token (RFC 8693), or raises :class:`Refused`.

        The issuer is registered with ``token_exchange``, the application with the grant, and the token must be meant for it.
        ``actor_token`` names who acts for the subject. The types are :data:`JWT`, :data:`ID_TOKEN` and, of issuers that are
        registered with the ``typ`` ``at+jwt``, :data:`ACCESS_TOKEN`. ``requested_token_type`` is what the client wants: None or
        :data:`ACCESS_TOKEN`, and anything else is refused. ``audience`` asks for what the token is to be for, like
        ``resource`` and together with it. The rest is as in :meth:`exchange`, but that there is always a client.
        """
        credentials = convert.credentials(client_id, client_secret, client_assertion, client_assertion_type)
        grant = convert.token_exchange(
            subject_token, subject_token_type, actor_token, actor_token_type, requested_token_type, audience
        )
        options = convert.options(scope, resource, dpop_proof, dpop_url)
        return self._exchange(organization, grant, credentials, options)

    def _exchange(
        self, organization: str, grant: str | Record, credentials: Variant, options: Record
    ) -> AccessToken:
        arguments = (convert.text("organization", organization), grant, credentials, options)
        result = self._with_keys("exchange", "exchange", organization, *arguments)
        self._sweep_if_due()
        return AccessToken(**convert.plain(AccessToken, result))

    def introspect(
        self,
        token: str,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        client_assertion: str | None = None,
        client_assertion_type: ClientAssertionType = "jwt-bearer",
        organization: str = "default",
    ) -> Introspection:
        """Says whether a token is active (RFC 7662), or raises :class:`Refused` where the application does not authenticate.

        What the token says is told to the application that got it, and to one that has an ``audience`` of the token among
        its own. To others no token is active.
        """
        credentials = convert.credentials(client_id, client_secret, client_assertion, client_assertion_type)
        return json.loads(self._of_token("introspect", organization, token, credentials))

    def revoke(
        self,
        token: str,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        client_assertion: str | None = None,
        client_assertion_type: ClientAssertionType = "jwt-bearer",
        organization: str = "default",
    ) -> None:
        """Revokes a token of the application (RFC 7009), at once in every instance that shares the store.

        There is nothing to do about a text that is no valid token, and that is no error. The token of another application
        raises :class:`Refused`.
        """
        credentials = convert.credentials(client_id, client_secret, client_assertion, client_assertion_type)
        self._of_token("revoke", organization, token, credentials)

    def _of_token(self, function: str, organization: str, token: str, credentials: Variant) -> Any:
        arguments = convert.text("organization", organization), convert.text("token", token), credentials
        return self._with_keys("tokens", function, organization, *arguments)

    def _with_keys(self, interface: str, function: str, organization: str, *arguments: Any) -> Any:
        """Calls a function whose error is an exchange-error, with the keys that it needs."""
        # The metadata of an issuer at two places, and its keys; once more, since the half minute in which each is asked for
        # once may end in between; and as many for who vouches for the client.
        failure = None
        for _ in range(_MAX_FETCHES):
            result = self._raw(interface, function, *arguments)
            if not (isinstance(result, Variant) and result.tag == "keys-needed" and self._fetch):
                break
            failure = self._supply(convert.exchange_error(result, organization))
        else:
            result = self._raw(interface, function, *arguments)
        if isinstance(result, Variant):
            error = self._exchange_error(result, organization)
            raise error from failure if getattr(error, "reason", None) in _KEYS_ARE_MISSING else None
        return result

    def _exchange_error(self, result: Variant, organization: str) -> Exception:
        error = convert.exchange_error(result, organization)
        if isinstance(error, KeysNeeded) and self._fetch:
            sentence = "The keys that are needed can not be obtained at the moment."
            return Refused("temporarily_unavailable", "keys-unavailable", sentence)
        return error

    def supply_keys(self, needed: KeysNeeded, document: KeyDocument) -> int:
        """Hands over the document that :class:`KeysNeeded` asked for, and says how many of its keys are usable."""
        owner = convert.keys_needed(needed)
        organization = convert.text("organization", needed.organization)
        return self._call("exchange", "supply-keys", organization, owner, *convert.key_document(document))

    def report_keys_unavailable(self, needed: KeysNeeded, cause: str | None = None) -> None:
        """Says that the document that was asked for can't be had, and why: :meth:`explain` repeats the cause."""
        owner = convert.keys_needed(needed)
        organization = convert.text("organization", needed.organization)
        told = convert.optional(convert.line, "cause", cause)
        self._call("exchange", "report-keys-unavailable", organization, owner, told)

    def _supply(self, needed: KeysNeeded) -> Exception | None:
        """Fetches a document and hands it over, or says why not. Threads that need the same one meanwhile share the
        fetch."""
        key = (needed.organization, needed.owner, needed.uri)
        mine: Future[Exception | None] = Future()
        under_way = self._fetches.setdefault(key, mine)
        if under_way is not mine:
            return under_way.result()
        failure = None
        try:
            failure = self._fetch_and_supply(needed)
        finally:
            del self._fetches[key]
            mine.set_result(failure)
        return failure

    def _fetch_and_supply(self, needed: KeysNeeded) -> Exception | None:
        """Outside the lock, so that other threads go on exchanging."""
        try:
            self.supply_keys(needed, self._fetch(needed.uri))
            return None
        except Exception as error:  # whatever it is, the keys can't be had; an interrupt is none and goes on
            failure = error
        cause = convert.told(failure)
        log.warning("no keys of %s: %s", needed.owner, cause)
        try:
            self.report_keys_unavailable(needed, cause)
        except (RegistryError, Trapped) as error:
            log.warning("%s: %s", needed.owner, error)
        return failure

    def explain(
        self,
        assertion: str,
        client_id: str | None = None,
        *,
        organization: str = "default",
        scope: str | None = None,
        resource: str | Sequence[str] = (),
        dpop_proof: str | None = None,
        dpop_url: str | None = None,
    ) -> Explanation:
        """Looks into an assertion, and into what is asked for with it, as :meth:`exchange` would. Nothing is consumed."""
        return self._document(
            "exchange",
            "explain-request",
            convert.text("organization", organization),
            convert.jwt_bearer(assertion),
            convert.optional(convert.text, "client_id", client_id),
            convert.options(scope, resource, dpop_proof, dpop_url),
        )

    def explain_token(
        self,
        subject_token: str,
        client_id: str,
        *,
        subject_token_type: str = JWT,
        actor_token: str | None = None,
        actor_token_type: str = JWT,
        requested_token_type: str | None = None,
        organization: str = "default",
        scope: str | None = None,
        resource: str | Sequence[str] = (),
        audience: str | Sequence[str] = (),
        dpop_proof: str | None = None,
        dpop_url: str | None = None,
    ) -> Explanation:
        """Looks into a subject token, and into what comes with it, as :meth:`exchange_token` would. Nothing is consumed."""
        return self._document(
            "exchange",
            "explain-request",
            convert.text("organization", organization),
            convert.token_exchange(
                subject_token, subject_token_type, actor_token, actor_token_type, requested_token_type, audience
            ),
            convert.text("client_id", client_id),
            convert.options(scope, resource, dpop_proof, dpop_url),
        )

    def explain_client(
        self,
        client_assertion: str,
        client_id: str | None = None,
        *,
        client_assertion_type: ClientAssertionType = "jwt-bearer",
        organization: str = "default",
    ) -> Explanation:
        """Looks into a JWT of a client as an exchange would. Nothing is consumed."""
        is_svid = convert.is_jwt_svid(client_assertion_type)
        return self._document(
            "exchange",
            "explain-jwt-svid" if is_svid else "explain-client",
            convert.text("organization", organization),
            convert.text("client_assertion", client_assertion),
            convert.optional(convert.text, "client_id", client_id),
        )

    def apply(self, document: TrustDocument | Mapping[str, Any] | str, *, dry_run: bool = False) -> ApplyReport:
        """Brings all registrations to what one document says; doing it again changes nothing. ``dry_run`` stores nothing."""
        return self._document("configuration", "apply", convert.document(document), convert.flag("dry_run", dry_run))

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
                "exchanger", self._store, self._clock, self._fuel, self._memory, self._host_signatures
            )
            invalid = instance.call("configuration", "configure", self._settings)
            if invalid is not None:
                raise convert.invalid_member(invalid)
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

    def _document(self, interface: str, name: str, *arguments: Any) -> Any:
        """Calls a function that returns a document."""
        return json.loads(self._call(interface, name, *arguments))


class _Interface:
    """Functions on one kind of thing."""

    _name: str
    _list = "list"

    def __init__(self, exchanger: Exchanger) -> None:
        self._exchanger = exchanger

    def _call(self, function: str, *arguments: Any) -> Any:
        return self._exchanger._call(self._name, function, *arguments)

    def _document(self, function: str, *arguments: Any) -> Any:
        return self._exchanger._document(self._name, function, *arguments)

    def _replace(self, *arguments: Any) -> Replaced[Any]:
        return self._replaced("replace", *arguments)

    def _replaced(self, function: str, *arguments: Any) -> Replaced[Any]:
        replaced = self._call(function, *arguments)
        return Replaced(created=replaced.created, document=json.loads(replaced.document))

    def _page(self, arguments: tuple[Any, ...], after: str | None, limit: int) -> Page:
        page = convert.record(
            limit=convert.number("limit", limit), after=convert.optional(convert.text, "after", after)
        )
        return self._document(self._list, *arguments, page)

    def _pages(self, *arguments: Any) -> Iterator[Any]:
        after = None
        while True:
            page = self._page(arguments, after, 100)
            for unreadable in page.get("unreadable", ()):
                log.warning("%s %s: its record %s", self._name, unreadable["name"], unreadable["problem"])
            yield from page["items"]
            after = page["next"]
            if after is None:
                return


class TrustedIssuers(_Interface):
    """The third parties whose assertions an organization accepts."""

    _name = "trusted-issuers"

    def register(
        self, issuer: TrustedIssuer | Mapping[str, Any] | str, *, organization: str = "default"
    ) -> RegisteredIssuer:
        """Registers a new trusted issuer."""
        return self._document("register", convert.text("organization", organization), convert.document(issuer))

    def replace(
        self, issuer: TrustedIssuer | Mapping[str, Any] | str, *, organization: str = "default"
    ) -> Replaced[RegisteredIssuer]:
        """Registers it, or replaces the one of the same name."""
        return self._replace(convert.text("organization", organization), convert.document(issuer))

    def get(self, name: str, *, organization: str = "default") -> TrustedIssuer:
        """The trusted issuer of this name."""
        return self._document("get", convert.text("organization", organization), convert.text("name", name))

    def list(self, *, organization: str = "default") -> Iterator[TrustedIssuer]:
        """The organization's trusted issuers, by name. What can't be read is logged, and left out."""
        return self._pages(convert.text("organization", organization))

    def page(self, after: str | None = None, *, limit: int = 100, organization: str = "default") -> Page:
        """A part of the list, with what can't be read."""
        return self._page((convert.text("organization", organization),), after, limit)

    def remove(self, name: str, *, organization: str = "default") -> None:
        """Removes a trusted issuer: its assertions are refused from now on."""
        self._call("remove", convert.text("organization", organization), convert.text("name", name))


class Applications(_Interface):
    """The applications (OAuth clients) that may present assertions."""

    _name = "applications"

    def register(
        self, metadata: ApplicationMetadata | Mapping[str, Any] | str, *, organization: str = "default"
    ) -> NewApplication:
        """Registers an application. Its secret is shown here only."""
        return self._document("register", convert.text("organization", organization), convert.document(metadata))

    def replace(
        self, application: Application | Mapping[str, Any] | str, *, organization: str = "default"
    ) -> Replaced[Application]:
        """Replaces what the application of this ``client_id`` may do.

        Its secret stays, unless the document brings another one as ``client_secret`` or ``client_secret_sha256``; then
        an application that does not exist is registered.
        """
        return self._replace(convert.text("organization", organization), convert.document(application))

    def renew_secret(self, client_id: str, *, organization: str = "default") -> NewApplication:
        """Gives an application a new secret. The old one stops working."""
        return self._document(
            "renew-secret", convert.text("organization", organization), convert.text("client_id", client_id)
        )

    def get(self, client_id: str, *, organization: str = "default") -> Application:
        """The application with this identifier."""
        return self._document(
            "get", convert.text("organization", organization), convert.text("client_id", client_id)
        )

    def list(self, *, organization: str = "default") -> Iterator[Application]:
        """The organization's applications, by identifier. What can't be read is logged, and left out."""
        return self._pages(convert.text("organization", organization))

    def page(self, after: str | None = None, *, limit: int = 100, organization: str = "default") -> Page:
        """A part of the list, with what can't be read."""
        return self._page((convert.text("organization", organization),), after, limit)

    def remove(self, client_id: str, *, organization: str = "default") -> None:
        """Removes an application."""
        self._call("remove", convert.text("organization", organization), convert.text("client_id", client_id))


class Organizations(_Interface):
    """Organizations, each with issuers, applications and keys of its own."""

    _name = "organizations"

    def replace(self, organization: Organization | Mapping[str, Any] | str) -> Replaced[Organization]:
        """Registers it, or replaces the one of the same name."""
        return self._replace(convert.document(organization))

    def get(self, name: str) -> Organization:
        """The organization of this name."""
        return self._document("get", convert.text("name", name))

    def list(self) -> Iterator[Organization]:
        """The registered organizations, by name. What can't be read is logged, and left out."""
        return self._pages()

    def page(self, after: str | None = None, *, limit: int = 100) -> Page:
        """A part of the list, with what can't be read."""
        return self._page((), after, limit)

    def replace_metadata(
        self, metadata: StatedMetadata | Mapping[str, Any] | str, name: str = "default"
    ) -> Replaced[StatedMetadata]:
        """States members of the metadata that is served for it, in the place of what was stated before."""
        return self._replaced("replace-metadata", convert.text("name", name), convert.document(metadata))

    def get_metadata(self, name: str = "default") -> StatedMetadata:
        """What is stated in its metadata. :class:`~asserta.NotFound`: nothing is."""
        return self._document("get-metadata", convert.text("name", name))

    def remove_metadata(self, name: str = "default") -> None:
        """Takes back what is stated in its metadata."""
        self._call("remove-metadata", convert.text("name", name))

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
        return self._document("list", convert.text("organization", organization))["items"]

    def rotate(self, *, organization: str = "default") -> Sequence[SigningKey]:
        """Adds a key, which signs in ten minutes, and returns all."""
        return self._document("rotate", convert.text("organization", organization))["items"]


class Revocations(_Interface):
    """All tokens that a trusted issuer or an application got before a time."""

    _name = "tokens"
    _list = "list-revocations"

    def add(self, revocation: Mapping[str, Any] | str, *, organization: str = "default") -> Revocation:
        """Revokes them: ``{"trusted_issuer": …}`` or ``{"client_id": …}``, and ``"issued_before"``, without which it is now.

        It can't be taken back: an earlier time changes nothing.
        """
        return self._document("revoke-all", convert.text("organization", organization), convert.document(revocation))

    def list(self, *, organization: str = "default") -> Iterator[Revocation]:
        """The revocations that have not expired. What can't be read is logged, and left out."""
        return self._pages(convert.text("organization", organization))

    def page(self, after: str | None = None, *, limit: int = 100, organization: str = "default") -> Page:
        """A part of the list, with what can't be read."""
        return self._page((convert.text("organization", organization),), after, limit)
