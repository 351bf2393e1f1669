//! An API behind the guard, for examples that call one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use anyhow::{Context as _, Result};
use asserta_core::resource::{Guard, Introspection, Outcome, Request, Settings};

use crate::local_host::present;

/// Serves an API for the tokens of this issuer until the process ends, and says where: its audience, too.
///
/// # Errors
/// There is no port for it.
pub fn start(issuer: &str) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let settings = Settings::parse(issuer, &url, "", None, false).context("settings of a guard")?;
    std::thread::spawn(move || {
        let mut guard = Guard::new(settings);
        for stream in listener.incoming().flatten() {
            // Whoever goes away gets no answer.
            _ = serve(&mut guard, &stream);
        }
    });
    Ok(url)
}

/// Answers one request, without its body.
fn serve(guard: &mut Guard, mut stream: &TcpStream) -> Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().context("a request")??;
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let values = |name: &str| -> Vec<&str> {
        headers.iter().filter(|header| header.0 == name).map(|header| header.1.as_str()).collect()
    };
    let (authorization, dpop) = (values("authorization"), values("dpop"));
    let request = Request { method, target, authorization: &authorization, dpop: &dpop };
    let (status, body) = loop {
        match guard.check(&request, Introspection::NotAsked, present()) {
            Outcome::Passed(passed) => break (200, passed.claims().to_owned()),
            Outcome::Metadata(answer) => break (answer.status, answer.body),
            Outcome::Challenge(challenge) => break (challenge.answer.status, challenge.answer.body),
            Outcome::KeysNeeded(uri) => {
                let fetched = Command::new("curl").args(["-sf", &uri]).output()?;
                guard.supply_keys(Some(fetched.stdout.as_slice()), None, present());
            }
            Outcome::IntrospectionNeeded(_) => break (500, String::new()),
        }
    };
    write!(
        stream,
        "HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}
