//! Where keys come from, as the command line says it and as a registration has it.

use std::path::PathBuf;

use clap::Args;
use jwt_simple::reexports::ct_codecs::{Base64, Encoder as _};
use serde_json::{Map, Value};

use super::document::{self, Certificates};
use super::failure::Failure;
use super::output;

// Those of `asserta issuer`. No documentation: clap would make it that of the command.
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

impl Keys {
    /// What the flags say; `None`: nothing.
    pub(super) fn read(self) -> Result<Option<KeySource>, Failure> {
        let Self { jwks_uri, jwks, certificate, discovery } = self;
        let keys = KeySource::read(jwks_uri, jwks, certificate)?;
        Ok(keys.or_else(|| discovery.map(KeySource::discovered_at)))
    }
}

/// Where the keys come from, as a registration says it and as the command line did.
pub(super) struct KeySource {
    member: &'static str,
    value: Value,
    place: String,
}

impl KeySource {
    /// Reads the options of which one at most is given; `None`: none is.
    pub(super) fn read(
        jwks_uri: Option<String>,
        jwks: Option<PathBuf>,
        certificate: Option<PathBuf>,
    ) -> Result<Option<Self>, Failure> {
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
            (None, None, None) => None,
        })
    }

    /// The issuer's metadata says where they are.
    pub(super) fn discovered() -> Self {
        Self { member: "discovery", value: true.into(), place: "--discovery".to_owned() }
    }

    /// The same of the metadata at this URL; `true`: at the well-known addresses.
    fn discovered_at(url: String) -> Self {
        match url.as_str() {
            "true" => Self::discovered(),
            _ => Self { value: url.into(), ..Self::discovered() },
        }
    }

    fn is_fetched(&self) -> bool {
        ["jwks_uri", "discovery"].contains(&self.member)
    }

    /// Writes them into a registration, in place of others.
    pub(super) fn write(&self, registration: &mut Map<String, Value>) {
        for member in ["jwks_uri", "jwks", "certificate", "discovery"] {
            registration.remove(member);
        }
        if !self.is_fetched() {
            // Nothing is fetched any more.
            registration.remove("jwks_ca");
            registration.remove("allow_private");
        }
        registration.insert(self.member.to_owned(), self.value.clone());
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

/// What the server refused, with the file that was at fault.
pub(super) fn named(keys: Option<&KeySource>, failure: Failure) -> Failure {
    match keys {
        Some(keys) => keys.named(failure),
        None => failure,
    }
}

/// Says which of the registered keys will verify nothing, and why (R53), and what may not be meant so (R86): on standard
/// error, where a script sees it too.
pub(super) fn tell_warnings(registration: &Value) {
    tell_skipped(registration);
    let warnings = registration.get("warnings").and_then(Value::as_array);
    // Those of certificates were told above.
    for warning in warnings.into_iter().flatten().filter(|warning| warning["field"] != "certificate") {
        eprintln!("warning: {}: {}", output::member(warning, "field"), output::member(warning, "detail"));
    }
}

/// A registration without what is told by [`tell_warnings`].
pub(super) fn without_warnings(registration: &mut Value) {
    if let Value::Object(members) = registration {
        members.shift_remove("skipped_keys");
        members.shift_remove("warnings");
    }
}

fn tell_skipped(registration: &Value) {
    let skipped = registration.get("skipped_keys").and_then(Value::as_array);
    for key in skipped.into_iter().flatten() {
        eprintln!("warning: {} is not used: {}", output::member(key, "key"), output::member(key, "reason"));
    }
}
