//! TLS towards the endpoints of issuers' keys: which certificate authorities count. Those of a file also serve a Redis.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{self, CertificateDer};
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};

use crate::bindings::http::FetchProblem;

/// A file of certificate authorities that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// It cannot be read, or is not PEM.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pki_types::pem::Error,
    },
    /// It holds no certificate, or one that cannot be an authority.
    #[error("{}: no usable certificate in it", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Certificate authorities of a file. For JWKS endpoints they count beside those of the operating system; for a
/// Redis, which belongs to the operator, instead of them.
#[derive(Clone, Debug, Default)]
pub struct Authorities {
    certificates: Vec<CertificateDer<'static>>,
    pem: Vec<u8>,
}

impl Authorities {
    /// All certificates of a PEM file.
    pub fn from_pem_file(path: &Path) -> Result<Self, AuthorityError> {
        let unreadable = |source| AuthorityError::Unreadable { path: path.to_owned(), source };
        let pem = std::fs::read(path).map_err(|source| unreadable(pki_types::pem::Error::Io(source)))?;
        let certificates = CertificateDer::pem_slice_iter(&pem);
        let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        let mut probe = RootCertStore::empty();
        if certificates.is_empty() || certificates.iter().any(|one| probe.add(one.clone()).is_err()) {
            return Err(AuthorityError::Empty { path: path.to_owned() });
        }
        Ok(Self { certificates, pem })
    }

    /// The text of the file.
    pub(crate) fn pem(&self) -> &[u8] {
        &self.pem
    }
}

/// Makes the TLS configuration once, at the first fetch: reading the operating system's certificates
/// takes longer than starting the host.
#[derive(Default)]
pub(super) struct Tls {
    authorities: Authorities,
    connector: OnceLock<TlsConnector>,
}

impl Tls {
    pub(super) fn new(authorities: Authorities) -> Self {
        Self { authorities, connector: OnceLock::new() }
    }

    /// The connector for an endpoint: with the authorities of its registration alone, where it has some (R55).
    pub(super) fn connector(&self, registered: Option<&str>) -> Result<TlsConnector, FetchProblem> {
        if let Some(pem) = registered {
            return of_registration(pem).ok_or(FetchProblem::Authorities);
        }
        self.usual().map_err(|_| FetchProblem::Unknown)
    }

    fn usual(&self) -> Result<TlsConnector, Error> {
        if let Some(connector) = self.connector.get() {
            return Ok(connector.clone());
        }
        let connector = trusting(usual_roots(&self.authorities)?)?;
        Ok(self.connector.get_or_init(|| connector).clone())
    }
}

/// Made anew for each fetch: there is one in 30 seconds at most, and few certificates are read in no time.
fn of_registration(pem: &str) -> Option<TlsConnector> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(authority.ok()?).ok()?;
    }
    if roots.is_empty() {
        return None;
    }
    trusting(roots).ok()
}

fn usual_roots(authorities: &Authorities) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        tracing::info!("this system has no certificate authorities; Mozilla's are used");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for authority in &authorities.certificates {
        roots.add(authority.clone())?;
    }
    Ok(roots)
}

fn trusting(roots: RootCertStore) -> Result<TlsConnector, Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
