//! Where the keys of a trusted issuer come from, by the flags of `asserta issuer`.

use std::path::PathBuf;

use clap::Args;
use jwt_simple::reexports::ct_codecs::{Base64, Encoder as _};
use serde_json::{Map, Value};

use super::document::{self, Certificates};
use super::failure::Failure;

// No documentation: clap would make it that of the command.
#[derive(Args)]
#[group(required = false, multiple = false)]
pub(super) struct Keys {
    /// Its JWKS endpoint.
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// A file with its keys as a JWK set.
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// A file with its X.509 certificates or public keys: PEM, or one in DER.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Its metadata says where its keys are: that at the issuer's well-known addresses, or at this URL.
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "true")]
    discovery: Option<String>,
}

/// What the server refused, with the file that was at fault.
pub(super) fn named(keys: Option<&KeySource>, failure: Failure) -> Failure {
    match keys {
        Some(keys) => keys.named(failure),
        None => failure,
    }
}

/// Where the keys come from, as a registration says it and as the command line did.
pub(super) struct KeySource {
    member: &'static str,
    value: Value,
    place: String,
}

impl KeySource {
    /// What the flags say; `None`: nothing.
    pub(super) fn read(keys: Keys) -> Result<Option<Self>, Failure> {
        let Keys { jwks_uri, jwks, certificate, discovery } = keys;
        Ok(match (jwks_uri, jwks, certificate) {
            (Some(uri), ..) => {
                Some(Self { member: "jwks_uri", value: uri.into(), place: "--jwks-uri".to_owned() })
            }
            (None, Some(path), _) => {
                let place = format!("--jwks {}", path.display());
                Some(Self { member: "jwks", value: document::jwk_set(&place, &path)?, place })
            }
            (None, None, Some(path)) => {
                let place = format!("--certificate {}", path.display());
                // PEM as it is, DER in base64.
                let value = match document::certificates(&place, &path)? {
                    Certificates::Text(text) => text,
                    Certificates::Der(der) => {
                        Base64::encode_to_string(der).map_err(|error| Failure::invalid(&place, error))?
                    }
                };
                Some(Self { member: "certificate", value: value.into(), place })
            }
            (None, None, None) => discovery.map(|place| match place.as_str() {
                "true" => Self::discovered(),
                _ => Self { value: place.into(), ..Self::discovered() },
            }),
        })
    }

    /// The issuer's metadata says where they are.
    pub(super) fn discovered() -> Self {
        Self { member: "discovery", value: true.into(), place: "--discovery".to_owned() }
    }

    fn is_fetched(&self) -> bool {
        ["jwks_uri", "discovery"].contains(&self.member)
    }

    /// Writes them into a registration, in place of others.
    pub(super) fn write(&self, issuer: &mut Map<String, Value>) {
        for member in ["jwks_uri", "jwks", "certificate", "discovery"] {
            issuer.remove(member);
        }
        if !self.is_fetched() {
            // Nothing is fetched any more.
            issuer.remove("jwks_ca");
            issuer.remove("allow_private");
        }
        issuer.insert(self.member.to_owned(), self.value.clone());
    }

    /// Names the file in what the server found in it. A body that is too large is that by its keys.
    fn named(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Refused { field: Some(ref field), .. }
                if field.split(['.', '[']).next() == Some(self.member) =>
            {
                failure.within(&self.place)
            }
            Failure::Refused { status: 413, .. } => Failure::invalid(&self.place, "must not exceed 64 KiB"),
            other => other,
        }
    }
}
