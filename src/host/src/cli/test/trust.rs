//! The document of registrations, made ready for one case: the issuers get keys that we have the private halves of, and
//! the applications a secret that we know. All else stays as it is, and the component judges by it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::cases::{Case, Presented};
use super::key::{ALGORITHMS, Key};
use super::token::Token;
use crate::cli::admin::AdminClient;
use crate::cli::app_authentication::MEMBERS;
use crate::cli::data::random_text;
use crate::cli::failure::Failure;
use crate::cli::parts::parts;
use crate::cli::{apply, document};

/// The members of an issuer that say where its keys are, and what belongs to that.
const SOURCES: [&str; 6] = ["jwks_uri", "discovery", "jwks_ca", "allow_private", "jwks", "certificate"];
/// The method of an application that authenticates by key.
const BY_KEY: &str = "private_key_jwt";
/// The `typ` of an ID-JAG.
const ID_JAG: &str = "oauth-id-jag+jwt";
/// Those for keys that are fetched.
const FETCHED: [&str; 2] = ["jwks_uri", "discovery"];
/// The most bytes of an assertion: twice what the endpoint accepts, so that its limit can be tested, and half of a body.
const MOST_ASSERTION: usize = 32 * 1024;
/// How long an assertion is valid that says nothing else, in seconds.
const VALID_SECONDS: u64 = 300;

/// A document of registrations.
pub(super) struct Trust {
    file: String,
    document: Value,
    /// The secret of every application, for this test.
    secret: String,
    keys: RefCell<HashMap<&'static str, Rc<Key>>>,
}

/// A case that can be run.
pub(super) struct Ready {
    /// What is registered.
    pub(super) document: Value,
    pub(super) organization: String,
    pub(super) client: String,
    pub(super) assertion: String,
    pub(super) signature: Signature,
    /// When: seconds since 1970.
    pub(super) at: u64,
}

/// Whose signature the assertion has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// That of a key of this test: the case has claims, not a token.
    Made,
    /// The token's own, which the component judges by the keys of the document.
    Kept,
    /// That of a key of this test in place of the token's own, whose key would have to be fetched.
    Replaced,
}

impl Signature {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Kept => "checked",
            Self::Replaced => "not_checked",
        }
    }
}

impl Trust {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let file = path.display().to_string();
        let text = if file == "-" { document::standard_input()? } else { document::text(&file, path)? };
        let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        let document = document::registrations(&file, &text, is_toml)?;
        Ok(Self { file, document, secret: random_text()?, keys: RefCell::default() })
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// Has the component judge the document as it is written, where the keys come from included.
    pub(super) fn check(&self, client: &AdminClient) -> Result<(), Failure> {
        let mut document = self.document.clone();
        self.give_secrets(&mut document);
        self.send(client, document, "/admin/apply?dry_run=true")
    }

    /// Registers what a case needs.
    pub(super) fn register(&self, client: &AdminClient, document: &Value) -> Result<(), Failure> {
        self.send(client, document.clone(), "/admin/apply")
    }

    fn send(&self, client: &AdminClient, document: Value, path: &str) -> Result<(), Failure> {
        for part in parts(document).map_err(|failure| failure.within(&self.file))? {
            if let Err((failure, _)) = client.post_for_answer(path, &part.document)? {
                return Err(apply::placed(failure, &part).within(&self.file));
            }
        }
        Ok(())
    }

    /// What a case comes to, at `now` where it says nothing else. `public_url` is that of the installation.
    pub(super) fn prepare(&self, case: &Case, public_url: &str, now: u64) -> Result<Ready, Failure> {
        let ready = self.ready(case, public_url, now)?;
        if ready.assertion.len() > MOST_ASSERTION {
            let member = if ready.signature == Signature::Made { "claims" } else { "token" };
            let problem = format!(
                "make an assertion of more than {MOST_ASSERTION} bytes, which no request has room for"
            );
            return Err(case.wrong(member, problem));
        }
        Ok(ready)
    }

