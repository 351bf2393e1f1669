//! How an application authenticates, as the command line says it (RFC 7591 section 2; R22, R27, R28).

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use super::failure::Failure;
use super::key_source::{KeySource, named};

/// The members that authentication by key has, beside where its own keys are.
pub(super) const MEMBERS: [&str; 6] = [
    "jwks_uri",
    "jwks",
    "certificate",
    "token_endpoint_auth_signing_alg",
    "client_assertion_issuer",
    "client_assertion_subject",
];

#[derive(Args)]
#[command(next_help_heading = "Authentication")]
pub(super) struct Authentication {
    /// How it sends its secret: in the Authorization header, or in the body too [default: basic].
    #[arg(long, value_name = "METHOD", conflicts_with = "private_key_jwt")]
    auth_method: Option<AuthMethod>,
    /// It authenticates with JWTs that its key signs, and has no secret. One of the four options below says which key.
    #[arg(long)]
    private_key_jwt: bool,
    /// Its JWKS endpoint.
    #[arg(long, value_name = "URL", conflicts_with_all = ["jwks", "certificate", "client_assertion_issuer"])]
    jwks_uri: Option<String>,
    /// A file with its keys as a JWK set.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["certificate", "client_assertion_issuer"])]
    jwks: Option<PathBuf>,
    /// A file with its X.509 certificates or public keys: PEM, or one in DER.
    #[arg(long, value_name = "FILE", conflicts_with = "client_assertion_issuer")]
    certificate: Option<PathBuf>,
    /// The trusted issuer whose JWTs authenticate it, in place of a key of its own.
    #[arg(long, value_name = "NAME")]
    client_assertion_issuer: Option<String>,
    /// The `sub` of these JWTs: of a JWT-SVID, the SPIFFE ID.
    #[arg(long, value_name = "SUB")]
    client_assertion_subject: Option<String>,
    /// The only algorithm of its JWTs, such as ES256. By default all that its keys allow.
    #[arg(long, value_name = "ALG")]
    auth_signing_alg: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum AuthMethod {
    Basic,
    Post,
}

/// What was read of the files, so that the server's problem with one can be told by its name.
pub(super) struct Written(Option<KeySource>);

impl Written {
    /// What the server refused, with the file that was at fault.
    pub(super) fn named(&self, failure: Failure) -> Failure {
        named(self.0.as_ref(), failure)
    }
}

impl Authentication {
    /// Writes what is given into a registration. Another way to authenticate leaves nothing of the one before.
    pub(super) fn write(self, application: &mut Map<String, Value>) -> Result<Written, Failure> {
        if let Some(method) = self.auth_method {
            for member in MEMBERS {
                application.remove(member);
            }
            let method = match method {
                AuthMethod::Basic => "client_secret_basic",
                AuthMethod::Post => "client_secret_post",
            };
            application.insert("token_endpoint_auth_method".to_owned(), method.into());
        }
        if self.private_key_jwt {
            application.insert("token_endpoint_auth_method".to_owned(), "private_key_jwt".into());
        }
        let keys = KeySource::read(self.jwks_uri, self.jwks, self.certificate)?;
        if let Some(keys) = &keys {
            application.remove("client_assertion_issuer");
            application.remove("client_assertion_subject");
            keys.write(application);
        }
        if let Some(issuer) = self.client_assertion_issuer {
            for member in MEMBERS.into_iter().filter(|member| *member != "client_assertion_subject") {
                application.remove(member);
            }
            application.insert("client_assertion_issuer".to_owned(), issuer.into());
        }
        for (member, value) in [
            ("client_assertion_subject", self.client_assertion_subject),
            ("token_endpoint_auth_signing_alg", self.auth_signing_alg),
        ] {
            if let Some(value) = value {
                application.insert(member.to_owned(), value.into());
            }
        }
        Ok(Written(keys))
    }
}
