//! Token exchange (RFC 8693): its parameters, who must have meant the client, and what it grants.
//!
//! A subject token is judged like an assertion, by the same policy of its issuer. What is more is here, and pure.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::actor::{Actor, act};
use super::jwt_bearer::{self, Facts, MAX_RESOURCES, each_once};
use super::{Decided, Granted};
use crate::json::Value;
use crate::jwt::{Bound, Claims, Expectations, VerifiedJwt};
use crate::oauth::{Form, MAX_ASSERTION, MAX_PARAMETER, Reason};
use crate::trust::policy::{self, Admitted, Asker, Claimed, PolicyProblem, Terms};
use crate::trust::{Issuer, Profile, Replay, TokenExchange};

/// What the response says of the new token (RFC 8693 section 3).
pub const ISSUED_TOKEN_TYPE: &str = TokenType::AccessToken.name();

/// What a token is said to be (RFC 8693 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// A JWT.
    Jwt,
    /// An ID Token (OpenID Connect Core section 2).
    IdToken,
    /// An access token, of which only JWTs can be verified here (RFC 9068).
    AccessToken,
}

impl TokenType {
    /// Its name in requests and responses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jwt => "urn:ietf:params:oauth:token-type:jwt",
            Self::IdToken => "urn:ietf:params:oauth:token-type:id_token",
            Self::AccessToken => "urn:ietf:params:oauth:token-type:access_token",
        }
    }

    fn from_name(name: &str) -> Result<Self, Reason> {
        let all = [Self::Jwt, Self::IdToken, Self::AccessToken];
        all.into_iter().find(|one| one.name() == name).ok_or(Reason::TokenTypeUnsupported)
    }
}

/// A token, and what it is said to be.
#[derive(Clone)]
pub struct TypedToken {
    /// The token, as it came.
    pub text: String,
    /// Its type.
    pub token_type: TokenType,
}

/// What the grant asks for.
#[derive(Clone)]
pub struct Request {
    /// Whose rights the new token is to have.
    pub subject: TypedToken,
    /// Who acts for the subject, if that is somebody else than the client.
    pub actor: Option<TypedToken>,
    /// The scope asked for, unparsed.
    pub scope: Option<String>,
    /// What is asked for by `resource` and by `audience`, each once: here both are what the application's `audience` lists.
    pub resources: Vec<String>,
}

/// The parameters of the grant as a client gives them. Empty text counts as absent.
#[derive(Clone, Debug, Default)]
pub struct Parameters<'a> {
    /// `subject_token`.
    pub subject_token: Option<&'a str>,
    /// `subject_token_type`.
    pub subject_token_type: Option<&'a str>,
    /// `actor_token`.
    pub actor_token: Option<&'a str>,
    /// `actor_token_type`.
    pub actor_token_type: Option<&'a str>,
    /// `requested_token_type`.
    pub requested_token_type: Option<&'a str>,
    /// `scope`.
    pub scope: Option<&'a str>,
    /// `resource`, up to 8 times.
    pub resources: Vec<&'a str>,
    /// `audience`, up to 8 times.
    pub audiences: Vec<&'a str>,
}

impl<'a> Parameters<'a> {
    /// R13: each as often as it may occur.
    pub(super) fn read(form: &'a Form<'_>) -> Result<Self, Reason> {
        Ok(Self {
            subject_token: form.one("subject_token")?,
            subject_token_type: form.one("subject_token_type")?,
            actor_token: form.one("actor_token")?,
            actor_token_type: form.one("actor_token_type")?,
            requested_token_type: form.one("requested_token_type")?,
            scope: form.one("scope")?,
            resources: form.several("resource", MAX_RESOURCES)?.collect(),
            audiences: form.several("audience", MAX_RESOURCES)?.collect(),
        })
    }

