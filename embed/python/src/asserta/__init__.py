"""Exchanges a third party's JWT assertion for an OAuth 2.0 access token (RFC 7523), inside your process.

The rules run as a WebAssembly component that has no network and no files: it sees the store that you hand
over, the time, and random numbers. Start with :class:`Exchanger`; :class:`asserta.http.Endpoint` is a token endpoint.
"""

from ._documents import (
    ApplicationMetadata,
    ClaimCondition,
    IssuerRule,
    NegatedTest,
    TrustDocument,
    TrustedIssuer,
)
from ._reports import (
    JWT_BEARER,
    Application,
    Applied,
    ApplyReport,
    Check,
    Explanation,
    Introspection,
    IssuerWarning,
    NewApplication,
    Organization,
    Page,
    RegisteredIssuer,
    Revocation,
    SigningKey,
    SkippedKey,
    Unreadable,
)
from .errors import (
    AssertaError,
    BadSetting,
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
    Trapped,
)
from .exchanger import Exchanger
from .fetching import FetchFailed, KeyDocument, fetch_keys
from .records import AccessToken, OrganizationUrls, Replaced
from .stores import MemoryStore, SqliteStore, Store

__all__ = [
    "JWT_BEARER",
    "AccessToken",
    "Application",
    "ApplicationMetadata",
    "Applied",
    "ApplyReport",
    "AssertaError",
    "BadSetting",
    "Busy",
    "Check",
    "ClaimCondition",
    "Exchanger",
    "Explanation",
    "FetchFailed",
    "Introspection",
    "InvalidMember",
    "IssuerRule",
    "IssuerWarning",
    "KeyDocument",
    "KeysNeeded",
    "MemoryStore",
    "NegatedTest",
    "NewApplication",
    "NotFound",
    "Organization",
    "OrganizationUnknown",
    "OrganizationUrls",
    "Page",
    "RecordUnreadable",
    "Refused",
    "RegisteredIssuer",
    "RegistryError",
    "Replaced",
    "Revocation",
    "SigningKey",
    "SkippedKey",
    "SqliteStore",
    "Store",
    "StoreUnavailable",
    "Taken",
    "Trapped",
    "TrustDocument",
    "TrustedIssuer",
    "Unreadable",
    "fetch_keys",
]
