//! A trusted issuer, parsed: every member of its document is acceptable, and its keys are read.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::condition::{ClaimCondition, Written};
use super::document::{MAX_CLOCK_SKEW, MAX_LIFETIME, OWN_SUBJECT, Profile, TrustedIssuer};
use super::lint;
use super::named_claims::{NamedClaims, Which};
use super::profile;
use super::requirements::Requirements;
use super::rule::{IssuerRule, RuleClient};
use super::spiffe_id::TrustDomain;
use crate::application::{self, check_client_id};
use crate::field::{FieldError, check_segment, check_text};
use crate::json::{Pointer, Value};
use crate::jwt::{self, Claims};
use crate::keys::{KeySource, check_authorities};
use crate::oauth::{Scope, is_token};
use crate::tokens;

/// How many rules an issuer may have.
const MAX_RULES: usize = 64;
/// How many subjects, its rules' included.
const MAX_SUBJECTS: usize = 1000;
/// How many conditions, and how many mappings; each of its rules as many again.
const MAX_CONDITIONS: usize = 32;
/// How long its patterns with several stars may be together, in bytes: that, and the longest text that one is held
/// against, bound the work of an exchange. One star takes no more work than the text is long.
const MAX_PATTERNS: usize = 32_768;
/// How many values its conditions may list together, for the same reason.
const MAX_VALUES: usize = 4096;

/// How many actors its tokens may be exchanged for.
const MAX_ACTORS: usize = 100;
const ACTOR_CLAIM: &str = "token_exchange.actor_claim";
const ALLOWED_ACTORS: &str = "token_exchange.allowed_actors";

/// A trusted issuer whose document was parsed: [`Issuer::parse`] alone makes one.
#[derive(Clone, Debug)]
pub struct Issuer {
    document: TrustedIssuer,
    parsed: Parsed,
}

/// What is made of a document once, and kept.
#[derive(Clone, Debug)]
struct Parsed {
    keys: KeySource,
    /// The claims that conditions name.
    named: NamedClaims,
    /// The claim that becomes the subject of access tokens; `None`: `sub`.
    subject: Option<Which>,
    /// The claim that names who got a token, where tokens can be exchanged by that (R91).
    actor: Option<Pointer>,
    /// The trust domain of which `sub` must be a SPIFFE ID.
    trust_domain: Option<TrustDomain>,
    /// What every assertion must say.
    own: Requirements,
    /// What each of the rules asks for.
    rules: Vec<Requirements>,
}

impl Issuer {
    /// Reads a document and its keys. `dev`: keys may come from this machine over `http://` (R50).
    ///
    /// # Errors
    /// The first member that can't be accepted, and why.
    pub fn parse(document: TrustedIssuer, dev: bool) -> Result<Self, FieldError> {
        let parsed = parse(&document, dev)?;
        Ok(Self { document, parsed })
    }

    /// Refuses what [`parse`](Self::parse) would refuse, and what is never registered anew but read where it is stored: a
    /// name that no URL reaches, and keys of which the algorithms allow none.
    ///
    /// # Errors
    /// The first member that can't be accepted, and why.
    pub fn check(document: &TrustedIssuer, dev: bool) -> Result<(), FieldError> {
        let parsed = parse(document, dev)?;
        check_segment("name", &document.name)?;
        parsed.keys.check_algorithms("algorithms", document.algorithms.as_deref())
    }

    /// What was registered.
    pub fn document(&self) -> &TrustedIssuer {
        &self.document
    }

    /// Its keys, or where they are fetched.
    pub fn keys(&self) -> &KeySource {
        &self.parsed.keys
    }

    /// The claims that its conditions name.
    pub(super) fn named_claims(&self) -> &NamedClaims {
        &self.parsed.named
    }

    /// The claim that becomes the subject of access tokens (R39); `None`: `sub`.
    pub(super) fn subject_claim(&self) -> Option<Which> {
        self.parsed.subject
    }

