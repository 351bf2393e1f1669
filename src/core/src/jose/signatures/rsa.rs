//! Verifying RS* and PS* (RFC 8017 sections 8.1.2 and 8.2.2).
//!
//! The crate `rsa` raises to the public exponent in constant time, which costs twice as much and protects nothing: key,
//! exponent and signature are public. Here it is left-to-right square and multiply over the crate's own bigints; why
//! this is no own cryptography beyond that, and what holds it, is docs/decisions/0007. Nothing private comes in here:
//! signing stays with `rsa`.

use alloc::vec;
use alloc::vec::Vec;

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams, FixedMontyParams};
use crypto_bigint::{BoxedUint, MontyForm, MontyMultiplier as _, Odd, U2048, U4096, Uint};
use sha2::Digest;

type Multiplier<'a> = <BoxedMontyForm as MontyForm>::Multiplier<'a>;

/// An RSA public key, ready to verify: the modulus is kept as Montgomery arithmetic wants it.
#[derive(Clone)]
pub(in crate::jose) struct PublicKey {
    params: BoxedMontyParams,
    exponent: u64,
    /// The bits of the modulus.
    bits: usize,
}

/// A hash that RS* and PS* use. It is a value and no type: the checks below would be compiled once for each type.
pub(super) struct Hash {
    /// What stands before the digest in a DER-encoded DigestInfo (RFC 8017 section 9.2, note 1).
    digest_info: [u8; 19],
    /// The digest of these parts, one after the other.
    digest: fn(&[&[u8]]) -> Vec<u8>,
}

pub(super) const SHA256: Hash = Hash { digest_info: digest_info(1, 32), digest: digest::<sha2::Sha256> };
pub(super) const SHA384: Hash = Hash { digest_info: digest_info(2, 48), digest: digest::<sha2::Sha384> };
pub(super) const SHA512: Hash = Hash { digest_info: digest_info(3, 64), digest: digest::<sha2::Sha512> };

fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = D::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().to_vec()
}

const fn digest_info(oid: u8, digest_bytes: u8) -> [u8; 19] {
    let length = digest_bytes + 17;
    let (info, sha2) =
        ([0x30, length, 0x30, 0x0d, 0x06, 0x09], [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, oid]);
    let [a, b, c, d, e, f] = info;
    let [g, h, i, j, k, l, m, n, o] = sha2;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, 0x05, 0x00, 0x04, digest_bytes]
}

const U2048_LIMBS: usize = U2048::LIMBS;
const U4096_LIMBS: usize = U4096::LIMBS;

/// For a modulus that fits. None if it does not, or is even.
fn params<const LIMBS: usize>(modulus: &[u8]) -> Option<BoxedMontyParams> {
    let mut bytes = vec![0; Uint::<LIMBS>::BYTES];
    let start = bytes.len().checked_sub(modulus.len())?;
    bytes[start..].copy_from_slice(modulus);
    let n = Odd::new(Uint::<LIMBS>::from_be_slice(&bytes)).into_option()?;
    Some(FixedMontyParams::new_vartime(n).into())
}

impl PublicKey {
    /// From the modulus, big-endian and without leading zeros, and the exponent. None if either is even. How large they
    /// may be is for the caller to say (R31).
    pub(in crate::jose) fn new(modulus: &[u8], exponent: u64) -> Option<Self> {
        let n = Odd::new(BoxedUint::from_be_slice_vartime(modulus)).into_option()?;
        let bits = n.bit_width_vartime() as usize;
        let params = BoxedMontyParams::new_vartime(n);
        (exponent % 2 == 1).then_some(Self { params, exponent, bits })
    }

    /// As [`new`](Self::new), for a modulus of at most 4096 bits; none for a longer one. The same key, by less code: numbers of
    /// one of two widths need no products of any width (docs/decisions/0014). What has 2049 to 4095 bits verifies slower.
    pub(in crate::jose) fn up_to_4096_bits(modulus: &[u8], exponent: u64) -> Option<Self> {
        let bits = modulus.len() * 8 - modulus.first()?.leading_zeros() as usize;
        let params =
            if bits <= 2048 { params::<U2048_LIMBS>(modulus) } else { params::<U4096_LIMBS>(modulus) }?;
        (exponent % 2 == 1).then_some(Self { params, exponent, bits })
    }

    /// The modulus, big-endian, without leading zeros.
    pub(in crate::jose) fn modulus(&self) -> Vec<u8> {
        let bytes = self.params.modulus().as_ref().to_be_bytes();
        bytes[bytes.len() - self.bytes()..].to_vec()
    }

    pub(in crate::jose) const fn exponent(&self) -> u64 {
        self.exponent
    }

