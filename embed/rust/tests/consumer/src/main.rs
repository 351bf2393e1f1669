//! Runs the example of the crate's README as it stands, with the files that it reads.

use std::error::Error;
use std::fs;

use jwt_simple::prelude::*;

/// The example, which a script cut out of the README.
mod readme;

fn main() -> Result<(), Box<dyn Error>> {
    let key = ES256KeyPair::generate();
    let claims = Claims::create(Duration::from_mins(5))
        .with_issuer("https://partner.example")
        .with_subject("alice")
        .with_audience("https://tokens.example.com")
        .with_jwt_id("one");
    fs::write("partner.pem", key.public_key().to_pem()?)?;
    fs::write("assertion.jwt", key.sign(claims)?)?;
    readme::example()
}
