//! `asserta proof`: a DPoP proof, as a client makes one for each of its requests (RFC 9449).

use std::time::{SystemTime, UNIX_EPOCH};

use asserta::signatures::{self, Signatures};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Encoder as _};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::data::random_text;
use super::explain::read_argument;
use super::failure::Failure;
use super::key_file::KeyFile;
use super::output;
use super::signer::{Algorithm, Signer};

/// Signs a DPoP proof for one request, as a client would, and prints it (RFC 9449).
///
/// It is the value of the header `DPoP`.
///
///   asserta proof --key client.pem --generate --url http://127.0.0.1:3000/oauth2/token
///
/// The token that is got with it is bound to the key. Each request that presents the token needs
/// another proof, by the same key:
///
///   asserta proof --key client.pem --method GET --url https://api.example/orders \
///     --access-token @token.jwt
#[derive(Args)]
#[command(verbatim_doc_comment, mut_arg("alg", |arg| arg.value_parser(of_proofs())))]
pub(crate) struct Proof {
    #[command(flatten)]
    key: KeyFile,
    /// The method of the request.
    #[arg(long, default_value = "POST")]
    method: String,
    /// Its URL; query and fragment are left out.
    #[arg(long)]
    url: String,
    /// The server's nonce, where it has asked for one (`DPoP-Nonce`).
    #[arg(long, allow_hyphen_values = true)]
    nonce: Option<String>,
    /// The access token that the request presents: itself, @FILE, or - for standard input. At a token endpoint there is none.
    #[arg(long, value_name = "TOKEN")]
    access_token: Option<String>,
    /// Its identifier. By default a random one.
    #[arg(long)]
    jti: Option<String>,
}

impl Proof {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let url = target(&self.url)?;
        let mut claims = Map::new();
        let jti = self.jti.map_or_else(random_text, Ok)?;
        claims.insert("jti".to_owned(), jti.into());
        claims.insert("htm".to_owned(), self.method.into());
        claims.insert("htu".to_owned(), url.into());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        claims.insert("iat".to_owned(), now.into());
        if let Some(token) = self.access_token {
            let digest = Sha256::digest(read_argument(&token)?.trim().as_bytes());
            claims.insert("ath".to_owned(), base64url(&digest)?.into());
        }
        if let Some(nonce) = self.nonce {
            claims.insert("nonce".to_owned(), nonce.into());
        }
        output::line(signed(&self.key.signer()?, Value::Object(claims))?)?;
        Ok(())
    }
}

/// Clients may use others, too; these two each library has.
fn of_proofs() -> impl TypedValueParser<Value = Algorithm> {
    PossibleValuesParser::new(["ES256", "EdDSA"])
        .map(|name| if name == "ES256" { Algorithm::Es256 } else { Algorithm::EdDsa })
}

/// RFC 9449 section 4.2: without query and fragment.
fn target(url: &str) -> Result<&str, Failure> {
    if !["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(Failure::invalid("--url", "must begin with https:// or http://"));
    }
    Ok(url.split(['?', '#']).next().unwrap_or_default())
}

/// A compact JWS with the public key in its header. jwt-simple, which signs assertions, knows no such header.
fn signed(signer: &Signer, claims: Value) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::invalid("--key", error);
    let (algorithm, private, public) = match signer {
        Signer::Es256(key) => {
            let private = key.to_der().map_err(|error| failed(&error))?;
            (signatures::Algorithm::Es256, private, key.public_key().to_jwk())
        }
        Signer::EdDsa(key) => (signatures::Algorithm::EdDsa, key.to_der(), key.public_key().to_jwk()),
        _ => return Err(Failure::invalid("--alg", "must be ES256 or EdDSA")),
    };
    let name = if algorithm == signatures::Algorithm::Es256 { "ES256" } else { "EdDSA" };
    let jwk: Value = serde_json::from_str(&public).map_err(|error| failed(&error))?;
    let header = json!({"typ": "dpop+jwt", "alg": name, "jwk": jwk});
    let input = format!(
        "{}.{}",
        base64url(header.to_string().as_bytes())?,
        base64url(claims.to_string().as_bytes())?
    );
    let signature = Signatures::default()
        .sign(algorithm, &private, input.as_bytes())
        .map_err(|_| Failure::invalid("--key", "it can't sign"))?;
    Ok(format!("{input}.{}", base64url(&signature)?))
}

fn base64url(bytes: &[u8]) -> Result<String, Failure> {
    Base64UrlSafeNoPadding::encode_to_string(bytes).map_err(|error| Failure::invalid("the proof", error))
}
