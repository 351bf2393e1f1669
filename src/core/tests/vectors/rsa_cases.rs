//! RSA signatures, good and bad in every way there is, to compare verifiers with each other.
//!
//! A third are good ones or changed afterwards; the rest are made from an encoded block (EM, RFC 8017 section 9) that was
//! changed before it was signed: only the owner of a key can make these, and only the comparison of the whole block
//! refuses them.

use asserta_core::jose::{Algorithm, PublicKey};
use chacha20::ChaCha20Rng;
use rsa::BoxedUint;
use rsa::rand_core::{Rng as _, SeedableRng as _};
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The algorithms of RSA.
pub(crate) const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
];

/// A key pair.
pub(crate) struct Key {
    private: rsa::PrivateKey,
    /// Its public half, to the crate `rsa`.
    pub(crate) theirs: rsa::PublicKey,
    /// Its public half, to us.
    pub(crate) ours: PublicKey,
    /// Signatures that verify: algorithm, message, signature.
    good: Vec<(Algorithm, Vec<u8>, Vec<u8>)>,
}

impl Key {
    pub(crate) fn generate(bits: usize, exponent: u64, random: &mut ChaCha20Rng) -> Self {
        let made = || rsa::PrivateKey::new_with_exp(random, bits, BoxedUint::from(exponent)).ok();
        // An exponent that is no prime has a divisor in common with some keys.
        Self::new(std::iter::repeat_with(made).take(20).flatten().next().expect("a key"))
    }

    pub(crate) fn new(private: rsa::PrivateKey) -> Self {
        let ours = PublicKey::from_rsa(&private.n().to_be_bytes(), &private.e().to_be_bytes());
        let (theirs, ours) = (private.to_public_key(), ours.expect("strong"));
        Self { private, theirs, ours, good: Vec::new() }
    }

    pub(crate) fn bits(&self) -> usize {
        self.private.n().bit_width_vartime() as usize
    }

    fn bytes(&self) -> usize {
        self.bits().div_ceil(8)
    }

    /// The block to the power of the private exponent.
    fn sign_block(&self, block: &[u8]) -> Option<Vec<u8>> {
        use crypto_bigint::modular::BoxedMontyForm;
        let params = self.private.n_params();
        let block = BoxedUint::from_be_slice(block, params.bits_precision()).ok()?;
        if block >= **self.private.n() {
            return None;
        }
        let power = BoxedMontyForm::new(block, params).pow(self.private.d()).retrieve().to_be_bytes();
        Some(power[power.len() - self.bytes()..].to_vec())
    }

    /// The verdict of the crate `rsa`.
    pub(crate) fn verifies_by_rsa(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let key = &self.theirs;
        match algorithm {
            Algorithm::Rs256 => key.pkcs1v15_verify::<Sha256>(message, signature),
            Algorithm::Rs384 => key.pkcs1v15_verify::<Sha384>(message, signature),
            Algorithm::Rs512 => key.pkcs1v15_verify::<Sha512>(message, signature),
            Algorithm::Ps256 => key.pss_verify::<Sha256>(message, signature),
            Algorithm::Ps384 => key.pss_verify::<Sha384>(message, signature),
            Algorithm::Ps512 => key.pss_verify::<Sha512>(message, signature),
            _ => unreachable!("no algorithm of RSA"),
        }
        .is_ok()
    }
}

