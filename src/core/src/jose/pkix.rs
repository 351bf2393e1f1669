//! Keys in the DER forms that other libraries of cryptography read: SubjectPublicKeyInfo (RFC 5280 section
//! 4.1.2.7; RFC 3279, RFC 5480, RFC 8410) and PKCS#8 (RFC 5958).

use alloc::vec::Vec;

use rsa::pkcs8::der::Encode as _;
use rsa::pkcs8::der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use rsa::pkcs8::spki::{AlgorithmIdentifier, SubjectPublicKeyInfo};
use rsa::pkcs8::{EncodePublicKey as _, ObjectIdentifier, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use super::public_key::{Curve, Material, PublicKey};
use super::sign::SigningKey;

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: AlgorithmIdentifier<AnyRef<'_>> =
    AlgorithmIdentifier { oid: ObjectIdentifier::new_unwrap("1.3.101.112"), parameters: None };

const SHORT: &str = "a key is shorter than DER can hold";

/// The public key as a SubjectPublicKeyInfo.
pub(super) fn spki(key: &PublicKey) -> Vec<u8> {
    match &key.0 {
        Material::Rsa(key) => key.to_public_key_der().expect(SHORT).into_vec(),
        Material::P256(key) => ec_spki(Curve::P256, &key.to_uncompressed()),
        Material::P384(key) => ec_spki(Curve::P384, key.to_sec1_point(false).as_bytes()),
        Material::P521(key) => ec_spki(Curve::P521, key.to_sec1_point(false).as_bytes()),
        Material::Ed25519(key) => of_bits(ED25519, key.as_bytes()),
    }
}

/// The private key as a PKCS#8 document. The point is that of the public half: to compute it anew would cost more than
/// a signature.
pub(super) fn pkcs8(key: &SigningKey) -> Zeroizing<Vec<u8>> {
    let secret = key.to_stored();
    match &key.public_key().0 {
        Material::Ed25519(_) => {
            let seed = OctetStringRef::new(&secret).and_then(|seed| seed.to_der()).map(Zeroizing::new);
            wrapped(ED25519, &seed.expect(SHORT))
        }
        Material::P256(public) => {
            let point = public.to_uncompressed();
            let key = EcPrivateKey { private_key: &secret, parameters: None, public_key: Some(&point) };
            let key = Zeroizing::new(key.to_der().expect(SHORT));
            wrapped(AlgorithmIdentifier { oid: EC, parameters: Some((&P256).into()) }, &key)
        }
        // An RSA key is stored in this form; the other curves sign nothing of ours.
        Material::Rsa(_) | Material::P384(_) | Material::P521(_) => secret,
    }
}

fn ec_spki(curve: Curve, point: &[u8]) -> Vec<u8> {
    let curve = match curve {
        Curve::P256 => &P256,
        Curve::P384 => &P384,
        Curve::P521 => &P521,
    };
    of_bits(AlgorithmIdentifier { oid: EC, parameters: Some(curve.into()) }, point)
}

fn of_bits(algorithm: AlgorithmIdentifier<AnyRef<'_>>, key: &[u8]) -> Vec<u8> {
    let subject_public_key = BitStringRef::from_bytes(key).expect(SHORT);
    SubjectPublicKeyInfo { algorithm, subject_public_key }.to_der().expect(SHORT)
}

fn wrapped(algorithm: AlgorithmIdentifier<AnyRef<'_>>, key: &[u8]) -> Zeroizing<Vec<u8>> {
    let key = OctetStringRef::new(key).expect(SHORT);
    Zeroizing::new(PrivateKeyInfoRef::new(algorithm, key).to_der().expect(SHORT))
}
