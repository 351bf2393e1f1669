//! The operations of the HTTP interface, in one table. `src/http/tests/http/openapi.rs` holds it against the routes.

/// A path with what can be done there.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) operations: &'static [Operation],
}

/// What a method does.
#[derive(Clone, Copy)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    /// Its name in generated clients.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// The names of query parameters, all of which stand among the components.
    pub(super) query: &'static [&'static str],
    /// The schema of the body.
    pub(super) body: Option<&'static str>,
    pub(super) answer: Answer,
    /// The statuses of success.
    pub(super) success: &'static [u16],
    /// Whether 201 names the address of what was made.
    pub(super) located: bool,
    /// Whether a name can be taken.
    pub(super) unique: bool,
    /// Whether it is of something with an entity tag, and has preconditions.
    pub(super) tagged: bool,
}

/// The body of a response.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    Nothing,
    /// A document of this schema.
    One(&'static str),
    /// A page of such documents.
    ListOf(&'static str),
}

impl Operation {
    const fn new(method: &'static str, id: &'static str, summary: &'static str, answer: Answer) -> Self {
        Self {
            method,
            id,
            summary,
            query: &[],
            body: None,
            answer,
            success: &[200],
            located: false,
            unique: false,
            tagged: false,
        }
    }

    const fn body(self, schema: &'static str) -> Self {
        Self { body: Some(schema), ..self }
    }

    const fn query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    const fn success(self, success: &'static [u16]) -> Self {
        Self { success, ..self }
    }

    const fn located(self) -> Self {
        Self { located: true, ..self }
    }

    const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    const fn tagged(self) -> Self {
        Self { tagged: true, ..self }
    }
}

const fn get(id: &'static str, summary: &'static str, schema: &'static str) -> Operation {
    Operation::new("get", id, summary, Answer::One(schema))
}

const fn list(id: &'static str, summary: &'static str, schema: &'static str) -> Operation {
    Operation::new("get", id, summary, Answer::ListOf(schema)).query(&["limit", "after"])
}

const fn post(id: &'static str, summary: &'static str, schema: &'static str) -> Operation {
    Operation::new("post", id, summary, Answer::One(schema))
}

// What can be put and removed has an entity tag.

const fn put(id: &'static str, summary: &'static str, schema: &'static str) -> Operation {
    Operation::new("put", id, summary, Answer::One(schema)).success(&[200, 201]).tagged()
}

const fn delete(id: &'static str, summary: &'static str) -> Operation {
    Operation::new("delete", id, summary, Answer::Nothing).success(&[204]).tagged()
}

/// The paths below `/admin`.
pub(super) const ADMIN: &[Route] =
    &[
        Route {
            path: "/organizations",
            operations: &[list("listOrganizations", "Organizations", "Organization")],
        },
        Route {
            path: "/organizations/{organization}",
            operations: &[
                get("getOrganization", "An organization and its URLs", "DescribedOrganization").tagged(),
                put("putOrganization", "Create or replace an organization", "Organization")
                    .body("OrganizationReplacement"),
            ],
        },
        Route {
            path: "/organizations/{organization}/metadata",
            operations: &[
                get("getStatedMetadata", "What is stated in the metadata", "StatedMetadata").tagged(),
                put("putStatedMetadata", "State it, in the place of what was", "StatedMetadata")
                    .body("StatedMetadata"),
                delete("deleteStatedMetadata", "Take it back"),
            ],
        },
        Route {
            path: "/organizations/{organization}/trusted-issuers",
            operations: &[
                list("listTrustedIssuers", "Trusted issuers", "TrustedIssuer"),
                post("createTrustedIssuer", "Register a trusted issuer", "RegisteredIssuer")
                    .body("TrustedIssuer")
                    .success(&[201])
                    .located()
                    .unique(),
            ],
        },
        Route {
            path: "/organizations/{organization}/trusted-issuers/{issuer}",
            operations: &[
                get("getTrustedIssuer", "A trusted issuer", "TrustedIssuer").tagged(),
                put("putTrustedIssuer", "Create or replace a trusted issuer", "RegisteredIssuer")
                    .body("TrustedIssuerReplacement")
                    .located()
                    .unique(),
                delete("deleteTrustedIssuer", "Remove a trusted issuer"),
            ],
        },
        Route {
            path: "/organizations/{organization}/trusted-issuers/{issuer}/keys",
            operations: &[get("getTrustedIssuerKeys", "An issuer's keys; nothing is fetched", "KeyReport")],
        },
        Route {
            path: "/organizations/{organization}/trusted-issuers/{issuer}/check",
            operations: &[post("checkTrustedIssuer", "An issuer's keys, fetched now", "KeyReport")],
        },
        Route {
            path: "/organizations/{organization}/applications",
            operations: &[
                list("listApplications", "Applications, without secrets", "RegisteredApplication"),
                post("createApplication", "Register an application", "RegisteredApplication")
                    .body("ApplicationMetadata")
                    .success(&[201])
                    .located()
                    .unique(),
            ],
        },
        Route {
            path: "/organizations/{organization}/applications/{client_id}",
            operations: &[
                get("getApplication", "An application", "RegisteredApplication").tagged(),
                put(
                    "putApplication",
                    "Replace an application; with credentials, create or replace it",
                    "RegisteredApplication",
                )
                .body("ApplicationReplacement")
                .located()
                .unique(),
                delete("deleteApplication", "Remove an application"),
            ],
        },
        Route {
            path: "/organizations/{organization}/applications/{client_id}/secret",
            operations: &[post(
                "renewApplicationSecret",
                "A new secret; the old one stops working",
                "RegisteredApplication",
            )],
        },
        Route {
            path: "/organizations/{organization}/keys",
            operations: &[get("listSigningKeys", "The keys that access tokens are signed with", "KeyList")],
        },
        Route {
            path: "/organizations/{organization}/keys/rotate",
            operations: &[post(
                "rotateSigningKeys",
                "Publish a new key, which signs after a while",
                "KeyList",
            )],
        },
        Route {
            path: "/organizations/{organization}/revocations",
            operations: &[
                list("listRevocations", "Revocations that still concern a token", "Revocation"),
                post("createRevocation", "Revoke all tokens of an issuer or an application", "Revocation")
                    .body("RevocationRequest")
                    .success(&[201]),
            ],
        },
        Route {
            path: "/organizations/{organization}/activity",
            operations: &[get("listActivity", "The last decisions, the newest first", "ActivityPage")
                .query(&["limit", "after", "outcome", "reason", "clientId", "trustedIssuer", "rule"])],
        },
        Route {
            path: "/organizations/{organization}/explain",
            operations: &[post("explain", "What an exchange would come to, check by check", "Explanation")
                .body("ExplainRequest")],
        },
        Route {
            path: "/apply",
            operations: &[post("apply", "Apply a document of registrations", "AppliedReport")
                .body("TrustDocument")
                .query(&["dryRun", "against"])
                .unique()],
        },
        Route { path: "/presets", operations: &[get("listPresets", "Presets", "PresetList")] },
        Route {
            path: "/presets/{preset}",
            operations: &[
                get("getPreset", "A preset", "Preset"),
                post("usePreset", "The trusted issuer that it makes; nothing is stored", "TrustedIssuer")
                    .body("PresetRequest"),
            ],
        },
        Route {
            path: "/schema.json",
            operations: &[get("getSchema", "The JSON Schema of registrations", "JsonSchema")],
        },
        Route { path: "/openapi.json", operations: &[get("getOpenApi", "This document", "OpenApi")] },
    ];

/// An endpoint where a client authenticates: `POST` with a form. Each organization but `default` has its own below
/// `/t/{organization}`.
pub(super) struct Endpoint {
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) form: &'static str,
    pub(super) answer: &'static str,
}

