//! A third party: mints assertions with jwt-simple, an implementation that is not ours.

use asserta_exchanger::documents::{ApplicationMetadata, NewApplication, TrustedIssuer};
use asserta_exchanger::{Exchanger, MemoryStore, Options};
use jwt_simple::algorithms::ECDSAP256PublicKeyLike as _;
use jwt_simple::prelude::{Claims, Duration, ECDSAP256KeyPairLike as _, ES256KeyPair};
use jwt_simple::reexports::ct_codecs::{Base64UrlSafeNoPadding, Encoder as _};

/// Where the tests' tokens come from.
pub(crate) const PUBLIC_URL: &str = "https://tokens.example.com";
const ISSUER: &str = "https://partner.example";

/// The third party.
pub(crate) struct Partner(ES256KeyPair);

impl Partner {
    /// One with a new key.
    pub(crate) fn new() -> Self {
        Self(ES256KeyPair::generate())
    }

    /// What an organization registers of it.
    pub(crate) fn as_trusted_issuer(&self) -> TrustedIssuer {
        let certificate = Some(self.0.public_key().to_pem().expect("a public key"));
        TrustedIssuer { certificate, ..TrustedIssuer::new("partner", ISSUER) }
    }

    /// What an organization registers of it where its keys come from an endpoint.
    #[allow(dead_code, reason = "not every test has an endpoint")]
    pub(crate) fn with_endpoint(&self) -> TrustedIssuer {
        let jwks_uri = Some("https://partner.example/jwks".into());
        TrustedIssuer { jwks_uri, ..TrustedIssuer::new("partner", ISSUER) }
    }

    /// Its keys as its endpoint serves them.
    #[allow(dead_code, reason = "not every test has an endpoint")]
    pub(crate) fn jwks(&self) -> String {
        let point = self.0.public_key().public_key().to_bytes_uncompressed();
        let encode = |bytes: &[u8]| Base64UrlSafeNoPadding::encode_to_string(bytes).expect("bytes");
        let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
        format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}]}}"#)
    }

    /// An assertion for us with this `jti`.
    pub(crate) fn assertion(&self, jti: &str) -> String {
        self.signed(ISSUER, "alice", jti)
    }

    /// The same of somebody else about somebody else.
    pub(crate) fn signed(&self, iss: &str, sub: &str, jti: &str) -> String {
        let claims = Claims::create(Duration::from_mins(5))
            .with_issuer(iss)
            .with_subject(sub)
            .with_audience(PUBLIC_URL)
            .with_jwt_id(jti);
        self.0.sign(claims).expect("it can sign")
    }

    /// A JWT-SVID of this workload, as SPIRE makes them: without `iss` and `jti`.
    #[allow(dead_code, reason = "one test alone is about them")]
    pub(crate) fn svid(&self, workload: &str) -> String {
        let claims = Claims::create(Duration::from_mins(5)).with_subject(workload).with_audience(PUBLIC_URL);
        self.0.sign(claims).expect("it can sign")
    }
}

/// An exchanger that trusts the partner, over this store, and an application of it.
pub(crate) fn exchanger(
    partner: &Partner,
    store: MemoryStore,
    options: Options,
) -> (Exchanger<MemoryStore>, NewApplication) {
    let mut exchanger = Exchanger::new(store, options).expect("it starts");
    exchanger.replace_trusted_issuer("default", &partner.as_trusted_issuer()).expect("a good issuer");
    let metadata =
        ApplicationMetadata { scope: Some("read write".into()), ..ApplicationMetadata::jwt_bearer() };
    let application = exchanger.register_application("default", &metadata).expect("a good application");
    (exchanger, application)
}
