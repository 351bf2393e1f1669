//! What a hostile assertion may have for a signature, by name.

use anyhow::{Result, bail, ensure};
use aws_lc_rs::digest::{SHA256, digest};

use crate::keys::{TestKey, hmac_sha256};

/// Signs `message` in the way that a scenario names.
pub(super) fn sign(way: &str, key: &TestKey, algorithm: &str, message: &[u8]) -> Result<Vec<u8>> {
    let good = || key.sign(algorithm, message);
    Ok(match way {
        "good" => good()?,
        "empty" => Vec::new(),
        "zero" => vec![0; good()?.len()],
        "flip-first-bit" => flipped(good()?, 0, 0x80),
        "flip-last-bit" => {
            let good = good()?;
            let last = good.len() - 1;
            flipped(good, last, 1)
        }
        "one-byte-less" => good()?.split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default(),
        "one-byte-more" => [good()?, vec![0]].concat(),
        "der" => key.sign_der(message)?,
        "r-zero" => halves(&good()?, |half| (vec![0; half.len()], None))?,
        "s-zero" => halves(&good()?, |half| (half.to_vec(), Some(vec![0; half.len()])))?,
        "r-order" => {
            let order = key.group_order()?;
            halves(&good()?, |_| (order.clone(), None))?
        }
        "s-order" => {
            let order = key.group_order()?;
            halves(&good()?, |half| (half.to_vec(), Some(order.clone())))?
        }
        // The same signature to ECDSA, in other bytes: `s` replaced by the order less `s`.
        "other-s" => {
            let (good, order) = (good()?, key.group_order()?);
            let (r, s) = good.split_at(good.len() / 2);
            [r.to_vec(), difference(&order, s)].concat()
        }
        // Algorithm confusion: what the server publishes, taken for a secret that both sides know.
        "hmac-with-public-pem" => hmac_sha256(key.public_pem()?.as_bytes(), message),
        "hmac-with-public-pem-untrimmed" => {
            hmac_sha256(format!(" \n{}", key.public_pem()?).as_bytes(), message)
        }
        "hmac-with-public-der" => hmac_sha256(&key.public_der()?, message),
        "hmac-with-jwk" => hmac_sha256(key.jwk()?.to_string().as_bytes(), message),
        "hmac-with-nothing" => hmac_sha256(b"", message),
        "digest" => digest(&SHA256, message).as_ref().to_vec(),
        other => bail!("no such way to sign: {other:?}"),
    })
}

fn flipped(mut bytes: Vec<u8>, index: usize, bit: u8) -> Vec<u8> {
    bytes[index] ^= bit;
    bytes
}

/// Puts `r` and `s` together anew; `None` leaves `s` as it is.
fn halves(good: &[u8], change: impl FnOnce(&[u8]) -> (Vec<u8>, Option<Vec<u8>>)) -> Result<Vec<u8>> {
    ensure!(good.len().is_multiple_of(2), "only ECDSA signatures have two halves");
    let (r, s) = good.split_at(good.len() / 2);
    let (new_r, new_s) = change(r);
    Ok([new_r, new_s.unwrap_or_else(|| s.to_vec())].concat())
}

/// `a - b`, big-endian numbers of the same length, `a` not the smaller one.
fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut difference = vec![0; a.len()];
    let mut borrow = 0;
    for index in (0..a.len()).rev() {
        let digit = i16::from(a[index]) - i16::from(b[index]) - borrow;
        borrow = i16::from(digit < 0);
        difference[index] = (digit & 0xff) as u8;
    }
    difference
}