    /// The bits of the modulus.
    pub(in crate::jose) const fn bits(&self) -> usize {
        self.bits
    }

    /// How many products modulo the modulus one verification takes.
    pub(in crate::jose) const fn products(&self) -> u32 {
        let squares = self.exponent.ilog2();
        squares + self.exponent.count_ones()
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.2): the message is encoded, and the whole block compared.
    pub(super) fn verifies_pkcs1v15(&self, hash: &Hash, message: &[u8], signature: &[u8]) -> bool {
        let Some(recovered) = self.recover(signature) else { return false };
        let digest = (hash.digest)(&[message]);
        let info = hash.digest_info;
        // 00 01 FF … FF 00 DigestInfo digest. The least modulus that is taken leaves room for more than 8 bytes of FF.
        let padding = recovered.len() - info.len() - digest.len() - 3;
        let mut expected = vec![0xff; 2 + padding];
        expected[..2].copy_from_slice(&[0, 1]);
        expected.push(0);
        expected.extend_from_slice(&info);
        expected.extend_from_slice(&digest);
        recovered == expected
    }

    /// RSASSA-PSS (RFC 8017 section 8.1.2) with MGF1 of the same hash and a salt as long as the hash, as RFC 7518
    /// section 3.5 has it. The numbers are the steps of section 9.1.2.
    pub(super) fn verifies_pss(&self, hash: &Hash, message: &[u8], signature: &[u8]) -> bool {
        let Some(recovered) = self.recover(signature) else { return false };
        // A byte shorter than the modulus, if that begins with a byte of 1.
        let em_bits = self.bits - 1;
        let (above, em) = recovered.split_at(recovered.len() - em_bits.div_ceil(8));
        let unused = 8 * em.len() - em_bits;
        let message = (hash.digest)(&[message]);
        // 3, 4, 5. The least modulus that is taken is long enough for every hash.
        let [masked @ .., 0xbc] = em else { return false };
        let (masked, digest) = masked.split_at(masked.len() - message.len());
        // 6, and what is above `em`.
        let mask = 0xff >> unused;
        if above.iter().any(|byte| *byte != 0) || masked[0] & !mask != 0 {
            return false;
        }
        // 7, 8, 9.
        let mut db = masked.to_vec();
        for (counter, chunk) in (0_u32..).zip(db.chunks_mut(digest.len())) {
            let block = (hash.digest)(&[digest, &counter.to_be_bytes()]);
            chunk.iter_mut().zip(block).for_each(|(byte, mask)| *byte ^= mask);
        }
        db[0] &= mask;
        // 10, 11.
        let (padding, salt) = db.split_at(db.len() - message.len());
        let [zeros @ .., 1] = padding else { return false };
        // 12, 13, 14.
        let again = (hash.digest)(&[&[0; 8], &message, salt]);
        zeros.iter().all(|byte| *byte == 0) && again == digest
    }

    /// RSAVP1 (RFC 8017 section 5.2.2) between OS2IP and I2OSP: the signature to the power of the exponent, as long as
    /// the modulus. None for a signature of another length, or one that is no number below the modulus.
    fn recover(&self, signature: &[u8]) -> Option<Vec<u8>> {
        if signature.len() != self.bytes() {
            return None;
        }
        let s = BoxedUint::from_be_slice(signature, self.params.bits_precision()).ok()?;
        if s >= **self.params.modulus() {
            return None;
        }
        let mut product = Multiplier::from(&self.params);
        let base = BoxedMontyForm::new(s.clone(), &self.params);
        let (mut power, mut root) = (base.clone(), base.clone());
        // With limbs of 32 bits the crate squares as it multiplies, and carries the code for 64 along.
        let mut square = |power: &mut BoxedMontyForm, product: &mut Multiplier<'_>| {
            if cfg!(target_pointer_width = "64") {
                product.square_assign(power);
            } else {
                root.copy_montgomery_from(power);
                product.mul_assign(power, &root);
            }
        };
        for bit in (1..self.exponent.ilog2()).rev() {
            square(&mut power, &mut product);
            if self.exponent >> bit & 1 == 1 {
                product.mul_assign(&mut power, &base);
            }
        }
        // The last bit is set, and its product is of a Montgomery form with a plain number: that is a plain number, and
        // nothing is left to convert.
        square(&mut power, &mut product);
        product.mul_assign(&mut power, &BoxedMontyForm::from_montgomery(s, &self.params));
        let bytes = power.as_montgomery().to_be_bytes();
        Some(bytes[bytes.len() - signature.len()..].to_vec())
    }

    const fn bytes(&self) -> usize {
        self.bits.div_ceil(8)
    }
}
