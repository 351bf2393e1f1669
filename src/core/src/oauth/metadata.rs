//! The metadata of an authorization server (RFC 8414, and the path of OpenID Connect Discovery).

use alloc::rc::Rc;
use alloc::vec::Vec;

use serde_json::json;

use super::client_auth_method::{ClientAuthMethod, SPIFFE_JWT};
use super::grant_type::GrantType;
use super::stated_metadata::StatedMetadata;
use crate::jose::{Algorithm, SigningAlgorithm};
use crate::organization::OrganizationUrls;

/// What an organization offers since something is registered that allows it, and what its administrator states (R67).
#[derive(Clone, Debug, Default)]
pub struct Offered {
    /// Exchange without a client (R29).
    pub without_client: bool,
    /// ID-JAGs are accepted (R38).
    pub id_jag: bool,
    /// Token exchange (R90).
    pub token_exchange: bool,
    /// What no registration tells.
    pub stated: Rc<StatedMetadata>,
}

/// The ID-JAG as a profile of the JWT bearer grant (draft-ietf-oauth-identity-assertion-authz-grant).
const ID_JAG_PROFILE: &str = "urn:ietf:params:oauth:grant-profile:id-jag";

/// The document, as JSON; `signing` are the algorithms of our tokens. Members that RFC 8414 requires but that a server without
/// an authorization endpoint has nothing for are empty lists.
pub fn metadata(urls: &OrganizationUrls, signing: &[SigningAlgorithm], offered: &Offered) -> Vec<u8> {
    let is_offered = |grant_type: &GrantType| match grant_type {
        GrantType::JwtBearer => true,
        GrantType::TokenExchange => offered.token_exchange,
    };
    let grant_types = GrantType::ALL.iter().copied().filter(is_offered).map(GrantType::name);
    let grant_types: Vec<&str> = grant_types.collect();
    let of_clients = ClientAuthMethod::ALL.iter().map(|method| method.name());
    let of_clients: Vec<&str> = of_clients.chain([SPIFFE_JWT]).collect();
    // Only tokens are issued without a client (R110, R111).
    let auth_methods = of_clients.iter().copied().chain(offered.without_client.then_some("none"));
    let auth_methods: Vec<&str> = auth_methods.collect();
    // Ed25519 goes by two names (RFC 9864).
    let algorithms = Algorithm::ALL.iter().map(|algorithm| algorithm.name());
    let algorithms: Vec<&str> = algorithms.chain(["Ed25519"]).collect();
    let mut document = json!({
        "issuer": urls.issuer,
        "token_endpoint": urls.token_endpoint,
        "jwks_uri": urls.jwks_uri,
        "grant_types_supported": grant_types,
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": auth_methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint": urls.introspection_endpoint(),
        "introspection_endpoint_auth_methods_supported": of_clients,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint": urls.revocation_endpoint(),
        "revocation_endpoint_auth_methods_supported": of_clients,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "dpop_signing_alg_values_supported": algorithms,
        "access_token_signing_alg_values_supported": signing,
    });
    if offered.id_jag {
        document["authorization_grant_profiles_supported"] = json!([ID_JAG_PROFILE]);
    }
    offered.stated.add_to(&mut document);
    serde_json::to_vec(&document).expect("a document of plain values is serialisable")
}