/// Makes a signature and hands it to `judge`, `count` times. The first of `keys` are taken more often.
pub(crate) fn each(
    keys: &mut [Key],
    count: usize,
    seed: u8,
    mut judge: impl FnMut(&Key, Algorithm, &[u8], &[u8]),
) {
    let mut random = ChaCha20Rng::from_seed([seed; 32]);
    let random = &mut random;
    for _ in 0..count {
        // Half of them with the first key, a quarter with the second, and so on.
        let index = (random.next_u32() | 1 << (keys.len() - 1)).trailing_zeros() as usize;
        let key = &mut keys[index];
        if key.good.len() < 60 {
            let algorithm = any(&ALGORITHMS, random);
            let message = bytes(random, 200);
            let block = block(key, algorithm, &message, Flaw::None, random);
            let signature = key.sign_block(&block).expect("below the modulus");
            judge(key, algorithm, &message, &signature);
            key.good.push((algorithm, message, signature));
        } else if random.next_u32().is_multiple_of(3) {
            let (algorithm, mut message, signature) = key.good[random.next_u32() as usize % 60].clone();
            let signature = changed(key, signature, random);
            if random.next_u32().is_multiple_of(8) {
                message.push(0);
            }
            let algorithm =
                if random.next_u32().is_multiple_of(8) { any(&ALGORITHMS, random) } else { algorithm };
            judge(key, algorithm, &message, &signature);
        } else if random.next_u32().is_multiple_of(4) {
            let algorithm = any(&ALGORITHMS, random);
            let message = bytes(random, 200);
            let block = block(key, algorithm, &message, any(&Flaw::ALL, random), random);
            if let Some(signature) = key.sign_block(&block) {
                judge(key, algorithm, &message, &signature);
            }
        } else {
            let (algorithm, message, signature) = &key.good[random.next_u32() as usize % 60];
            let signature = changed(key, signature.clone(), random);
            judge(key, *algorithm, message, &signature);
        }
    }
}

fn any<T: Copy>(choices: &[T], random: &mut ChaCha20Rng) -> T {
    choices[random.next_u32() as usize % choices.len()]
}

fn bytes(random: &mut ChaCha20Rng, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; random.next_u32() as usize % (most + 1)];
    random.fill_bytes(&mut bytes);
    bytes
}

/// A signature, changed in one of many ways or not at all.
fn changed(key: &Key, mut signature: Vec<u8>, random: &mut ChaCha20Rng) -> Vec<u8> {
    let at = random.next_u32() as usize % signature.len();
    let n = key.private.n().as_ref();
    let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, n.bits_precision() + 64).expect("it fits");
    let n = number(&n.to_be_bytes());
    let text = |number: BoxedUint, longer: usize| {
        let bytes = number.to_be_bytes();
        bytes[bytes.len() - key.bytes() - longer..].to_vec()
    };
    match random.next_u32() % 20 {
        0 => signature,
        1 => signature[at..].to_vec(),
        2 => signature[..at].to_vec(),
        3 => [&[0], &signature[..]].concat(),
        4 => [&signature[..], &[0]].concat(),
        5 => signature[1..].to_vec(),
        6 => text(number(&signature) + &n, 0),
        7 => text(number(&signature) + &n, 1),
        8 => text(n - number(&signature), 0),
        9 => text(n, 0),
        10 => text(n - number(&[1]), 0),
        11 => text(number(&[(random.next_u32() % 3) as u8]), 0),
        12 => vec![0xff; signature.len()],
        13 => {
            random.fill_bytes(&mut signature);
            signature[0] &= 0x7f;
            signature
        }
        14 => Vec::new(),
        15 => {
            signature.reverse();
            signature
        }
        _ => {
            signature[at] ^= 1 << (random.next_u32() % 8);
            signature
        }
    }
}

/// What is wrong with a block.
#[derive(Clone, Copy, PartialEq)]
enum Flaw {
    None,
    /// A bit of it.
    Bit,
    /// All of it.
    Random,
    /// The length of the salt; in PKCS#1 v1.5, shorter padding and bytes after the digest.
    Salt,
    /// What stands before the digest: without NULL, with long lengths, of another hash; in PSS, the separator.
    Structure,
    /// The padding.
    Padding,
    /// The first byte, or the last.
    Ends,
}

impl Flaw {
    const ALL: [Self; 7] =
        [Self::None, Self::Bit, Self::Random, Self::Salt, Self::Structure, Self::Padding, Self::Ends];
}

fn hash(algorithm: Algorithm, parts: &[&[u8]]) -> Vec<u8> {
    let text = parts.concat();
    match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 => Sha256::digest(text).to_vec(),
        Algorithm::Rs384 | Algorithm::Ps384 => Sha384::digest(text).to_vec(),
        _ => Sha512::digest(text).to_vec(),
    }
}

