//! RSA keys whose primes are guessable from the modulus (CVE-2017-15361, "ROCA").
//!
//! A widespread smart-card library made primes of the form `k·M + (65537^a mod M)`, `M` being a
//! product of small primes. Such a modulus is a power of 65537 modulo each of them; for another
//! modulus the chance to be one modulo all the primes below is under one in a hundred million.
//! (Nemec et al., "The Return of Coppersmith's Attack", CCS 2017, section 2.)

/// Primes that divide `M` for every size of key, and in whose groups 65537 generates few elements.
const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Whether the big-endian modulus has the fingerprint.
pub(super) fn has_fingerprint(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power_of_65537(remainder(modulus, *prime), *prime))
}

fn remainder(number: &[u8], prime: u32) -> u32 {
    number.iter().fold(0, |remainder, byte| (remainder << 8 | u32::from(*byte)) % prime)
}

fn is_power_of_65537(number: u32, prime: u32) -> bool {
    let mut power = 1;
    for _ in 0..prime {
        if power == number {
            return true;
        }
        power = power * 65_537 % prime;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_moduli_are_rarely_powers() {
        // What the head of the file says about chance, from the orders of 65537.
        let mut share = 1.0;
        for prime in PRIMES {
            let powers = (0..prime).filter(|number| is_power_of_65537(*number, prime)).count();
            share *= powers as f64 / f64::from(prime - 1);
        }
        assert!(share < 1e-8, "{share}");
    }

    #[test]
    fn powers_and_their_neighbours() {
        assert!(has_fingerprint(&[1]));
        assert!(has_fingerprint(&[1, 0, 1]));
        assert!(!has_fingerprint(&[2]));
        assert!(!has_fingerprint(&[0]));
    }
}