pub(super) const ENDPOINTS: [Endpoint; 3] = [
    Endpoint {
        path: "/oauth2/token",
        id: "token",
        summary: "Exchange an assertion or a token for an access token (RFC 7523, RFC 8693)",
        form: "TokenRequest",
        answer: "TokenResponse",
    },
    Endpoint {
        path: "/oauth2/introspect",
        id: "introspect",
        summary: "Whether an access token is active (RFC 7662)",
        form: "TokenQuestion",
        answer: "Introspection",
    },
    Endpoint {
        path: "/oauth2/revoke",
        id: "revoke",
        summary: "Take an access token back (RFC 7009)",
        form: "TokenQuestion",
        answer: "Revoked",
    },
];

/// A document that is public: path, name, summary and schema.
pub(super) const DOCUMENTS: [(&str, &str, &str, &str); 7] = [
    ("/oauth2/jwks", "getJwks", JWKS, "JwkSet"),
    ("/t/{organization}/oauth2/jwks", "getJwksOfOrganization", JWKS, "JwkSet"),
    ("/.well-known/oauth-authorization-server", "getMetadata", METADATA, "Metadata"),
    (
        "/.well-known/oauth-authorization-server/t/{organization}",
        "getMetadataOfOrganization",
        METADATA,
        "Metadata",
    ),
    (
        "/t/{organization}/.well-known/oauth-authorization-server",
        "getMetadataBelowOrganization",
        METADATA,
        "Metadata",
    ),
    ("/.well-known/openid-configuration", "getOpenIdConfiguration", METADATA, "Metadata"),
    (
        "/t/{organization}/.well-known/openid-configuration",
        "getOpenIdConfigurationOfOrganization",
        METADATA,
        "Metadata",
    ),
];

const JWKS: &str = "The public keys of access tokens (RFC 7517)";
const METADATA: &str = "The authorization server's metadata (RFC 8414)";
