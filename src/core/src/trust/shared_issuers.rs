//! The issuers that many tenants share, as data: which of their claims say whose assertion it is (R85). Sources: each
//! vendor's page on the claims of its tokens, as of November 2026.

/// An issuer of many tenants.
pub(super) struct SharedIssuer {
    /// Its name, for people.
    pub(super) name: &'static str,
    /// Its issuer values: some vendors have several for the same tokens.
    issuers: &'static [&'static str],
    /// Whether paths below it are shared as well.
    has_paths: bool,
    /// The claims that identify the tenant; the first is the one to recommend.
    pub(super) tenant: &'static [TenantClaim],
}

/// A claim that says whose assertion it is.
pub(super) struct TenantClaim {
    pub(super) name: &'static str,
    /// Where the owner stands in it.
    pub(super) owner: Owner,
    /// Whether it is an identifier. A name can be given up, and taken over by somebody else.
    pub(super) is_id: bool,
}

/// Where the owner stands in a claim.
pub(super) enum Owner {
    /// It is the whole value.
    Whole,
    /// It follows this label, up to one of these characters.
    After(&'static str, &'static [char]),
    /// It is the domain of an address.
    Domain,
}

const fn id(name: &'static str) -> TenantClaim {
    TenantClaim { name, owner: Owner::Whole, is_id: true }
}

const fn name(name: &'static str, owner: Owner) -> TenantClaim {
    TenantClaim { name, owner, is_id: false }
}

const SHARED_ISSUERS: &[SharedIssuer] = &[
    SharedIssuer {
        name: "GitHub Actions",
        issuers: &["https://token.actions.githubusercontent.com"],
        has_paths: true,
        tenant: &[
            id("repository_owner_id"),
            id("repository_id"),
            name("repository_owner", Owner::Whole),
            name("repository", Owner::After("", &['/'])),
            // Since July 2026 `repo:OWNER@ID/REPO@ID:…` for repositories that are new or renamed.
            name("sub", Owner::After("repo:", &['/', '@'])),
        ],
    },
    SharedIssuer {
        name: "GitLab",
        issuers: &["https://gitlab.com"],
        has_paths: false,
        tenant: &[
            id("namespace_id"),
            id("project_id"),
            name("namespace_path", Owner::After("", &['/'])),
            name("project_path", Owner::After("", &['/'])),
            name("sub", Owner::After("project_path:", &['/'])),
        ],
    },
    SharedIssuer {
        name: "Google",
        // "The value of iss is one or the other": Google, "Verify the Google ID token on your server side".
        issuers: &["https://accounts.google.com", "accounts.google.com"],
        has_paths: false,
        tenant: &[id("sub"), name("email", Owner::Domain), name("hd", Owner::Whole)],
    },
    SharedIssuer {
        name: "Buildkite",
        issuers: &["https://agent.buildkite.com"],
        has_paths: false,
        tenant: &[
            id("organization_id"),
            name("organization_slug", Owner::Whole),
            name("sub", Owner::After("organization:", &[':'])),
        ],
    },
    SharedIssuer {
        name: "Terraform Cloud",
        // The second one is HCP Europe's.
        issuers: &["https://app.terraform.io", "https://app.eu.terraform.io"],
        has_paths: false,
        tenant: &[
            id("terraform_organization_id"),
            name("terraform_organization_name", Owner::Whole),
            name("sub", Owner::After("organization:", &[':'])),
        ],
    },
];

impl SharedIssuer {
    /// The shared issuer with this issuer value.
    pub(super) fn of(issuer: &str) -> Option<&'static Self> {
        SHARED_ISSUERS.iter().find(|shared| shared.issuers.iter().any(|known| shared.covers(known, issuer)))
    }

    /// Whether this issuer value is the known one, or a path of it that is shared as well.
    fn covers(&self, known: &str, issuer: &str) -> bool {
        match issuer.strip_prefix(known) {
            Some("") => true,
            Some(rest) => self.has_paths && rest.starts_with('/'),
            None => false,
        }
    }

    /// The claim of this name, if it identifies the tenant. A condition may name it by a JSON Pointer.
    pub(super) fn tenant_claim(&self, name: &str) -> Option<&'static TenantClaim> {
        let name = name.strip_prefix('/').unwrap_or(name);
        self.tenant.iter().find(|claim| claim.name == name)
    }
}
