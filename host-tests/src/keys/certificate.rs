//! X.509 certificates of test keys, valid when a scenario wants them to be.

use anyhow::Result;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use time::OffsetDateTime;

use super::TestKey;

impl TestKey {
    /// A self-signed certificate, valid from `not_before` to `not_after` (seconds since 1970), in DER.
    ///
    /// # Errors
    /// The key is of a kind that certificates are not made for here.
    pub fn certificate_der(&self, not_before: i64, not_after: i64) -> Result<Vec<u8>> {
        Ok(self.certificate(not_before, not_after)?.der().to_vec())
    }

    /// The same in PEM.
    ///
    /// # Errors
    /// As [`certificate_der`](Self::certificate_der).
    pub fn certificate_pem(&self, not_before: i64, not_after: i64) -> Result<String> {
        Ok(self.certificate(not_before, not_after)?.pem())
    }

    fn certificate(&self, not_before: i64, not_after: i64) -> Result<rcgen::Certificate> {
        let key = KeyPair::try_from(self.private_der()?)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("test key {}", self.name()));
        params.not_before = OffsetDateTime::from_unix_timestamp(not_before)?;
        params.not_after = OffsetDateTime::from_unix_timestamp(not_after)?;
        Ok(params.self_signed(&key)?)
    }
}
