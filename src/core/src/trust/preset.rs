//! Presets: what an assertion of a known platform looks like, as data, and the trusted issuer that a few plain parameters
//! make of it. Nothing here takes part in an exchange: a preset becomes a registration before that is read.

mod build;
mod ci;
mod cloud;
mod form;
mod identity;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use self::form::Form;
use super::document::Replay;

/// A platform whose assertions can be trusted by parameters alone.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Preset {
    /// Its name: `github-actions`.
    pub name: &'static str,
    /// The platform's own name.
    pub title: &'static str,
    /// The platform's page on its tokens.
    pub documentation: &'static str,
    /// The value of `iss`; `{name}` stands for a parameter.
    pub issuer: &'static str,
    /// Where its metadata is, if not at the issuer's well-known addresses (R54).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery: Option<&'static str>,
    /// What its tokens have in `aud`, and how that becomes ours.
    pub audience: &'static str,
    /// How long its tokens live at most, in seconds.
    pub max_lifetime: u32,
    /// Whether the platform hands the same token out again.
    pub replay: Replay,
    /// Why `replay` is what it is.
    pub replay_habit: &'static str,
    /// The claims that say whose token it is: those that can't be taken over first.
    pub tenant: &'static [&'static str],
    /// The forms of `sub`, for people.
    pub subject: &'static [&'static str],
    /// What else there is to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
    /// What it can be told, in the order in which conditions are written.
    pub parameters: &'static [Parameter],
    /// Other values of a parameter under which the platform speaks otherwise.
    #[serde(skip)]
    dialects: &'static [Dialect],
    /// Subjects of the rule, the first whose parameters are all there.
    #[serde(skip)]
    subjects: &'static [&'static str],
    /// Conditions that follow from no parameter's value.
    #[serde(skip)]
    fixed: &'static [Fixed],
}

/// A parameter of a preset: a plain value, never a pattern.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PresetParameter"))]
pub struct Parameter {
    /// Its name: `repository_id`. On the command line it is `--repository-id`.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Such as.
    pub example: &'static str,
    /// Whether it must be given.
    pub need: Need,
    /// The claim that must have its value, as a condition names it (R83).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<&'static str>,
    /// What it is where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<&'static str>,
    #[serde(skip)]
    form: Form,
}

/// Whether a parameter must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PresetParameterNeed"))]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// It must.
    Required,
    /// It, or another one of those that are so marked.
    OneOf,
    /// It need not.
    Optional,
}

/// How a platform speaks where a parameter has another value.
#[derive(Debug)]
struct Dialect {
    parameter: &'static str,
    value: &'static str,
    issuer: &'static str,
    discovery: Option<&'static str>,
    /// A claim, and what it is called there.
    claim: (&'static str, &'static str),
}

/// A condition that follows from no parameter's value.
#[derive(Debug)]
struct Fixed {
    claim: &'static str,
    test: FixedTest,
    when: When,
}

#[derive(Debug)]
enum FixedTest {
    IsTrue,
    BeginsOtherwise(&'static str),
    NoneOf(&'static [&'static str]),
}

/// Whether a parameter was given.
#[derive(Debug)]
enum When {
    Given(&'static str),
    NotGiven(&'static str),
}

/// What a preset is asked to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PresetRequest {
    /// The name of the trusted issuer, and of its rule.
    pub name: String,
    /// The parameters by name.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// The most that the rule grants. Absent: all that the application may have.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
}

/// All presets, in the order in which they are shown.
pub fn all() -> impl Iterator<Item = &'static Preset> {
    [
        &ci::GITHUB_ACTIONS,
        &ci::GITLAB,
        &cloud::KUBERNETES,
        &cloud::GOOGLE,
        &identity::ENTRA,
        &identity::OKTA,
        &identity::AUTH0,
        &cloud::SPIFFE,
        &cloud::AWS,
        &ci::BUILDKITE,
        &ci::TERRAFORM_CLOUD,
        &identity::ASGARDEO,
        &identity::KEYCLOAK,
    ]
    .into_iter()
}

/// The preset of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Preset> {
    all().find(|preset| preset.name == name)
}

const fn parameter(
    name: &'static str,
    need: Need,
    form: Form,
    example: &'static str,
    description: &'static str,
) -> Parameter {
    Parameter { name, description, example, need, claim: None, default: None, form }
}

impl Parameter {
    /// A condition on this claim.
    const fn on(mut self, claim: &'static str) -> Self {
        self.claim = Some(claim);
        self
    }

    const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }
}

#[cfg(test)]
mod tests;