fn block(key: &Key, algorithm: Algorithm, message: &[u8], flaw: Flaw, random: &mut ChaCha20Rng) -> Vec<u8> {
    let mut block = match algorithm {
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => {
            pkcs1v15_block(key.bytes(), algorithm, message, flaw, random)
        }
        _ => pss_block(key.bits(), algorithm, message, flaw, random),
    };
    let (length, at) = (block.len(), random.next_u32() as usize % block.len());
    match flaw {
        Flaw::Bit => block[at] ^= 1 << (random.next_u32() % 8),
        Flaw::Random => {
            random.fill_bytes(&mut block);
            block[0] = 0;
        }
        Flaw::Ends if random.next_u32().is_multiple_of(2) => block[0] ^= 1 << (random.next_u32() % 8),
        Flaw::Ends => block[length - 1] ^= 1 << (random.next_u32() % 8),
        _ => {}
    }
    block
}

fn pkcs1v15_block(
    length: usize,
    algorithm: Algorithm,
    message: &[u8],
    flaw: Flaw,
    random: &mut ChaCha20Rng,
) -> Vec<u8> {
    let digest = hash(algorithm, &[message]);
    let oid = match algorithm {
        Algorithm::Rs256 => 1,
        Algorithm::Rs384 => 2,
        _ => 3,
    };
    let oid = if flaw == Flaw::Structure && random.next_u32().is_multiple_of(4) { oid % 3 + 1 } else { oid };
    let oid = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, oid];
    let variant = if flaw == Flaw::Structure { random.next_u32() % 5 } else { 0 };
    let sequence = |long: bool, inside: &[u8]| {
        let head = if long { vec![0x30, 0x81] } else { vec![0x30] };
        [&head[..], &[inside.len() as u8], inside].concat()
    };
    let identifier = match variant {
        1 => sequence(false, &oid),
        2 => sequence(true, &[&oid[..], &[5, 0]].concat()),
        3 => sequence(false, &[&oid[..], &[5, 0x81, 0]].concat()),
        _ => sequence(false, &[&oid[..], &[5, 0]].concat()),
    };
    let octets = [&[4, digest.len() as u8], &digest[..]].concat();
    let mut info = sequence(variant == 4, &[identifier, octets].concat());
    if flaw == Flaw::Salt {
        info.extend(bytes(random, 60));
    }
    let mut padding = vec![0xff; length - 3 - info.len()];
    if flaw == Flaw::Padding {
        match random.next_u32() % 3 {
            0 => padding.truncate(8),
            1 => padding.clear(),
            _ => {
                let at = random.next_u32() as usize % padding.len();
                padding[at] = 0;
            }
        }
    }
    let kind = if flaw == Flaw::Ends && random.next_u32().is_multiple_of(3) { 2 } else { 1 };
    let mut block = [&[0, kind], &padding[..], &[0], &info].concat();
    // Shortened padding leaves room, which an attacker fills as he likes.
    while block.len() < length {
        block.push(random.next_u32() as u8);
    }
    block
}

fn pss_block(
    bits: usize,
    algorithm: Algorithm,
    message: &[u8],
    flaw: Flaw,
    random: &mut ChaCha20Rng,
) -> Vec<u8> {
    let digest = hash(algorithm, &[message]);
    let (em_bits, hash_length) = (bits - 1, digest.len());
    let length = em_bits.div_ceil(8);
    let most = length - hash_length - 2;
    let salt = match flaw {
        Flaw::Salt => any(&[0, 20, hash_length - 1, hash_length + 1, most], random),
        _ => hash_length,
    };
    let salt: Vec<u8> = (0..salt.min(most)).map(|_| random.next_u32() as u8).collect();
    let digest = hash(algorithm, &[&[0; 8], &digest, &salt]);
    let mut db = vec![0; most - salt.len()];
    db.push(1);
    db.extend(salt);
    if flaw == Flaw::Padding {
        let at = random.next_u32() as usize % (length - 2 * hash_length - 2);
        db[at] ^= 1 << (random.next_u32() % 8);
    }
    if flaw == Flaw::Structure {
        db[length - 2 * hash_length - 2] = any(&[0, 2, 0x81], random);
    }
    let mask = (0_u32..).flat_map(|counter| hash(algorithm, &[&digest, &counter.to_be_bytes()]));
    let mut db: Vec<u8> = db.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    db[0] &= 0xff >> (8 * length - em_bits);
    // With a modulus of 8 n + 1 bits, a byte stands before the block.
    let above = vec![0; bits.div_ceil(8) - length];
    [&above[..], &db, &digest, &[0xbc]].concat()
}
