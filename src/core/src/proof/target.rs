//! Whether two URLs are of one resource, as `htu` of a proof and the URL of the request must be (RFC 9449 section 4.3).
//!
//! One of the two is our own and well-formed: what is no URL is not equal to it. So none is parsed further than that takes,
//! and a component before an API carries no parser of URLs with it.

/// A URL without its query and its fragment.
struct Target<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
    path: &'a str,
}

impl<'a> Target<'a> {
    /// `None`: it is none of HTTP, or has credentials in it.
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let rest = rest.strip_prefix("//")?;
        let default_port = match scheme {
            _ if scheme.eq_ignore_ascii_case("https") => 443,
            _ if scheme.eq_ignore_ascii_case("http") => 80,
            _ => return None,
        };
        let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // An IPv6 address has colons of its own, in brackets.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority, ""),
        };
        if host.is_empty() || host.contains('@') || !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // Scheme-based normalisation (RFC 3986 section 6.2.3): the default port, and the empty path.
        let port = if port.is_empty() { default_port } else { port.parse().ok()? };
        let port = Some(port).filter(|port| *port != default_port);
        Some(Self { scheme, host, port, path: if path.is_empty() { "/" } else { path } })
    }

    /// Case counts in the path alone (RFC 3986 section 6.2.2.1).
    fn is(&self, other: &Self) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.port == other.port
            && self.path == other.path
    }
}

/// Whether both are URLs of HTTP and of one resource, query and fragment aside.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    match (Target::of(one), Target::of(other)) {
        (Some(one), Some(other)) => one.is(&other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R100: what is one URL in other letters, and what is another one.
    #[test]
    fn r100_urls() {
        let ours = "https://as.example/oauth2/token";
        for same in [
            ours,
            "HTTPS://AS.Example/oauth2/token",
            "https://as.example:443/oauth2/token",
            "https://as.example:/oauth2/token",
            "https://as.example/oauth2/token?x=1#y",
        ] {
            assert!(is_same(same, ours), "{same}");
        }
        for other in [
            "",
            "/oauth2/token",
            "as.example/oauth2/token",
            "http://as.example/oauth2/token",
            "https://as.example:8443/oauth2/token",
            "https://as.example:80/oauth2/token",
            "https://as.example:99999/oauth2/token",
            "https://as.example/oauth2/Token",
            "https://as.example/oauth2/token/",
            "https://as.example//oauth2/token",
            "https://as.example/x/../oauth2/token",
            "https://as.example/t/acme/oauth2/token",
            "https://as.example.evil/oauth2/token",
            "https://as.example@evil.example/oauth2/token",
            "https://user@as.example/oauth2/token",
            "https://as.example./oauth2/token",
            "https://evil.example/oauth2/token",
            " https://as.example/oauth2/token",
            "https://as.example/oauth2/token\u{e9}",
            "https://as.example:+443/oauth2/token",
            "https://as.example:443:443/oauth2/token",
            "https:///oauth2/token",
            "https://:443/oauth2/token",
            "https:/as.example/oauth2/token",
            "https:\\\\as.example/oauth2/token",
            "https://as.example\\oauth2/token",
            "https://as.example?/oauth2/token",
            "https://evil.example#https://as.example/oauth2/token",
            "https://as.example/oauth2/token;a",
            "https://as.example/oauth2%2ftoken",
            "https://as.example/oauth2/token\n",
        ] {
            assert!(!is_same(other, ours), "{other}");
        }
        assert!(is_same("http://127.0.0.1:3000", "http://127.0.0.1:3000/"));
        assert!(is_same("http://[::1]:80/a", "http://[::1]/a"));
        assert!(!is_same("ftp://a.example/", "ftp://a.example/"));
    }
}
