//! RSA keys that nobody should accept (R31), with signatures that are right by their own lights.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::{digest, rsa};
use tempfile::NamedTempFile;

use super::sign::unhex;

/// A weak RSA key.
pub(super) struct WeakRsa {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    signing: Signing,
}

/// How it signs.
enum Signing {
    /// With the `openssl` command and this private key.
    Openssl(NamedTempFile),
    /// With the exponent 1 a signature is the padded message: anybody can make it.
    PaddedMessage,
    /// Not at all: some bytes of the right length.
    Nonsense,
}

impl WeakRsa {
    /// The key of a kind; `None` where there is no such kind.
    pub(super) fn generate(kind: &str) -> Result<Option<Self>> {
        Ok(Some(match kind {
            "rsa-1024" => Self::by_openssl(1024, 65_537)?,
            "rsa-e3" => Self::by_openssl(2048, 3)?,
            "rsa-e1" => Self { modulus: good_modulus()?, exponent: vec![1], signing: Signing::PaddedMessage },
            "rsa-e-even" => {
                Self { modulus: good_modulus()?, exponent: vec![1, 0, 0], signing: Signing::Nonsense }
            }
            "rsa-even" => {
                let mut modulus = good_modulus()?;
                *modulus.last_mut().context("a modulus")? &= 0xfe;
                Self { modulus, exponent: vec![1, 0, 1], signing: Signing::Nonsense }
            }
            // One byte more than 8192 bits. Odd; that it is no product of two primes does not matter here.
            "rsa-8200" => {
                Self { modulus: vec![0xff; 1025], exponent: vec![1, 0, 1], signing: Signing::Nonsense }
            }
            _ => return Ok(None),
        }))
    }

    fn by_openssl(bits: u32, exponent: u32) -> Result<Self> {
        let file = NamedTempFile::new()?;
        let path = file.path().to_str().context("a path in UTF-8")?;
        let bits = format!("rsa_keygen_bits:{bits}");
        let public_exponent = format!("rsa_keygen_pubexp:{exponent}");
        let options = ["-pkeyopt", &bits, "-pkeyopt", &public_exponent, "-out", path];
        openssl(&[&["genpkey", "-quiet", "-algorithm", "RSA"][..], &options].concat(), &[])?;
        let printed = String::from_utf8(openssl(&["rsa", "-in", path, "-noout", "-modulus"], &[])?)?;
        let modulus = unhex(printed.trim().strip_prefix("Modulus=").context("a modulus")?)?;
        let bytes = exponent.to_be_bytes();
        let exponent = bytes[bytes.iter().take_while(|byte| **byte == 0).count()..].to_vec();
        Ok(Self { modulus, exponent, signing: Signing::Openssl(file) })
    }

    pub(super) fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    pub(super) fn exponent(&self) -> &[u8] {
        &self.exponent
    }

    pub(super) fn public_der(&self) -> Result<Vec<u8>> {
        let Signing::Openssl(file) = &self.signing else { bail!("only openssl's weak keys have a PEM form") };
        let path = file.path().to_str().context("a path in UTF-8")?;
        openssl(&["pkey", "-in", path, "-pubout", "-outform", "DER"], &[])
    }

    pub(super) fn sign_rs256(&self, message: &[u8]) -> Result<Vec<u8>> {
        match &self.signing {
            Signing::Openssl(file) => {
                let path = file.path().to_str().context("a path in UTF-8")?;
                openssl(&["dgst", "-sha256", "-sign", path, "-binary"], message)
            }
            Signing::PaddedMessage => Ok(self.padded(message)),
            Signing::Nonsense => Ok(vec![0x5a; self.modulus.len()]),
        }
    }

    /// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) with SHA-256.
    fn padded(&self, message: &[u8]) -> Vec<u8> {
        const DIGEST_INFO: [u8; 19] = [
            0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
            0x00, 0x04, 0x20,
        ];
        let digest = digest::digest(&digest::SHA256, message);
        let mut padded = vec![0, 1];
        padded.resize(self.modulus.len() - DIGEST_INFO.len() - 32 - 1, 0xff);
        padded.push(0);
        padded.extend_from_slice(&DIGEST_INFO);
        padded.extend_from_slice(digest.as_ref());
        padded
    }
}

/// The modulus of a strong key, to make weak ones of.
fn good_modulus() -> Result<Vec<u8>> {
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048)?;
    Ok(pair.public_key().modulus().big_endian_without_leading_zero().to_vec())
}

fn openssl(arguments: &[&str], input: &[u8]) -> Result<Vec<u8>> {
    let command = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = command.context("the command openssl is needed to make weak keys")?;
    child.stdin.take().context("its input")?.write_all(input)?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}
