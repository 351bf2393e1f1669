"""Exchanges a third party's JWT assertion for an OAuth 2.0 access token (RFC 7523), inside your process.

The rules run as a WebAssembly component that has no network and no files: it sees the store that you hand
over, the time, and random numbers. Start with :class:`Exchanger`.
"""

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
    Trapped,
)
from .exchanger import Exchanger
from .fetching import FetchFailed, KeyDocument, fetch_keys
from .records import (
    JWT_BEARER,
    AccessToken,
    Application,
    ApplicationMetadata,
    ApplyReport,
    Check,
    ClaimCondition,
    Explanation,
    NewApplication,
    Organization,
    OrganizationUrls,
    SigningKey,
    TrustedIssuer,
)
from .stores import MemoryStore, SqliteStore, Store

__all__ = [
    "JWT_BEARER",
    "AccessToken",
    "Application",
    "ApplicationMetadata",
    "ApplyReport",
    "AssertaError",
    "Busy",
    "Check",
    "ClaimCondition",
    "Exchanger",
    "Explanation",
    "FetchFailed",
    "InvalidMember",
    "IssuerTaken",
    "KeyDocument",
    "KeysNeeded",
    "MemoryStore",
    "NameTaken",
    "NewApplication",
    "NotFound",
    "Organization",
    "OrganizationUnknown",
    "OrganizationUrls",
    "Refused",
    "RegistryError",
    "SigningKey",
    "SqliteStore",
    "Store",
    "StoreUnavailable",
    "Trapped",
    "TrustedIssuer",
    "fetch_keys",
]