    /// Who got the token with these claims, where its issuer says so in a claim of its own (R91).
    pub fn actor_in<'a>(&self, claims: &'a Claims) -> Option<&'a Value> {
        self.parsed.actor.as_ref()?.find(claims.object())
    }

    /// The trust domain of which `sub` must be a SPIFFE ID (R41); `None`: it may be anything.
    pub(super) fn trust_domain(&self) -> Option<&TrustDomain> {
        self.parsed.trust_domain.as_ref()
    }

    /// What every assertion must say.
    pub(super) fn requirements(&self) -> &Requirements {
        &self.parsed.own
    }

    /// Its rules in their order, and what each asks for; `None`: its own policy is the one rule (R80).
    pub(super) fn rules(&self) -> Option<impl Iterator<Item = (&IssuerRule, &Requirements)>> {
        let rules = self.document.rules.as_ref()?;
        Some(rules.iter().zip(&self.parsed.rules))
    }

    /// The most that its assertions can be exchanged for; `None`: no cap (R61).
    pub fn scope_cap(&self) -> Option<Scope<'_>> {
        self.document.scopes.as_deref().map(Scope::of_tokens)
    }
}

/// Checks every member, and reads the keys. Once in the component, not in each use case that registers.
#[inline(never)]
fn parse(document: &TrustedIssuer, dev: bool) -> Result<Parsed, FieldError> {
    check_text("name", &document.name, 128)?;
    check_text("issuer", &document.issuer, 1024)?;
    if let Some(alias) = &document.alias {
        check_text("alias", alias, 1024)?;
    }
    check_limits(document)?;
    profile::check(document)?;
    check_typ(document)?;
    let trust_domain = document.trust_domain.as_deref().map(TrustDomain::parse).transpose();
    let trust_domain = trust_domain.map_err(|problem| FieldError::new("trust_domain", problem))?;
    let mut named = NamedClaims::default();
    let subject = subject_claim(document, &mut named)?;
    let actor = actor_claim(document)?;
    let own = Requirements::parse("", document.subjects.as_deref(), &document.claims, &mut named)?;
    check_scopes("", document.scopes.as_deref())?;
    check_mappings("", &document.claim_mappings)?;
    let rules = rules(document, &mut named)?;
    check_work(document)?;
    lint::check(document)?;
    let keys = keys(document, dev)?;
    check_way_to_keys(document, &keys)?;
    Ok(Parsed { keys, named, subject, actor, trust_domain, own, rules })
}

/// The one source of keys that the document names.
fn keys(document: &TrustedIssuer, dev: bool) -> Result<KeySource, FieldError> {
    let issuer = &document.issuer;
    match (&document.jwks_uri, &document.jwks, &document.certificate, &document.discovery) {
        (Some(uri), None, None, None) => KeySource::from_uri(uri, dev),
        (None, Some(set), None, None) => KeySource::from_jwks(set, document.key_use()),
        (None, None, Some(text), None) => KeySource::from_certificate(text),
        (None, None, None, Some(value)) => KeySource::from_discovery(value, issuer, dev),
        (None, None, None, None) => Err(FieldError::new(
            "jwks_uri",
            "exactly one of jwks_uri, jwks, certificate and discovery is needed",
        )),
        _ => Err(FieldError::new(
            "jwks_uri",
            "only one of jwks_uri, jwks, certificate and discovery may be given",
        )),
    }
}

/// R55: what is said of the way to keys must not stand where nothing goes by it.
fn check_way_to_keys(document: &TrustedIssuer, keys: &KeySource) -> Result<(), FieldError> {
    let given = [("jwks_ca", document.jwks_ca.is_some()), ("allow_private", document.allow_private)];
    if let Some((member, _)) = given.into_iter().find(|(_, given)| *given && !keys.is_fetched()) {
        return Err(FieldError::new(member, "is for keys that are fetched: by jwks_uri or discovery"));
    }
    document.jwks_ca.as_deref().map_or(Ok(()), check_authorities)
}

fn check_limits(document: &TrustedIssuer) -> Result<(), FieldError> {
    if document.clock_skew > MAX_CLOCK_SKEW {
        return Err(FieldError::new("clock_skew", "must be 0 to 600 seconds"));
    }
    if !(1..=MAX_LIFETIME).contains(&document.max_lifetime) {
        return Err(FieldError::new("max_lifetime", "must be 1 to 172800 seconds"));
    }
    if document.algorithms.as_ref().is_some_and(Vec::is_empty) {
        return Err(FieldError::new("algorithms", "must not be empty"));
    }
    if document.subjects.as_ref().is_some_and(|subjects| subjects.len() > MAX_SUBJECTS) {
        return Err(FieldError::new("subjects", "must not have more than 1000 elements"));
    }
    if document.claims.len() > MAX_CONDITIONS {
        return Err(FieldError::new("claims", "must not have more than 32 elements"));
    }
    if document.claim_mappings.len() > MAX_CONDITIONS {
        return Err(FieldError::new("claim_mappings", "must not have more than 32 members"));
    }
    if document.rules.as_ref().is_some_and(|rules| !(1..=MAX_RULES).contains(&rules.len())) {
        return Err(FieldError::new("rules", "must have 1 to 64 elements; without rules, leave it out"));
    }
    let of_rules = document.rules.iter().flatten().flat_map(|rule| &rule.subjects);
    let subjects: usize = document.subjects.iter().chain(of_rules).map(Vec::len).sum();
    if subjects > MAX_SUBJECTS {
        return Err(FieldError::new(
            "rules",
            "must not have more than 1000 subjects, those of the issuer included",
        ));
    }
    Ok(())
}