    /// R15, R90: what can be a request, before anybody is asked who it is.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub fn check(&self) -> Result<Request, Reason> {
        let subject = typed(self.subject_token, self.subject_token_type, Reason::SubjectTokenMissing)?;
        let subject = subject.ok_or(Reason::SubjectTokenMissing)?;
        let actor = typed(self.actor_token, self.actor_token_type, Reason::ActorTokenIncomplete)?;
        let requested = given(self.requested_token_type).map(TokenType::from_name).transpose()?;
        if requested.is_some_and(|requested| requested != TokenType::AccessToken) {
            return Err(Reason::TokenTypeUnsupported);
        }
        let scope = given(self.scope);
        if scope.is_some_and(|scope| scope.len() > MAX_PARAMETER) {
            return Err(Reason::ParameterTooLarge);
        }
        let mut resources = each_once(self.resources.iter().copied())?;
        for audience in each_once(self.audiences.iter().copied())? {
            if !resources.contains(&audience) {
                resources.push(audience);
            }
        }
        Ok(Request { subject, actor, scope: scope.map(Into::into), resources })
    }
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// A token and its type, which come together or not at all.
fn typed(
    text: Option<&str>,
    token_type: Option<&str>,
    incomplete: Reason,
) -> Result<Option<TypedToken>, Reason> {
    let (text, token_type) = match (given(text), given(token_type)) {
        (None, None) => return Ok(None),
        (Some(text), Some(token_type)) => (text, token_type),
        _ => return Err(incomplete),
    };
    if text.len() > MAX_ASSERTION {
        return Err(Reason::AssertionTooLarge);
    }
    Ok(Some(TypedToken { text: text.to_string(), token_type: TokenType::from_name(token_type)? }))
}

/// R90: whether tokens of this issuer and type can be exchanged at all: what is refused here never causes a fetch.
///
/// # Errors
/// The reason of the refusal.
pub fn check_issuer(issuer: &Issuer, token_type: TokenType) -> Result<(), Reason> {
    consents(issuer)?;
    let typ = issuer.document().typ.as_deref().unwrap_or_default();
    let has_access_tokens =
        ["at+jwt", "application/at+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known));
    match (token_type, has_access_tokens) {
        (TokenType::Jwt, _) | (TokenType::IdToken, false) | (TokenType::AccessToken, true) => Ok(()),
        (TokenType::IdToken, true) | (TokenType::AccessToken, false) => Err(Reason::TokenTypeUnsupported),
    }
}

fn consents(issuer: &Issuer) -> Result<&TokenExchange, Reason> {
    let document = issuer.document();
    let is_allowed = document.profile == Profile::JwtBearer;
    document.token_exchange.as_ref().filter(|_| is_allowed).ok_or(Reason::ExchangeNotAllowed)
}

/// What a subject or an actor token must say of itself: the same as an assertion, but that its `aud` may be the client, too, and
/// that a proof helps none that is bound to a key (R36).
pub fn expectations<'a>(terms: &Terms<'a>) -> Expectations<'a> {
    let expected = jwt_bearer::expectations(terms);
    let [issuer, token_endpoint, alias, _] = expected.audiences;
    Expectations {
        audiences: [issuer, token_endpoint, alias, client_id(terms)],
        bound: Bound::Never,
        ..expected
    }
}

fn client_id<'a>(terms: &Terms<'a>) -> Option<&'a str> {
    match terms.asker {
        Asker::Application(application) => Some(application.client_id()),
        Asker::NoClient(_) | Asker::Anybody(_) => None,
    }
}

/// What says that the client may exchange a token (R91).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// The token is for the client: its `aud` names it.
    Audience,
    /// The issuer's claim names somebody whose tokens may be exchanged.
    AllowedActor,
    /// The token's `may_act` names the actor or, where there is no actor token, the client.
    MayAct,
}