    fn ready(&self, case: &Case, public_url: &str, now: u64) -> Result<Ready, Failure> {
        let organization = self.organization(case)?;
        let client = client(case, organization)?;
        let name = text(organization, "name").to_owned();
        match &case.presented {
            Presented::Claims { claims, without } => {
                let issuer = self.issuer(case, organization, claims)?;
                let at = case.at.unwrap_or(now);
                let url = match name.as_str() {
                    "default" => public_url.to_owned(),
                    _ => format!("{public_url}/t/{name}"),
                };
                let mut filled = Map::new();
                if let Some(issuer) = issuer {
                    filled.insert("iss".to_owned(), text(issuer, "issuer").into());
                }
                let most = issuer.and_then(|issuer| issuer.get("max_lifetime")).and_then(Value::as_u64);
                filled.insert("aud".to_owned(), url.into());
                filled.insert("iat".to_owned(), at.into());
                filled.insert(
                    "exp".to_owned(),
                    (at + most.map_or(VALID_SECONDS, |most| most.min(VALID_SECONDS))).into(),
                );
                filled.insert("jti".to_owned(), random_text()?.into());
                let profile = issuer.and_then(|issuer| issuer.get("profile")).and_then(Value::as_str);
                let is_id_jag = profile == Some("id-jag");
                if is_id_jag {
                    filled.insert("client_id".to_owned(), client.clone().into());
                }
                filled.retain(|name, _| !without.contains(name));
                filled.extend(claims.clone());
                let algorithm = issuer.map_or(ALGORITHMS[0], |issuer| algorithm(issuer, None));
                let mut header = Map::new();
                header.insert("alg".to_owned(), algorithm.into());
                let typ = issuer.and_then(|issuer| issuer.get("typ")).cloned();
                let typ = typ.unwrap_or_else(|| if is_id_jag { ID_JAG } else { "JWT" }.into());
                header.insert("typ".to_owned(), typ);
                let (header, payload) = (Value::from(header).to_string(), Value::from(filled).to_string());
                let assertion = self.key(algorithm)?.sign(header.as_bytes(), payload.as_bytes())?;
                let document = self.rewritten(|_, issuer| Some(algorithm_of(issuer)))?;
                let signature = Signature::Made;
                Ok(Ready { document, organization: name, client, assertion, signature, at })
            }
            Presented::Token(text_of_token) => {
                let token = Token::read(text_of_token);
                let at = case.at.or(token.as_ref().and_then(Token::issued_at)).unwrap_or(now);
                let of_issuer =
                    |issuer: &Value| token.as_ref().is_some_and(|token| token.is_of(text(issuer, "issuer")));
                if let Some(wanted) = &case.issuer {
                    let named =
                        items(organization, "trusted_issuers").iter().find(|one| text(one, "name") == wanted);
                    let named = named.ok_or_else(|| case.wrong("issuer", "is none of the organization"))?;
                    if !of_issuer(named) {
                        return Err(case.wrong("issuer", "is not that of the token's iss"));
                    }
                }
                let issuer = items(organization, "trusted_issuers").iter().find(|one| of_issuer(one));
                let fetched = issuer.filter(|issuer| is_fetched(issuer));
                // The keys of the others stay: what is signed by them is checked as it will be.
                let sent = token.as_ref().and_then(Token::algorithm);
                let document = self.rewritten(|organization, issuer| {
                    let is_its_own = organization == name && of_issuer(issuer);
                    is_fetched(issuer).then(|| algorithm(issuer, sent.filter(|_| is_its_own)))
                })?;
                let (assertion, signature) = match (fetched, &token) {
                    (Some(issuer), Some(token)) => {
                        let key = self.key(algorithm(issuer, sent))?;
                        (key.sign(token.header(), token.payload())?, Signature::Replaced)
                    }
                    _ => (text_of_token.clone(), Signature::Kept),
                };
                Ok(Ready { document, organization: name, client, assertion, signature, at })
            }
        }
    }

    fn organization(&self, case: &Case) -> Result<&Value, Failure> {
        let all = items(&self.document, "organizations");
        let named = |name: &str| all.iter().find(|one| text(one, "name") == name);
        match (&case.organization, all) {
            (Some(name), _) => named(name)
                .ok_or_else(|| case.wrong("organization", format_args!("{name} is not in {}", self.file))),
            (None, [only]) => Ok(only),
            (None, _) => named("default").ok_or_else(|| {
                case.wrong("organization", format_args!("is needed: {} has {}", self.file, all.len()))
            }),
        }
    }