/// All that makes an exchange work, however many rules it is spread over.
fn check_work(document: &TrustedIssuer) -> Result<(), FieldError> {
    let of_rules = document.rules.iter().flatten();
    let subjects = document.subjects.iter().chain(of_rules.clone().flat_map(|rule| &rule.subjects)).flatten();
    let conditions = document.claims.iter().chain(of_rules.flat_map(|rule| &rule.claims));
    let (mut patterns, mut values): (usize, usize) = (subjects.map(|subject| of_pattern(subject)).sum(), 0);
    for test in conditions.flat_map(ClaimCondition::all_tests) {
        match test {
            Written::Glob(glob) => patterns += of_pattern(glob),
            Written::OneOf(listed) | Written::AllOf(listed) => values += listed.len(),
            _ => {}
        }
    }
    let field = if document.rules.is_some() { "rules" } else { "claims" };
    if patterns > MAX_PATTERNS {
        let problem =
            format!("must not have patterns with several stars of more than {MAX_PATTERNS} bytes together");
        return Err(FieldError::new(field, problem));
    }
    if values > MAX_VALUES {
        let problem = format!("must not list more than {MAX_VALUES} values together");
        return Err(FieldError::new(field, problem));
    }
    Ok(())
}

fn of_pattern(text: &str) -> usize {
    match (text.find('*'), text.rfind('*')) {
        (Some(first), Some(last)) if last - first > 1 => text.len(),
        _ => 0,
    }
}

fn check_typ(document: &TrustedIssuer) -> Result<(), FieldError> {
    let Some(typ) = &document.typ else { return Ok(()) };
    check_text("typ", typ, 256)?;
    if document.profile == Profile::JwtBearer && jwt::is_of_another_purpose(typ) {
        let problem = "must not be the type of tokens that serve another purpose (R35)";
        return Err(FieldError::new("typ", problem));
    }
    Ok(())
}

/// R39: the claim in place of `sub`, if it is another one.
fn subject_claim(document: &TrustedIssuer, named: &mut NamedClaims) -> Result<Option<Which>, FieldError> {
    let claim = document.subject_claim.as_str();
    check_text("subject_claim", claim, 256)?;
    if claim == OWN_SUBJECT {
        return Ok(None);
    }
    named.add(claim).map(Some).map_err(|problem| FieldError::new("subject_claim", problem))
}

/// R91: the claim that names who got a token. It and the names go together.
fn actor_claim(document: &TrustedIssuer) -> Result<Option<Pointer>, FieldError> {
    let Some(exchange) = &document.token_exchange else { return Ok(None) };
    let (claim, actors) = (exchange.actor_claim.as_deref(), &exchange.allowed_actors);
    if actors.len() > MAX_ACTORS {
        return Err(FieldError::new(ALLOWED_ACTORS, "must not have more than 100 elements"));
    }
    actors.iter().try_for_each(|actor| check_text(ALLOWED_ACTORS, actor, 1024))?;
    match claim {
        None if actors.is_empty() => Ok(None),
        None => Err(FieldError::new(ALLOWED_ACTORS, "needs actor_claim, the claim that has one of these")),
        Some(_) if actors.is_empty() => {
            Err(FieldError::new(ACTOR_CLAIM, "needs allowed_actors, the values that it may have"))
        }
        Some(claim) => {
            check_text(ACTOR_CLAIM, claim, 256)?;
            Pointer::parse(claim).map(Some).map_err(|problem| FieldError::new(ACTOR_CLAIM, problem))
        }
    }
}

