//! `asserta mint`: a test assertion, as a trusted third party would issue it.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use jwt_simple::claims::Audiences;
use jwt_simple::prelude::{Claims, Duration};
use serde_json::{Map, Value};

use super::data::random_text;
use super::failure::Failure;
use super::key_file::KeyFile;
use super::output;
use super::signer::AssertionClaims;

/// Signs a test assertion, as a trusted third party would, and prints it.
///
///   asserta mint --key partner.pem --generate --iss https://idp.example --sub alice \
///     --aud http://127.0.0.1:3000
///   asserta issuer add partner --issuer https://idp.example --certificate partner.pub.pem
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Mint {
    #[command(flatten)]
    key: KeyFile,
    /// Who issues it; empty for nobody, as in a JWT-SVID.
    #[arg(long)]
    iss: String,
    /// Whom it is about.
    #[arg(long)]
    sub: String,
    /// Whom it is for: our issuer identifier or token endpoint; repeatable.
    #[arg(long, required = true)]
    aud: Vec<String>,
    /// How long it is valid; negative for one that has expired.
    #[arg(long, default_value_t = 300, allow_negative_numbers = true, value_name = "SECONDS")]
    expires_in: i64,
    /// Its identifier. By default a random one; empty for none.
    #[arg(long)]
    jti: Option<String>,
    /// Which of the issuer's keys it is.
    #[arg(long)]
    kid: Option<String>,
    /// The media type in its header [default: JWT].
    #[arg(long)]
    typ: Option<String>,
    /// A further claim; repeatable. VALUE is JSON, or else a string.
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    claims: Vec<String>,
}

/// Claims that have an option of their own, or follow from one.
const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

impl Mint {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut signer = self.key.signer()?;
        if let Some(kid) = &self.kid {
            signer = signer.with_kid(kid);
        }
        let mut others = Map::new();
        for text in &self.claims {
            let (name, value) =
                text.split_once('=').ok_or_else(|| Failure::invalid("--claim", "must be NAME=VALUE"))?;
            if REGISTERED.contains(&name) {
                return Err(Failure::invalid("--claim", format_args!("{name} is set by its own option")));
            }
            others.insert(name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into()));
        }
        let mut claims = claims(&self.iss, &self.sub, &self.aud, self.expires_in, others);
        claims.issuer = Some(self.iss).filter(|iss| !iss.is_empty());
        claims.jwt_id = match self.jti {
            None => Some(random_text()?),
            Some(jti) => Some(jti).filter(|jti| !jti.is_empty()),
        };
        output::line(signer.sign(claims, self.typ.as_deref())?)?;
        Ok(())
    }
}

/// The claims of an assertion that is issued now.
pub(crate) fn claims(
    iss: &str,
    sub: &str,
    aud: &[String],
    expires_in: i64,
    others: Map<String, Value>,
) -> AssertionClaims {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut claims =
        Claims::with_custom_claims(others, Duration::from_secs(0)).with_issuer(iss).with_subject(sub);
    claims.issued_at = Some(Duration::from_secs(now));
    claims.expires_at = Some(Duration::from_secs(now.saturating_add_signed(expires_in)));
    claims.invalid_before = None;
    claims.audiences = Some(match aud {
        [one] => Audiences::AsString(one.clone()),
        several => Audiences::AsSet(several.iter().cloned().collect::<HashSet<_>>()),
    });
    claims
}
