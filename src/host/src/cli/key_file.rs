//! `--key`: a private key of a file, which is made there where that is asked.

use std::path::{Path, PathBuf};

use clap::Args;

use super::data::write_private;
use super::document;
use super::failure::Failure;
use super::signer::{Algorithm, Signer};

// Of whoever signs. No documentation: clap would make it that of the command.
#[derive(Args)]
pub(crate) struct KeyFile {
    /// The private key, in PEM.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Make the key where the file does not exist yet, and put its public half beside it (NAME.pub.pem).
    #[arg(long)]
    generate: bool,
    /// What to sign with.
    #[arg(long, default_value = "ES256", value_name = "ALG")]
    pub(crate) alg: Algorithm,
}

impl KeyFile {
    pub(crate) fn signer(&self) -> Result<Signer, Failure> {
        match self.key.try_exists() {
            Ok(false) if self.generate => {
                let signer = Signer::generate(self.alg)?;
                let public = self.key.with_extension("pub.pem");
                write_private(&self.key, &signer.private_pem()?, true)
                    .map_err(|error| Failure::file(&self.key, error))?;
                write_public(&public, &signer.public_pem()?)?;
                eprintln!("made {} and {}", self.key.display(), public.display());
                Ok(signer)
            }
            _ => {
                let place = format!("--key {}", self.key.display());
                let pem = document::text(&place, &self.key)?;
                Signer::from_pem(&place, self.alg, document::without_mark(&pem))
            }
        }
    }
}

fn write_public(path: &Path, pem: &str) -> Result<(), Failure> {
    std::fs::write(path, pem).map_err(|error| Failure::file(path, error))
}
