//! Identity providers: the token is one that they issued to an application.

use super::form::Form;
use super::{Dialect, Need, Preset, parameter};
use crate::trust::document::Replay;

pub(super) static ENTRA: Preset = Preset {
    name: "entra",
    title: "Microsoft Entra ID",
    documentation: "https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference",
    issuer: "https://login.microsoftonline.com/{tenant}/v2.0",
    discovery: None,
    audience: "Always that of an API registered in Entra: its application id in v2 tokens, its App ID URI in v1 tokens. It is the alias.",
    // A managed identity's lives for a day and five minutes, others for 60 to 90 minutes.
    max_lifetime: 86_700,
    replay: Replay::Allow,
    replay_habit: "MSAL and the managed identity's endpoint hand the same token out until it is about to expire; it has no jti.",
    tenant: &["tid", "oid", "azp", "appid"],
    subject: &["an id of Entra's own for each pair of identity and API"],
    note: None,
    parameters: &[
        parameter(
            "tenant",
            Need::Required,
            Form::Uuid,
            "aaaabbbb-0000-cccc-1111-dddd2222eeee",
            "The directory's id.",
        )
        .on("tid"),
        parameter(
            "app_id",
            Need::OneOf,
            Form::Uuid,
            "00001111-aaaa-2222-bbbb-3333cccc4444",
            "The client's application id: azp in v2 tokens, appid in v1 tokens.",
        )
        .on("azp"),
        parameter(
            "object_id",
            Need::OneOf,
            Form::Uuid,
            "bbbbbbbb-1111-2222-3333-cccccccccccc",
            "The id of the service principal or managed identity in the directory.",
        )
        .on("oid"),
        parameter(
            "alias",
            Need::Required,
            Form::Text,
            "11112222-bbbb-3333-cccc-4444dddd5555",
            "The audience: the API's application id, or its App ID URI in v1 tokens.",
        ),
        parameter(
            "token_version",
            Need::Optional,
            Form::Word(&["v1", "v2"]),
            "v1",
            "As the API's requestedAccessTokenVersion has it.",
        )
        .or("v2"),
    ],
    dialects: &[Dialect {
        parameter: "token_version",
        value: "v1",
        issuer: "https://sts.windows.net/{tenant}/",
        discovery: Some("https://login.microsoftonline.com/{tenant}/.well-known/openid-configuration"),
        claim: ("azp", "appid"),
    }],
    subjects: &[],
    fixed: &[],
};

pub(super) static OKTA: Preset = Preset {
    name: "okta",
    title: "Okta",
    documentation: "https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/",
    issuer: "https://{domain}/oauth2/{authorization_server}",
    discovery: None,
    audience: "That of the custom authorization server, api://default at first: change it to ours, or give it as the alias.",
    max_lifetime: 86_400,
    replay: Replay::Once,
    replay_habit: "An application asks for as many as it needs; each has a jti.",
    tenant: &["cid", "sub"],
    subject: &["the client id, of the client credentials grant", "the user's login"],
    note: None,
    parameters: &[
        parameter(
            "domain",
            Need::Required,
            Form::Domain,
            "acme.okta.com",
            "The domain of the Okta organization.",
        ),
        parameter(
            "client_id",
            Need::Required,
            Form::Name,
            "0oabskvc6442nkvQO0h7",
            "The application's client id.",
        )
        .on("cid"),
        parameter(
            "authorization_server",
            Need::Optional,
            Form::Name,
            "aus9o8wzkhckw9TLa0h7",
            "The id of a custom authorization server.",
        )
        .or("default"),
        parameter(
            "alias",
            Need::Optional,
            Form::Text,
            "api://default",
            "The audience, where it is not ours.",
        ),
    ],
    dialects: &[],
    subjects: &[],
    fixed: &[],
};