/// R80: what each of the rules asks for.
fn rules(document: &TrustedIssuer, named: &mut NamedClaims) -> Result<Vec<Requirements>, FieldError> {
    let rules = document.rules.as_deref().unwrap_or_default();
    let mut read = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        let at = format!("rules[{index}].");
        check_rule(&at, rule)?;
        if rules[..index].iter().any(|before| before.name == rule.name) {
            return Err(FieldError::new(format!("{at}name"), "is the name of another rule, too"));
        }
        read.push(Requirements::parse(&at, rule.subjects.as_deref(), &rule.claims, named)?);
    }
    Ok(read)
}

fn check_rule(at: &str, rule: &IssuerRule) -> Result<(), FieldError> {
    let refused = |member: &str, problem: &str| Err(FieldError::new(format!("{at}{member}"), problem));
    check_text(&format!("{at}name"), &rule.name, 128)?;
    if rule.claims.len() > MAX_CONDITIONS {
        return refused("claims", "must not have more than 32 elements");
    }
    if rule.claim_mappings.len() > MAX_CONDITIONS {
        return refused("claim_mappings", "must not have more than 32 members");
    }
    check_client(at, rule)?;
    if let Some(applications) = &rule.applications {
        if !(1..=100).contains(&applications.len()) {
            return refused("applications", "must have 1 to 100 elements");
        }
        for (index, client_id) in applications.iter().enumerate() {
            check_client_id(client_id)
                .map_err(|error| FieldError::new(format!("{at}applications[{index}]"), error.problem))?;
        }
    }
    if let Some(audience) = &rule.audience {
        let values = audience.as_slice();
        if !(1..=32).contains(&values.len()) {
            return refused("audience", "must have 1 to 32 elements");
        }
        values.iter().try_for_each(|value| check_text(&format!("{at}audience"), value, 1024))?;
    }
    let lifetimes = application::MIN_LIFETIME..=application::MAX_LIFETIME;
    if rule.access_token_lifetime.is_some_and(|lifetime| !lifetimes.contains(&lifetime)) {
        return refused("access_token_lifetime", "must be 30 to 86400 seconds");
    }
    check_scopes(at, rule.scopes.as_deref())?;
    check_mappings(at, &rule.claim_mappings)
}

/// R29: what a rule without a client needs, and what has no meaning there.
fn check_client(at: &str, rule: &IssuerRule) -> Result<(), FieldError> {
    let refused = |member: &str, problem: &str| Err(FieldError::new(format!("{at}{member}"), problem));
    let is_empty = |list: Option<&[String]>| list.is_none_or(<[String]>::is_empty);
    match (rule.client, &rule.client_id) {
        (RuleClient::Required, None) => return Ok(()),
        (RuleClient::Required, Some(_)) => return refused("client_id", "is for rules with client: none"),
        (RuleClient::None, None) => return refused("client_id", "is needed where client is none"),
        (RuleClient::None, Some(label)) => check_client_id(label)
            .map_err(|error| FieldError::new(format!("{at}client_id"), error.problem))?,
    }
    if rule.applications.is_some() {
        return refused("applications", "must not be given where client is none: no application asks");
    }
    if is_empty(rule.scopes.as_deref()) {
        return refused("scopes", "are needed where client is none: no application bounds them");
    }
    if is_empty(rule.subjects.as_deref()) && rule.claims.is_empty() {
        return refused("claims", "or subjects are needed where client is none");
    }
    Ok(())
}

fn check_scopes(at: &str, scopes: Option<&[String]>) -> Result<(), FieldError> {
    for (index, scope) in scopes.unwrap_or_default().iter().enumerate() {
        if scope.len() > 256 || !is_token(scope) {
            let field = format!("{at}scopes[{index}]");
            return Err(FieldError::new(field, "must be one scope (RFC 6749 section 3.3)"));
        }
    }
    Ok(())
}

fn check_mappings(at: &str, mappings: &BTreeMap<String, String>) -> Result<(), FieldError> {
    for (from, to) in mappings {
        let field = format!("{at}claim_mappings.{from}");
        check_text(&field, from, 256)?;
        Pointer::parse(from).map_err(|problem| FieldError::new(field.clone(), problem))?;
        check_text(&field, to, 256)?;
        if mappings.values().filter(|other| *other == to).count() > 1 {
            return Err(FieldError::new(field, format!("the claim {to} is written by another mapping too")));
        }
        if tokens::is_reserved_claim(to) {
            return Err(FieldError::new(
                field,
                format!("must not write the claim {to}, which is ours (R62)"),
            ));
        }
    }
    Ok(())
}
