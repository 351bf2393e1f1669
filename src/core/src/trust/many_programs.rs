//! The issuers that belong to one tenant and speak for many of its programs, as data: which of their claims tell the
//! programs apart (R85). Sources: each vendor's page on the claims of its tokens, as of November 2026.

use alloc::string::String;

use super::condition::{ClaimCondition, Written};
use super::document::TrustedIssuer;
use super::lint::{Named, in_glob, in_test};
use super::shared_issuers::Owner;

/// An issuer of many programs.
pub(super) struct ManyPrograms {
    /// Whose programs they are, for people.
    pub(super) name: &'static str,
    is_it: fn(&TrustedIssuer) -> bool,
    /// The claims that tell them apart.
    pub(super) claims: &'static [ProgramClaim],
}

/// A claim that tells programs apart.
pub(super) struct ProgramClaim {
    /// As a condition names it; one that ends in `/` stands for all that is below it.
    pub(super) name: &'static str,
    /// Where in it that stands.
    owner: Owner,
}

const fn whole(name: &'static str) -> ProgramClaim {
    ProgramClaim { name, owner: Owner::Whole }
}

const MANY_PROGRAMS: &[ManyPrograms] = &[
    ManyPrograms {
        name: "an Entra tenant",
        is_it: is_entra_tenant,
        claims: &[whole("azp"), whole("appid"), whole("oid"), whole("sub"), whole("roles")],
    },
    ManyPrograms {
        name: "an AWS account",
        is_it: is_aws_account,
        claims: &[
            whole("sub"),
            whole("/https:~1~1sts.amazonaws.com~1/lambda_source_function_arn"),
            whole("/https:~1~1sts.amazonaws.com~1/principal_tags/"),
        ],
    },
    ManyPrograms {
        name: "a Kubernetes cluster",
        is_it: is_kubernetes_cluster,
        // The name of a service account is none of them: every namespace may have one of that name.
        claims: &[
            ProgramClaim { name: "sub", owner: Owner::After(SERVICE_ACCOUNT, &[':']) },
            whole("/kubernetes.io/namespace"),
            whole("/kubernetes.io/serviceaccount/uid"),
            whole("/kubernetes.io/pod/uid"),
        ],
    },
];

/// What begins the subject of a service account, before its namespace.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

impl ManyPrograms {
    /// What the issuer is, if it is one of these.
    pub(super) fn of(document: &TrustedIssuer) -> Option<&'static Self> {
        MANY_PROGRAMS.iter().find(|known| (known.is_it)(document))
    }

    /// Whether subjects or conditions say which programs are meant. It takes little: that the right ones are meant,
    /// nobody can say here.
    pub(super) fn are_told_apart(&self, subjects: Option<&[String]>, claims: &[ClaimCondition]) -> bool {
        let by_subjects = subjects.is_some_and(|subjects| {
            let sub = self.claims.iter().find(|claim| claim.name == "sub");
            // Any of them will do for an assertion.
            sub.is_some_and(|sub| {
                subjects.iter().all(|subject| in_glob(subject, &sub.owner) != Named::Nothing)
            })
        });
        by_subjects || claims.iter().any(|condition| self.is_told_by(condition))
    }

    fn is_told_by(&self, condition: &ClaimCondition) -> bool {
        let Some(claim) = self.claims.iter().find(|claim| claim.is_named(&condition.claim)) else {
            return false;
        };
        let tells = |test: &Written<'_>| match test {
            Written::Contains(_) | Written::AllOf(_) => true,
            test => in_test(test, &claim.owner) != Named::Nothing,
        };
        condition.tests().iter().any(tells)
    }
}

impl ProgramClaim {
    /// Whether a condition names it, by its name or by a JSON Pointer.
    fn is_named(&self, name: &str) -> bool {
        name == self.name
            || name.strip_prefix('/') == Some(self.name)
            || self.name.ends_with('/') && name.starts_with(self.name)
    }
}

fn is_entra_tenant(document: &TrustedIssuer) -> bool {
    let between = |before: &str, after: &str| {
        let tenant = document.issuer.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        tenant.is_some_and(|tenant| !tenant.is_empty() && !tenant.contains('/'))
    };
    between("https://login.microsoftonline.com/", "/v2.0") || between("https://sts.windows.net/", "/")
}

fn is_aws_account(document: &TrustedIssuer) -> bool {
    let host = document.issuer.strip_prefix("https://");
    host.is_some_and(|host| host.ends_with(".tokens.sts.global.api.aws") && !host.contains('/'))
}

/// A cluster may be called anything, so what its policy looks at counts as well as the names that it has by default and at
/// EKS, GKE and AKS.
fn is_kubernetes_cluster(document: &TrustedIssuer) -> bool {
    let issuer = document.issuer.as_str();
    let by_name = issuer.starts_with("https://kubernetes.default.svc")
        || issuer.starts_with("https://oidc.eks.")
        || issuer.starts_with("https://container.googleapis.com/v1/projects/")
        || issuer.contains(".oic.prod-aks.azure.com/");
    let of_rules = document.rules.iter().flatten();
    let mut claims = document.claims.iter().chain(of_rules.clone().flat_map(|rule| &rule.claims));
    let subjects = document.subjects.iter().chain(of_rules.flat_map(|rule| &rule.subjects));
    by_name
        || claims.any(|condition| condition.claim.starts_with("/kubernetes.io/"))
        || subjects.flatten().any(|subject| subject.starts_with(SERVICE_ACCOUNT))
}
