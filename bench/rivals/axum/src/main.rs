//! The rival in native Rust: the JWT bearer grant as a careful person would write it with axum and
//! jsonwebtoken. It does what the endpoint does for a good request, and no more: client secret, signature,
//! claims, replay in SQLite (WAL, one atomic insert), a signed `at+jwt`.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use clap::Parser;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const LIFETIME: u64 = 3600;
const MAX_LIFETIME: u64 = 3600;
const SKEW: u64 = 60;

#[derive(Parser)]
struct Arguments {
    /// The registrations.
    #[arg(long)]
    trust: PathBuf,
    /// Our issuer identifier.
    #[arg(long)]
    issuer: String,
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    data: PathBuf,
}

/// The part of the seed document that this program understands.
#[derive(Deserialize)]
struct TrustDocument {
    organizations: Vec<Organization>,
}

#[derive(Deserialize)]
struct Organization {
    trusted_issuers: Vec<TrustedIssuer>,
    applications: Vec<Application>,
}

#[derive(Deserialize)]
struct TrustedIssuer {
    issuer: String,
    jwks: Jwks,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Application {
    client_id: String,
    client_secret: String,
    scope: String,
}

/// An issuer's key, parsed once, with what its assertions have to be.
struct VerificationKey {
    issuer: String,
    key: DecodingKey,
    validation: Validation,
}

struct Client {
    secret_sha256: Vec<u8>,
    scope: String,
}

struct Server {
    issuer: String,
    /// By `kid`.
    keys: HashMap<String, VerificationKey>,
    clients: HashMap<String, Client>,
    header: Header,
    signing_key: EncodingKey,
    random: SystemRandom,
    replay: Mutex<Connection>,
}

#[derive(Deserialize)]
struct TokenRequest {
    grant_type: String,
    assertion: String,
    scope: Option<String>,
}

#[derive(Deserialize)]
struct AssertionClaims {
    iss: String,
    sub: String,
    iat: Option<u64>,
    exp: u64,
    jti: String,
}

#[derive(Serialize)]
struct AccessTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    iat: u64,
    exp: u64,
    jti: String,
    scope: &'a str,
    assertion_issuer: &'a str,
}

#[derive(Serialize)]
struct TokenAnswer<'a> {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: &'a str,
}

struct Refused(StatusCode, &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(serde_json::json!({ "error": self.1 }))).into_response()
    }
}