pub(super) static AUTH0: Preset = Preset {
    name: "auth0",
    title: "Auth0",
    documentation: "https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles",
    issuer: "https://{domain}/",
    discovery: None,
    audience: "The identifier of an API: make one with our issuer identifier, or give its identifier as the alias.",
    max_lifetime: 86_400,
    replay: Replay::Once,
    replay_habit: "An application asks for as many as it needs.",
    tenant: &["sub", "org_id"],
    subject: &["CLIENT@clients, of the client credentials grant"],
    note: Some("Access tokens of the RFC 9068 profile are at+jwt: --typ at+jwt."),
    parameters: &[
        parameter(
            "domain",
            Need::Required,
            Form::Domain,
            "acme.eu.auth0.com",
            "The tenant's domain, or a custom one.",
        ),
        parameter(
            "client_id",
            Need::Required,
            Form::Name,
            "JYPKh4pFPXOb4Q6TTfJ6AtCqG5MWgGGV",
            "The client id of a machine-to-machine application.",
        ),
        parameter(
            "organization_id",
            Need::Optional,
            Form::Id("org_"),
            "org_9ybsU1dN2dKfDkBi",
            "The Auth0 organization.",
        )
        .on("org_id"),
        parameter(
            "alias",
            Need::Optional,
            Form::Text,
            "https://api.example.com",
            "The audience, where it is not ours.",
        ),
    ],
    dialects: &[],
    // Both profiles of access tokens have it, where one says azp and the other client_id; and no user's token does.
    subjects: &["{client_id}@clients"],
    fixed: &[],
};

pub(super) static ASGARDEO: Preset = Preset {
    name: "asgardeo",
    title: "Asgardeo",
    documentation: "https://wso2.com/asgardeo/docs/references/tokens/access-tokens/",
    issuer: "https://api.asgardeo.io/t/{organization}/oauth2/token",
    discovery: None,
    audience: "The application's client id, and audiences that are added to it. It is the alias.",
    max_lifetime: 3600,
    replay: Replay::Once,
    replay_habit: "An application asks for as many as it needs; each has a jti.",
    tenant: &["org_id", "azp"],
    subject: &["the user's id, or the client id where there is no user"],
    note: Some("Without --typ, ID tokens are meant. Access tokens as JWT are at+jwt: --typ at+jwt."),
    parameters: &[
        parameter(
            "organization",
            Need::Required,
            Form::Name,
            "acme",
            "The organization's name, as in its URLs.",
        ),
        parameter(
            "client_id",
            Need::Required,
            Form::Name,
            "iMcf0xU1VYLkqKvJm0KzOPnbzdAa",
            "The application's client id.",
        )
        .on("azp"),
        parameter(
            "alias",
            Need::Required,
            Form::Text,
            "iMcf0xU1VYLkqKvJm0KzOPnbzdAa",
            "The audience: the client id, or one that was added to the application.",
        ),
        parameter(
            "organization_id",
            Need::Optional,
            Form::Uuid,
            "10084a8d-113f-4211-a0d5-efe36b082211",
            "The organization's id.",
        )
        .on("org_id"),
    ],
    dialects: &[],
    subjects: &[],
    fixed: &[],
};

pub(super) static KEYCLOAK: Preset = Preset {
    name: "keycloak",
    title: "Keycloak",
    documentation: "https://www.keycloak.org/docs/latest/server_admin/",
    issuer: "{issuer}",
    discovery: None,
    audience: "What the client's audience mapper adds: add our issuer identifier, or give another as the alias.",
    max_lifetime: 3600,
    replay: Replay::Once,
    replay_habit: "An application asks for as many as it needs; each has a jti. They live for five minutes at first.",
    tenant: &["azp", "sub"],
    subject: &["the id of the user, or of the client's service account"],
    note: None,
    parameters: &[
        parameter(
            "issuer",
            Need::Required,
            Form::Issuer,
            "https://sso.example.com/realms/acme",
            "The URL of the realm.",
        ),
        parameter("client_id", Need::Required, Form::Text, "deployer", "The client's id.").on("azp"),
        parameter("alias", Need::Optional, Form::Text, "account", "The audience, where it is not ours."),
    ],
    dialects: &[],
    subjects: &[],
    fixed: &[],
};
