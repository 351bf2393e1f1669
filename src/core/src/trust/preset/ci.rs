//! Platforms that run jobs: each job gets a token of its own.

use super::form::Form;
use super::{Fixed, FixedTest, Need, Preset, When, parameter};
use crate::trust::document::Replay;

pub(super) static GITHUB_ACTIONS: Preset = Preset {
    name: "github-actions",
    title: "GitHub Actions",
    documentation: "https://docs.github.com/en/actions/reference/security/oidc",
    issuer: "https://token.actions.githubusercontent.com",
    discovery: None,
    audience: "The job chooses it: core.getIDToken(AUDIENCE), or &audience= in the request. Without it, the URL of the repository's owner.",
    max_lifetime: 600,
    replay: Replay::Once,
    replay_habit: "A job asks for as many as it needs; each has a jti.",
    tenant: &["repository_owner_id", "repository_id", "repository_owner", "repository"],
    subject: &[
        "repo:OWNER/REPO:ref:REF",
        "repo:OWNER@ID/REPO@ID:ref:REF (repositories that are new or renamed since 2026-07-15)",
        "repo:…:environment:NAME",
        "repo:…:pull_request",
    ],
    note: None,
    parameters: &[
        parameter(
            "repository",
            Need::OneOf,
            Form::Repository,
            "octo-org/app",
            "The repository; as OWNER@ID/REPO@ID also its ids.",
        )
        .on("repository"),
        parameter("repository_id", Need::OneOf, Form::Digits(0), "74", "The repository's id, which stays when it is renamed.")
            .on("repository_id"),
        parameter("repository_owner", Need::OneOf, Form::Name, "octo-org", "The organization or user that owns it.")
            .on("repository_owner"),
        parameter("repository_owner_id", Need::OneOf, Form::Digits(0), "65", "The owner's id, which nobody else gets.")
            .on("repository_owner_id"),
        parameter("ref", Need::Optional, Form::FullRef, "refs/heads/main", "The branch or tag that the workflow runs on.")
            .on("ref"),
        parameter("environment", Need::Optional, Form::Text, "production", "The job's deployment environment.")
            .on("environment"),
        parameter(
            "event",
            Need::Optional,
            Form::Name,
            "push",
            "What started the workflow. Without it, pull requests are refused (pull_request, pull_request_target, …).",
        )
        .on("event_name"),
        parameter(
            "workflow",
            Need::Optional,
            Form::Workflow,
            "octo-org/app/.github/workflows/deploy.yml@refs/heads/main",
            "The file that defines the job, a reusable workflow's too.",
        )
        .on("job_workflow_ref"),
        parameter(
            "issuer",
            Need::Optional,
            Form::Issuer,
            "https://ghes.example.com/_services/token",
            "The issuer of an enterprise, or of a GitHub Enterprise Server.",
        ),
    ],
    dialects: &[],
    subjects: &[],
    // A pull request's code is the contributor's, and pull_request_target runs on the base branch's ref.
    fixed: &[Fixed {
        claim: "event_name",
        test: FixedTest::BeginsOtherwise("pull_request"),
        when: When::NotGiven("event"),
    }],
};

pub(super) static GITLAB: Preset = Preset {
    name: "gitlab",
    title: "GitLab CI/CD",
    documentation: "https://docs.gitlab.com/ci/secrets/id_token_authentication/",
    issuer: "https://gitlab.com",
    discovery: None,
    audience: "The job chooses it: `aud` below `id_tokens` in .gitlab-ci.yml.",
    max_lifetime: 3600,
    replay: Replay::Once,
    replay_habit: "A job gets one, when it starts; each has a jti. It lives as long as the job's timeout.",
    tenant: &["namespace_id", "project_id", "namespace_path", "project_path"],
    subject: &["project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH"],
    note: Some("Of a merge request from a fork, the claims of the project are the fork's."),
    parameters: &[
        parameter("project", Need::OneOf, Form::Names(2), "acme/web/app", "The project's path.").on("project_path"),
        parameter("project_id", Need::OneOf, Form::Digits(0), "22", "The project's id, which stays when it is renamed.")
            .on("project_id"),
        parameter("namespace", Need::OneOf, Form::Names(1), "acme/web", "The group or user that the project belongs to.")
            .on("namespace_path"),
        parameter("namespace_id", Need::OneOf, Form::Digits(0), "72", "The group's or user's id, which nobody else gets.")
            .on("namespace_id"),
        parameter("ref", Need::Optional, Form::ShortRef, "main", "The branch or tag.").on("ref"),
        parameter("ref_type", Need::Optional, Form::Word(&["branch", "tag"]), "branch", "Which of both it is.").on("ref_type"),
        parameter(
            "ref_protected",
            Need::Optional,
            Form::Word(&["true", "false"]),
            "true",
            "Whether the branch or tag is protected.",
        )
        .on("ref_protected"),
        parameter("environment", Need::Optional, Form::Text, "production", "The job's environment.").on("environment"),
        parameter(
            "pipeline_source",
            Need::Optional,
            Form::Name,
            "push",
            "What started the pipeline. Without it, those of merge requests are refused, and their child pipelines.",
        )
        .on("pipeline_source"),
        parameter("issuer", Need::Optional, Form::Issuer, "https://gitlab.example.com", "The URL of another GitLab."),
    ],
    dialects: &[],
    subjects: &[],
    // Their `ref` is the contributor's branch, whatever it is called; a child pipeline does not say whose child it is.
    fixed: &[Fixed {
        claim: "pipeline_source",
        test: FixedTest::NoneOf(&[
            "merge_request_event",
            "external_pull_request_event",
            "parent_pipeline",
        ]),
        when: When::NotGiven("pipeline_source"),
    }],
};