    /// The issuer whose key signs: the one that the case names, that of its `iss`, or the only one. `None`: its `iss` is
    /// that of nobody here, which may be what is tested.
    fn issuer<'a>(
        &self,
        case: &Case,
        organization: &'a Value,
        claims: &Map<String, Value>,
    ) -> Result<Option<&'a Value>, Failure> {
        let all = items(organization, "trusted_issuers");
        if let Some(name) = &case.issuer {
            let found = all.iter().find(|one| text(one, "name") == name);
            let problem = || case.wrong("issuer", format_args!("{name} is none of the organization"));
            return found.map(Some).ok_or_else(problem);
        }
        if let Some(iss) = claims.get("iss") {
            return Ok(all.iter().find(|one| Some(text(one, "issuer")) == iss.as_str()));
        }
        match all {
            [only] => Ok(Some(only)),
            _ => Err(case.wrong("issuer", format_args!("is needed: the organization has {}", all.len()))),
        }
    }

    /// The document with a secret for each application, and a key of ours for each issuer that `stand_in` names an
    /// algorithm for.
    fn rewritten(&self, stand_in: impl Fn(&str, &Value) -> Option<&'static str>) -> Result<Value, Failure> {
        let mut document = self.document.clone();
        self.give_secrets(&mut document);
        for organization in items_mut(&mut document, "organizations") {
            let name = text(organization, "name").to_owned();
            for issuer in items_mut(organization, "trusted_issuers") {
                let Some(algorithm) = stand_in(&name, issuer) else { continue };
                let key = self.key(algorithm)?;
                if let Value::Object(members) = issuer {
                    members.retain(|member, _| !SOURCES.contains(&member.as_str()));
                    members.insert("certificate".to_owned(), key.public_pem().into());
                }
            }
        }
        Ok(document)
    }

    fn give_secrets(&self, document: &mut Value) {
        for organization in items_mut(document, "organizations") {
            for application in items_mut(organization, "applications") {
                if let Value::Object(members) = application {
                    if members.get("token_endpoint_auth_method").is_some_and(|method| method == BY_KEY) {
                        // How it authenticates is not what is tested, and its private key is not here.
                        members.retain(|member, _| !MEMBERS.contains(&member.as_str()));
                        members.remove("token_endpoint_auth_method");
                    }
                    members.remove("client_secret_sha256");
                    members.insert("client_secret".to_owned(), self.secret.clone().into());
                }
            }
        }
    }

    fn key(&self, algorithm: &'static str) -> Result<Rc<Key>, Failure> {
        if let Some(key) = self.keys.borrow().get(algorithm) {
            return Ok(Rc::clone(key));
        }
        let key = Rc::new(Key::generate(algorithm)?);
        self.keys.borrow_mut().insert(algorithm, Rc::clone(&key));
        Ok(key)
    }
}

/// The application that presents: the one that the case names, or the only one.
fn client(case: &Case, organization: &Value) -> Result<String, Failure> {
    let all = items(organization, "applications");
    match (&case.client, all) {
        // One that is not registered may be what is tested.
        (Some(client), _) => Ok(client.clone()),
        (None, [only]) => Ok(text(only, "client_id").to_owned()),
        (None, _) => Err(case.wrong("client", format_args!("is needed: the organization has {}", all.len()))),
    }
}

fn is_fetched(issuer: &Value) -> bool {
    FETCHED.iter().any(|member| issuer.get(member).is_some())
}

/// What to sign with for an issuer: `wanted`, where it may use that, else the first of what it may.
fn algorithm(issuer: &Value, wanted: Option<&'static str>) -> &'static str {
    let allowed = issuer.get("algorithms").and_then(Value::as_array);
    let may = |name: &&'static str| {
        allowed.is_none_or(|allowed| allowed.iter().any(|one| super::token::algorithm(one) == Some(name)))
    };
    wanted.filter(may).or_else(|| ALGORITHMS.into_iter().find(may)).unwrap_or(ALGORITHMS[0])
}

fn algorithm_of(issuer: &Value) -> &'static str {
    algorithm(issuer, None)
}

fn items<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn items_mut<'a>(value: &'a mut Value, member: &str) -> &'a mut [Value] {
    value.get_mut(member).and_then(Value::as_array_mut).map_or(&mut [], Vec::as_mut_slice)
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}
