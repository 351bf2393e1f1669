//! The URL of a server, and who else could read what is sent there.

use std::fmt;
use std::net::IpAddr;

use ureq::Proxy;
use ureq::http::Uri;

use super::failure::Failure;

/// Where the admin API is, without a `/` at its end.
#[derive(Clone, Debug)]
pub(crate) struct ServerUrl {
    text: String,
    way: Way,
}

/// How a request gets there, which decides who else can read the admin token in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// On this machine.
    Loopback,
    /// By http to another machine: in the clear.
    Clear,
    /// By https to another machine.
    Encrypted,
}

impl ServerUrl {
    /// The URL that a person gave. It may hold a password: no message shows it before it is known to hold none.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = |problem: &str| Failure::invalid("--url", problem);
        let url: Uri = text.trim().parse().map_err(|_| wrong("must be a URL"))?;
        let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
            return Err(wrong("must begin with http:// or https:// and a host"));
        };
        // Before an @ could stand what looks like the host.
        if authority.as_str().contains('@') {
            return Err(wrong("must have no credentials"));
        }
        if url.query().is_some() || text.contains('#') {
            return Err(wrong("must have neither query nor fragment"));
        }
        let way = match scheme {
            "http" | "https" if is_loopback(authority.host()) => Way::Loopback,
            "http" => Way::Clear,
            "https" => Way::Encrypted,
            _ => return Err(wrong("must begin with http:// or https://")),
        };
        Ok(Self { text: text.trim().trim_end_matches('/').to_owned(), way })
    }

    /// That of a server in this process, whatever address of this machine it has.
    pub(crate) fn of_this_process(url: String) -> Self {
        Self { text: url, way: Way::Loopback }
    }

    pub(crate) fn way(&self) -> Way {
        self.way
    }

    /// The proxy of the environment, where it can read nothing: for https, and never on the way to this machine, to
    /// which a proxy would have a way of its own.
    pub(crate) fn proxy(&self) -> Option<Proxy> {
        match self.way {
            Way::Loopback | Way::Clear => None,
            Way::Encrypted => Proxy::try_from_env(),
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An address of this machine, or `localhost`, which no resolver may send elsewhere (RFC 6761 section 6.3).
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost") || host.eq_ignore_ascii_case("localhost."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_told_by_the_url() {
        let ways = [
            ("http://127.0.0.1:3000", Way::Loopback),
            ("HTTP://127.0.0.1:3000", Way::Loopback),
            ("https://127.9.9.9", Way::Loopback),
            ("http://[::1]:3000/", Way::Loopback),
            ("http://[::ffff:127.0.0.1]", Way::Loopback),
            ("http://LOCALHOST:3000", Way::Loopback),
            ("http://localhost.:3000", Way::Loopback),
            ("http://10.0.0.1", Way::Clear),
            ("http://localhost.example", Way::Clear),
            ("http://127.0.0.1.example", Way::Clear),
            ("http://a.localhost", Way::Clear),
            ("http://[::ffff:10.0.0.1]", Way::Clear),
            // A resolver may take these for this machine; who writes so need not be understood.
            ("http://127.1", Way::Clear),
            ("http://2130706433", Way::Clear),
            ("http://0.0.0.0:3000", Way::Clear),
            ("https://id.example/asserta/", Way::Encrypted),
        ];
        for (url, way) in ways {
            assert_eq!(ServerUrl::parse(url).unwrap().way(), way, "{url}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused_without_being_shown() {
        let refused = [
            "",
            "id.example",
            "127.0.0.1:3000",
            "ftp://127.0.0.1",
            "unix:///run/asserta",
            "/x",
            "http://",
            "http:///x",
            "http://127.0.0.1:3000@secret.example",
            "https://user:secret@id.example",
            "http://127.0.0.1/?secret",
            "http://127.0.0.1/#secret",
            "http://127.0.0.1 secret",
        ];
        for url in refused {
            let refusal = ServerUrl::parse(url).unwrap_err().to_string();
            assert!(refusal.starts_with("--url: ") && !refusal.contains("secret"), "{url}: {refusal}");
        }
    }
}