pub(super) static BUILDKITE: Preset = Preset {
    name: "buildkite",
    title: "Buildkite",
    documentation: "https://buildkite.com/docs/pipelines/security/oidc",
    issuer: "https://agent.buildkite.com",
    discovery: None,
    audience: "The job chooses it: buildkite-agent oidc request-token --audience AUDIENCE.",
    max_lifetime: 3600,
    replay: Replay::Once,
    replay_habit: "A job asks for as many as it needs. They live for five minutes, or for --lifetime.",
    tenant: &["organization_id", "organization_slug"],
    subject: &["organization:ORG:pipeline:PIPELINE:ref:refs/heads/BRANCH:commit:SHA:step:KEY"],
    note: Some("The claims organization_id and pipeline_id are there where the job asks for them (--claim)."),
    parameters: &[
        parameter("organization", Need::OneOf, Form::Name, "acme-inc", "The organization's slug.").on("organization_slug"),
        parameter(
            "organization_id",
            Need::OneOf,
            Form::Uuid,
            "f02d6a6f-7a0e-481d-9d6d-89b427aec48d",
            "The organization's id, which nobody else gets. The job asks for the claim: --claim organization_id.",
        )
        .on("organization_id"),
        parameter("pipeline", Need::Optional, Form::Name, "super-duper-app", "The pipeline's slug.").on("pipeline_slug"),
        parameter(
            "pipeline_id",
            Need::Optional,
            Form::Uuid,
            "0184990a-477b-4fa8-9968-496074483cee",
            "The pipeline's id. The job asks for the claim: --claim pipeline_id.",
        )
        .on("pipeline_id"),
        parameter("branch", Need::Optional, Form::ShortRef, "main", "The branch that is built.").on("build_branch"),
        parameter("step", Need::Optional, Form::Text, "deploy", "The key of the step.").on("step_key"),
    ],
    dialects: &[],
    subjects: &[],
    fixed: &[],
};

pub(super) static TERRAFORM_CLOUD: Preset = Preset {
    name: "terraform-cloud",
    title: "HCP Terraform",
    documentation: "https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens",
    issuer: "https://app.terraform.io",
    discovery: None,
    audience: "The workspace chooses it: the variable TFC_WORKLOAD_IDENTITY_AUDIENCE.",
    max_lifetime: 86_400,
    replay: Replay::Once,
    replay_habit: "A plan and an apply get one each; each has a jti. It lives as long as that may take.",
    tenant: &["terraform_organization_id", "terraform_workspace_id", "terraform_organization_name"],
    subject: &["organization:ORG:project:PROJECT:workspace:WORKSPACE:run_phase:PHASE"],
    note: None,
    parameters: &[
        parameter("organization", Need::OneOf, Form::Name, "acme", "The organization's name.")
            .on("terraform_organization_name"),
        parameter(
            "organization_id",
            Need::OneOf,
            Form::Id("org-"),
            "org-GRNbCjYNpBB6NEBH",
            "The organization's id, which nobody else gets.",
        )
        .on("terraform_organization_id"),
        parameter("project", Need::Optional, Form::Text, "Default Project", "The project's name.")
            .on("terraform_project_name"),
        parameter(
            "project_id",
            Need::Optional,
            Form::Id("prj-"),
            "prj-vegSA59s1XPwMr2t",
            "The project's id.",
        )
        .on("terraform_project_id"),
        parameter("workspace", Need::Optional, Form::Name, "production", "The workspace's name.")
            .on("terraform_workspace_name"),
        parameter(
            "workspace_id",
            Need::Optional,
            Form::Id("ws-"),
            "ws-mbsd5E3Ktt5Rg2Xm",
            "The workspace's id.",
        )
        .on("terraform_workspace_id"),
        parameter(
            "run_phase",
            Need::Optional,
            Form::Word(&["plan", "apply"]),
            "apply",
            "The phase of the run.",
        )
        .on("terraform_run_phase"),
        parameter(
            "issuer",
            Need::Optional,
            Form::Issuer,
            "https://terraform.example.com",
            "The URL of a Terraform Enterprise.",
        ),
    ],
    dialects: &[],
    subjects: &[],
    fixed: &[],
};