const INVALID_CLIENT: Refused = Refused(StatusCode::UNAUTHORIZED, "invalid_client");
const INVALID_GRANT: Refused = Refused(StatusCode::BAD_REQUEST, "invalid_grant");
const INVALID_SCOPE: Refused = Refused(StatusCode::BAD_REQUEST, "invalid_scope");
const UNSUPPORTED: Refused = Refused(StatusCode::BAD_REQUEST, "unsupported_grant_type");
const UNAVAILABLE: Refused = Refused(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable");

async fn token(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Form(request): Form<TokenRequest>,
) -> Result<Response, Refused> {
    let (client_id, client) = server.authenticate(&headers).ok_or(INVALID_CLIENT)?;
    if request.grant_type != JWT_BEARER {
        return Err(UNSUPPORTED);
    }
    let now = now();
    let claims = server.verify(&request.assertion, now).ok_or(INVALID_GRANT)?;
    let scope = match request.scope.as_deref() {
        None => client.scope.as_str(),
        Some(asked) if asked.split(' ').all(|one| client.scope.split(' ').any(|own| own == one)) => asked,
        Some(_) => return Err(INVALID_SCOPE),
    };
    if !server.reserve(&claims).map_err(|_| UNAVAILABLE)? {
        return Err(INVALID_GRANT);
    }
    let access_token = server.sign(&client_id, &claims, scope, now).map_err(|_| UNAVAILABLE)?;
    let answer = TokenAnswer { access_token, token_type: "Bearer", expires_in: LIFETIME, scope };
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    Ok((headers, Json(answer)).into_response())
}

impl Server {
    fn authenticate(&self, headers: &HeaderMap) -> Option<(String, &Client)> {
        let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let credentials = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
        let credentials = String::from_utf8(credentials).ok()?;
        let (id, secret) = credentials.split_once(':')?;
        let client = self.clients.get(id)?;
        let presented = digest(&SHA256, secret.as_bytes());
        aws_lc_rs::constant_time::verify_slices_are_equal(presented.as_ref(), &client.secret_sha256).ok()?;
        Some((id.to_owned(), client))
    }

    fn verify(&self, assertion: &str, now: u64) -> Option<AssertionClaims> {
        let header = decode_header(assertion).ok()?;
        let known = self.keys.get(header.kid.as_deref()?)?;
        // Checks alg, signature, iss, aud, exp and nbf.
        let claims = decode::<AssertionClaims>(assertion, &known.key, &known.validation).ok()?.claims;
        let issued_in_time =
            claims.iat.is_none_or(|iat| iat <= now + SKEW && now <= iat + MAX_LIFETIME + SKEW);
        let expires_in_time = claims.exp <= now + MAX_LIFETIME + SKEW;
        (claims.iss == known.issuer && issued_in_time && expires_in_time && !claims.sub.is_empty())
            .then_some(claims)
    }

    /// Whether nobody has used the assertion yet.
    fn reserve(&self, claims: &AssertionClaims) -> rusqlite::Result<bool> {
        let key = digest(&SHA256, format!("{}\n{}", claims.iss, claims.jti).as_bytes());
        let replay = self.replay.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut insert =
            replay.prepare_cached("INSERT OR IGNORE INTO replay (key, expires_at) VALUES (?1, ?2)")?;
        Ok(insert.execute(params![key.as_ref(), claims.exp.saturating_add(SKEW) as i64])? == 1)
    }

    fn sign(&self, client_id: &str, claims: &AssertionClaims, scope: &str, now: u64) -> Result<String> {
        let mut id = [0; 16];
        self.random.fill(&mut id)?;
        let claims = AccessTokenClaims {
            iss: &self.issuer,
            sub: &claims.sub,
            aud: &self.issuer,
            client_id,
            iat: now,
            exp: now + LIFETIME,
            jti: URL_SAFE_NO_PAD.encode(id),
            scope,
            assertion_issuer: &claims.iss,
        };
        Ok(encode(&self.header, &claims, &self.signing_key)?)
    }

    fn new(arguments: &Arguments) -> Result<Self> {
        let document: TrustDocument = serde_json::from_slice(&std::fs::read(&arguments.trust)?)?;
        let organization = document.organizations.into_iter().next().context("no organization")?;
        let mut keys = HashMap::new();
        for issuer in organization.trusted_issuers {
            for jwk in issuer.jwks.keys {
                // A key of a kind that jsonwebtoken does not know (P-521) is left out.
                let Ok(jwk) = serde_json::from_value::<Jwk>(jwk) else { continue };
                let (Some(kid), Some(algorithm)) = (&jwk.common.key_id, jwk.common.key_algorithm) else {
                    continue;
                };
                let Ok(algorithm) = algorithm.to_string().parse::<Algorithm>() else { continue };
                let mut validation = Validation::new(algorithm);
                validation.set_audience(&[&arguments.issuer]);
                validation.set_issuer(&[&issuer.issuer]);
                validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
                validation.validate_nbf = true;
                validation.leeway = SKEW;
                let key = DecodingKey::from_jwk(&jwk)?;
                keys.insert(kid.clone(), VerificationKey { issuer: issuer.issuer.clone(), key, validation });
            }
        }
        let client = |application: Application| {
            let secret_sha256 = digest(&SHA256, application.client_secret.as_bytes()).as_ref().to_vec();
            (application.client_id, Client { secret_sha256, scope: application.scope })
        };
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some("rival".to_owned());
        Ok(Self {
            issuer: arguments.issuer.clone(),
            keys,
            clients: organization.applications.into_iter().map(client).collect(),
            header,
            signing_key: EncodingKey::from_ec_der(pkcs8.as_ref()),
            random,
            replay: Mutex::new(open(&arguments.data.join("replay.sqlite3"))?),
        })
    }
}

/// The same promises as those of our replay store: survives the process, not the loss of power.
fn open(file: &std::path::Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS replay (key BLOB PRIMARY KEY NOT NULL, expires_at INTEGER NOT NULL)
         STRICT, WITHOUT ROWID",
    )?;
    Ok(connection)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let server = Arc::new(Server::new(&arguments)?);
    // One core: threads would only cost.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
        let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
        let routes = Router::new().route("/oauth2/token", post(token)).with_state(server);
        axum::serve(listener, routes).await?;
        Ok(())
    })
}
