//! Keys in the DER forms that other libraries of cryptography read: SubjectPublicKeyInfo (RFC 5280 section
//! 4.1.2.7; RFC 3279, RFC 5480, RFC 8410) and PKCS#8 (RFC 5958).

use alloc::vec::Vec;

use rsa::pkcs1::{RsaPublicKey, UintRef};
use rsa::pkcs8::der::Encode as _;
use rsa::pkcs8::der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use rsa::pkcs8::spki::{AlgorithmIdentifier, SubjectPublicKeyInfo};
use rsa::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use super::curve::Curve;

/// `rsaEncryption` (RFC 3279 section 2.3.1).
pub(super) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-ecPublicKey` (RFC 5480 section 2.1.1).
pub(super) const ID_EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `id-Ed25519` (RFC 8410 section 3).
pub(super) const ID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The named curves (RFC 5480 section 2.1.1.1).
const CURVES: [(Curve, ObjectIdentifier); 3] = [
    (Curve::P256, ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7")),
    (Curve::P384, ObjectIdentifier::new_unwrap("1.3.132.0.34")),
    (Curve::P521, ObjectIdentifier::new_unwrap("1.3.132.0.35")),
];

const SHORT: &str = "a key is shorter than DER can hold";

/// The curve with this object identifier.
pub(super) fn curve_of(oid: ObjectIdentifier) -> Option<Curve> {
    CURVES.into_iter().find(|(_, known)| *known == oid).map(|(curve, _)| curve)
}

fn oid_of(curve: Curve) -> ObjectIdentifier {
    let found = CURVES.into_iter().find(|(known, _)| *known == curve);
    found.expect("every curve is listed").1
}

/// An RSA key as a SubjectPublicKeyInfo.
pub(super) fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let number = |bytes| UintRef::new(bytes).expect(SHORT);
    let key = RsaPublicKey { modulus: number(modulus), public_exponent: number(exponent) };
    let algorithm = AlgorithmIdentifier { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) };
    of_bits(algorithm, &key.to_der().expect(SHORT))
}

/// A point of the curve as a SubjectPublicKeyInfo.
pub(super) fn ec_spki(curve: Curve, point: &[u8]) -> Vec<u8> {
    of_bits(ec(&oid_of(curve)), point)
}

/// An Ed25519 key as a SubjectPublicKeyInfo.
pub(super) fn ed25519_spki(x: &[u8]) -> Vec<u8> {
    of_bits(ed25519(), x)
}

/// An Ed25519 seed as a PKCS#8 document.
pub(super) fn ed25519_pkcs8(seed: &[u8]) -> Zeroizing<Vec<u8>> {
    let seed = OctetStringRef::new(seed).and_then(|seed| seed.to_der()).map(Zeroizing::new);
    wrapped(ed25519(), &seed.expect(SHORT))
}

/// A scalar of the curve as a PKCS#8 document, with its point.
pub(super) fn ec_pkcs8(curve: Curve, scalar: &[u8], point: &[u8]) -> Zeroizing<Vec<u8>> {
    let key = EcPrivateKey { private_key: scalar, parameters: None, public_key: Some(point) };
    let key = Zeroizing::new(key.to_der().expect(SHORT));
    wrapped(ec(&oid_of(curve)), &key)
}

fn ec(curve: &ObjectIdentifier) -> AlgorithmIdentifier<AnyRef<'_>> {
    AlgorithmIdentifier { oid: ID_EC_PUBLIC_KEY, parameters: Some(curve.into()) }
}

const fn ed25519() -> AlgorithmIdentifier<AnyRef<'static>> {
    AlgorithmIdentifier { oid: ID_ED25519, parameters: None }
}

fn of_bits(algorithm: AlgorithmIdentifier<AnyRef<'_>>, key: &[u8]) -> Vec<u8> {
    let subject_public_key = BitStringRef::from_bytes(key).expect(SHORT);
    SubjectPublicKeyInfo { algorithm, subject_public_key }.to_der().expect(SHORT)
}

fn wrapped(algorithm: AlgorithmIdentifier<AnyRef<'_>>, key: &[u8]) -> Zeroizing<Vec<u8>> {
    let key = OctetStringRef::new(key).expect(SHORT);
    Zeroizing::new(PrivateKeyInfoRef::new(algorithm, key).to_der().expect(SHORT))
}
