//! Platforms that run workloads: the token is a workload's identity.

use super::form::Form;
use super::{Fixed, FixedTest, Need, Preset, When, parameter};
use crate::trust::document::Replay;

pub(super) static KUBERNETES: Preset = Preset {
    name: "kubernetes",
    title: "Kubernetes",
    documentation: "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
    issuer: "{issuer}",
    discovery: None,
    audience: "The pod chooses it: `audience` of a projected serviceAccountToken.",
    max_lifetime: 3600,
    replay: Replay::Allow,
    replay_habit: "The mounted token is one file for all of the pod, renewed when 80 % of its time has passed.",
    tenant: &[
        "/kubernetes.io/serviceaccount/uid",
        "/kubernetes.io/namespace",
        "/kubernetes.io/serviceaccount/name",
    ],
    subject: &["system:serviceaccount:NAMESPACE:NAME"],
    note: Some(
        "The cluster serves its metadata and keys to anonymous requests where system:service-account-issuer-discovery is bound to system:unauthenticated. In the cluster: --jwks-ca with its authorities, and --allow-private.",
    ),
    parameters: &[
        parameter(
            "issuer",
            Need::Required,
            Form::Issuer,
            "https://kubernetes.default.svc.cluster.local",
            "The cluster's issuer: kubectl get --raw /.well-known/openid-configuration shows it.",
        ),
        parameter("namespace", Need::Required, Form::Name, "prod", "The pod's namespace.")
            .on("/kubernetes.io/namespace"),
        parameter("service_account", Need::Required, Form::Name, "api", "The pod's service account.")
            .on("/kubernetes.io/serviceaccount/name"),
        parameter(
            "service_account_uid",
            Need::Optional,
            Form::Uuid,
            "14ee3fa4-a7e2-420f-9f9a-dbc4507c3798",
            "Its uid: one that is made again under its name has another.",
        )
        .on("/kubernetes.io/serviceaccount/uid"),
    ],
    dialects: &[],
    subjects: &["system:serviceaccount:{namespace}:{service_account}"],
    fixed: &[],
};

pub(super) static GOOGLE: Preset = Preset {
    name: "google",
    title: "Google Cloud",
    documentation: "https://docs.cloud.google.com/docs/authentication/token-types#id",
    issuer: "https://accounts.google.com",
    discovery: None,
    audience: "The workload chooses it: ?audience= at the metadata server, or gcloud auth print-identity-token --audiences.",
    max_lifetime: 3600,
    replay: Replay::Allow,
    replay_habit: "The metadata server hands the same token out for up to an hour; it has no jti.",
    tenant: &["sub", "email"],
    subject: &["UNIQUE-ID (21 digits)"],
    note: None,
    parameters: &[
        parameter(
            "unique_id",
            Need::OneOf,
            Form::Digits(0),
            "112010400000000710080",
            "The service account's unique id, which nobody else gets.",
        )
        .on("sub"),
        parameter(
            "email",
            Need::OneOf,
            Form::Email,
            "deploy@project.iam.gserviceaccount.com",
            "The service account's address. The token needs it: format=full at the metadata server.",
        )
        .on("email"),
    ],
    dialects: &[],
    subjects: &[],
    fixed: &[Fixed { claim: "email_verified", test: FixedTest::IsTrue, when: When::Given("email") }],
};

pub(super) static SPIFFE: Preset = Preset {
    name: "spiffe",
    title: "SPIFFE JWT-SVID",
    documentation: "https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md",
    issuer: "{issuer}",
    discovery: None,
    audience: "The workload chooses it when it fetches the JWT-SVID.",
    max_lifetime: 3600,
    replay: Replay::Allow,
    replay_habit: "The Workload API hands the same JWT-SVID out until half of its time has passed; it has no jti.",
    tenant: &["sub"],
    subject: &["spiffe://TRUST-DOMAIN/PATH"],
    note: Some(
        "Keys come from the OIDC discovery provider, or with --jwks-uri or --jwks from the trust bundle: of that, those with use jwt-svid count.",
    ),
    parameters: &[
        parameter(
            "issuer",
            Need::Required,
            Form::Issuer,
            "https://oidc.prod.example.org",
            "What its JWT-SVIDs have in iss (SPIRE: jwt_issuer).",
        ),
        parameter(
            "trust_domain",
            Need::Required,
            Form::TrustDomain,
            "prod.example.org",
            "The trust domain: each sub must be a SPIFFE ID of it.",
        ),
        parameter(
            "path",
            Need::Optional,
            Form::SpiffePath,
            "/ns/prod/sa/api",
            "The workload's path. Without it, every workload of the trust domain.",
        ),
    ],
    dialects: &[],
    subjects: &["spiffe://{trust_domain}{path}", "spiffe://{trust_domain}/**"],
    fixed: &[],
};

pub(super) static AWS: Preset = Preset {
    name: "aws",
    title: "AWS STS",
    documentation: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html",
    issuer: "{issuer}",
    discovery: None,
    audience: "The workload chooses it: aws sts get-web-identity-token --audience AUDIENCE.",
    max_lifetime: 3600,
    replay: Replay::Once,
    replay_habit: "A workload asks for as many as it needs; each has a jti.",
    tenant: &["/https:~1~1sts.amazonaws.com~1/aws_account", "sub", "/https:~1~1sts.amazonaws.com~1/org_id"],
    subject: &["arn:aws:iam::ACCOUNT:role/NAME"],
    note: Some("The identity stands in a claim that is called https://sts.amazonaws.com/."),
    parameters: &[
        parameter(
            "issuer",
            Need::Required,
            Form::Issuer,
            "https://abc123-def456-ghi789-jkl012.tokens.sts.global.api.aws",
            "The account's own issuer: aws iam get-outbound-web-identity-federation-info.",
        ),
        parameter("account_id", Need::Required, Form::Digits(12), "123456789012", "The account.")
            .on("/https:~1~1sts.amazonaws.com~1/aws_account"),
        parameter(
            "principal",
            Need::Optional,
            Form::Arn,
            "arn:aws:iam::123456789012:role/deploy",
            "The ARN of the role or user. Without it, every principal of the account that may get a token.",
        )
        .on("sub"),
        parameter("organization_id", Need::Optional, Form::Id("o-"), "o-abc1234567", "The AWS organization.")
            .on("/https:~1~1sts.amazonaws.com~1/org_id"),
    ],
    dialects: &[],
    subjects: &[],
    fixed: &[],
};