/// R91: that a token is trusted and signed says not whom it was meant for.
///
/// # Errors
/// [`Reason::ConsentMissing`], or that the issuer's tokens can't be exchanged at all.
pub fn consent(terms: &Terms<'_>, claims: &Claims, actor: Option<&Actor>) -> Result<Consent, Reason> {
    let TokenExchange { allow_may_act, allowed_actors, .. } = consents(terms.issuer)?;
    let client_id = client_id(terms).ok_or(Reason::ConsentMissing)?;
    // Whom it names is meant, and nobody else.
    if *allow_may_act && claims.object().get("may_act").is_some() {
        let is_named = may_act(terms, claims, client_id, actor);
        return if is_named { Ok(Consent::MayAct) } else { Err(Reason::ConsentMissing) };
    }
    if names(claims.object().get("aud"), client_id) {
        return Ok(Consent::Audience);
    }
    let got_by = terms.issuer.actor_in(claims).and_then(Value::as_str);
    if got_by.is_some_and(|got_by| allowed_actors.iter().any(|allowed| allowed == got_by)) {
        return Ok(Consent::AllowedActor);
    }
    Err(Reason::ConsentMissing)
}

/// Whether `aud` is, or has, this name.
fn names(audience: Option<&Value>, name: &str) -> bool {
    match audience {
        Some(Value::String(audience)) => audience == name,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience.as_str() == Some(name)),
        _ => false,
    }
}

/// Whether `may_act` names whoever acts (RFC 8693 section 4.4): the actor or, without an actor token, the client. By `sub`, and
/// by `iss`, whose name that is: without an `iss` it is one of the issuer of the token, since another issuer may call somebody
/// else so. A `client_id` beside it is that of the client; by itself it names the client alone.
fn may_act(terms: &Terms<'_>, claims: &Claims, client_id: &str, actor: Option<&Actor>) -> bool {
    let Some(may_act) = claims.object().get("may_act").and_then(Value::as_object) else { return false };
    let (named_client, sub) = (may_act.get("client_id"), may_act.get("sub"));
    let iss = may_act.get("iss");
    let is = |value: Option<&Value>, wanted: &str| value.and_then(Value::as_str) == Some(wanted);
    let is_actor = |actor: &Actor| {
        let is_own = iss.is_none() && actor.issuer == terms.issuer.document().issuer;
        is(sub, &actor.subject) && (is_own || is(iss, &actor.issuer))
    };
    // A client is one of ours, be we named or not.
    let is_client = |name| is(name, client_id) && (iss.is_none() || is(iss, &terms.urls.issuer));
    match (named_client, sub) {
        (None, None) => false,
        (Some(_), None) => actor.is_none() && is_client(named_client),
        (named, Some(_)) => {
            (named.is_none() || is(named, client_id)) && actor.map_or_else(|| is_client(sub), is_actor)
        }
    }
}

/// Whether the issuer of an actor token may speak of whom it is about, and of these claims: its policy, but for what it
/// grants, since nothing is granted to an actor.
///
/// # Errors
/// The first problem.
pub fn vouch(terms: &Admitted<'_>, token: &VerifiedJwt<'_>) -> Result<(), PolicyProblem> {
    match policy::judge(terms, token, &Claimed::NOTHING).verdict {
        // These come last: all else has passed.
        Ok(_) | Err(PolicyProblem::ScopeNotAllowed | PolicyProblem::ResourceUnknown) => Ok(()),
        Err(problem) => Err(problem),
    }
}

/// The decision on an exchange. The facts are of the subject token.
pub fn decide(facts: &Facts<'_>, actor: Option<&Actor>) -> Decided {
    let (terms, claims) = (facts.terms.terms(), facts.assertion.claims());
    let consented = || -> Result<(Option<Value>, Replay), Reason> {
        consent(terms, claims, actor)?;
        Ok((act(actor, claims)?, consents(terms.issuer)?.replay))
    };
    match consented() {
        Ok((act, replay)) => {
            let decided = jwt_bearer::decide_with(facts, replay);
            let granted = decided.granted.map(|granted| Granted { actor: act, ..granted });
            Decided { granted, ..decided }
        }
        Err(reason) => Decided { rule: None, label: None, audited: Vec::new(), granted: Err(reason) },
    }
}
