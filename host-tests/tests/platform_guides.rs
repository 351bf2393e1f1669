//! The guides of `docs/platforms/`, run as they stand against a real server: the registration, the request with the
//! token that the page shows, and each of its mistakes, which is refused for the reason and with the words of the page.
//!
//! No vendor signs for a test. So three things are put in the place of others, and nothing else: the issuer's keys come
//! from an endpoint of ours (`asserta issuer set … --jwks-uri`, a cluster's from a file); the platform hands out a token
//! of ours
//! ([`Platform`]); and <https://auth.example.com> is where the server of the test listens.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use asserta_core::oauth::Reason;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use host_tests::command_line::CommandLine;
use host_tests::components::program;
use host_tests::guide_page::{GuidePage, Mistake};
use host_tests::key_endpoints::KeyEndpoints;
use host_tests::keys::key;
use host_tests::local_host::{LocalHost, StillClock};
use serde_json::{Value, json};

/// Where the guides say that the server is.
const PUBLIC_URL: &str = "https://auth.example.com";

/// When the tokens of all pages are issued. The clock of the server stands a little later.
const ISSUED_AT: u64 = 1_795_867_200;

/// How a platform hands out its token.
enum Platform {
    /// Somewhere below this URL, as JSON with this member, or as it is.
    Url(&'static str, Option<&'static str>),
    /// Below the URL that this variable holds, in this member.
    UrlIn(&'static str, &'static str),
    /// In a variable.
    Variable(&'static str),
    /// In a file.
    File(&'static str),
    /// By a command, which must be told for whom the token is; and what it prints around the token.
    Command(&'static str, &'static str, &'static str),
}

const PLATFORMS: [(&str, Platform); 9] = [
    ("asgardeo", Platform::Url("https://api.asgardeo.io", Some("access_token"))),
    ("aws", Platform::Command("aws", "", "")),
    ("entra", Platform::Url("http://169.254.169.254", Some("access_token"))),
    ("github-actions", Platform::UrlIn("ACTIONS_ID_TOKEN_REQUEST_URL", "value")),
    ("gitlab", Platform::Variable("ASSERTION")),
    ("google", Platform::Url("http://metadata.google.internal", None)),
    ("kubernetes", Platform::File("/var/run/secrets/asserta/token")),
    ("okta", Platform::Url("https://acme.okta.com", Some("access_token"))),
    ("spiffe", Platform::Command("spire-agent", r#"[{"svids":[{"svid":""#, r#""}]},{"bundles":{}}]"#)),
];

fn guides() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/platforms")
}

/// Each page is run, and the index names it.
#[test]
fn every_guide_is_run() -> Result<()> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(guides())? {
        files.insert(entry?.file_name().into_string().map_err(|name| anyhow::anyhow!("{name:?}"))?);
    }
    ensure!(files.remove("README.md"), "docs/platforms has an index");
    let run: BTreeSet<String> = PLATFORMS.iter().map(|(name, _)| format!("{name}.md")).collect();
    ensure!(files == run, "there are {files:?}, and run are {run:?}");
    let index = fs::read_to_string(guides().join("README.md"))?;
    for file in &files {
        ensure!(index.contains(&format!("({file})")), "the index lacks {file}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_guide_does_what_it_says() -> Result<()> {
    if Command::new("jq").arg("--version").output().is_err() {
        host_tests::summary::not_tested("docs/platforms: there is no jq");
        return Ok(());
    }
    let host = LocalHost::of(program("handler.wasm")?)
        .clock(StillClock::at(ISSUED_AT + 5))
        .settings(|settings| settings.public_url = Some(PUBLIC_URL.to_owned()))
        .start()
        .await?;
    let endpoints = KeyEndpoints::start().await?;
    let server = format!("http://{}", host.address());
    // The commands are processes, which this thread waits for; the server and the endpoints have others.
    tokio::task::block_in_place(|| -> Result<()> {
        let index = GuidePage::read(&guides().join("README.md"))?;
        CommandLine::new(&server)?.run(&index.registration(), &[])?.succeeded()?;
        for (name, platform) in &PLATFORMS {
            Guide::new(name, platform, &server, &endpoints)?.test().with_context(|| format!("{name}.md"))?;
        }
        Ok(())
    })?;
    host.stop().await;
    Ok(())
}

/// A page, and where it is run.
struct Guide<'a> {
    name: &'a str,
    platform: &'a Platform,
    page: GuidePage,
    command_line: CommandLine,
    endpoints: &'a KeyEndpoints,
}

impl<'a> Guide<'a> {
    fn new(name: &'a str, platform: &'a Platform, server: &str, endpoints: &'a KeyEndpoints) -> Result<Self> {
        let page = GuidePage::read(&guides().join(format!("{name}.md")))?;
        Ok(Self { name, platform, page, command_line: CommandLine::new(server)?, endpoints })
    }

    fn test(&self) -> Result<()> {
        self.command_line.stand_in("kubectl", &format!("cat {}", self.authority()?.display()))?;
        let registered = self.command_line.run(&self.page.registration(), &[])?.succeeded()?;
        let credential = |name: &str| {
            let value = registered.lines().find_map(|line| line.strip_prefix(name)).context("credentials")?;
            Ok::<_, anyhow::Error>(value.trim().to_owned())
        };
        let (client_id, client_secret) = (credential("client_id ")?, credential("client_secret ")?);
        for console in self.page.consoles()? {
            let ran = self.command_line.run(&console.command, &[])?;
            ensure!(ran.said() == console.output, "{}\nprints\n{}", console.command, ran.said());
        }
        self.take_keys_from_here()?;

        let (header, claims) = self.page.token()?;
        ensure!(claims["iat"] == ISSUED_AT, "the token is issued at {ISSUED_AT}");
        let right = mint(&header, &claims)?;
        let response = self.ask(&right, &client_id, &client_secret)?;
        ensure!(response["access_token"].is_string() && response["scope"] == "deploy", "{response}");

        let mistakes = self.page.mistakes()?;
        ensure!(mistakes.len() >= 4, "a page names the mistakes that people make");
        for mistake in mistakes {
            let (header, claims) = mistake.token(&header, &claims)?;
            let token = if mistake.changes.is_empty() { right.clone() } else { mint(&header, &claims)? };
            let response = self.ask(&token, &client_id, &client_secret)?;
            self.look_at(&mistake, &token, &client_id, &response).with_context(|| mistake.what.clone())?;
        }
        Ok(())
    }

    /// The refusal of a mistake is the one that the page tells.
    fn look_at(&self, mistake: &Mistake, token: &str, client_id: &str, response: &Value) -> Result<()> {
        let explain = format!("asserta explain --org acme --client-id {client_id} --json {token}");
        let ran = self.command_line.run(&explain, &[])?;
        let explanation: Value = serde_json::from_str(&ran.out).with_context(|| ran.said())?;
        let checks = explanation["checks"].as_array().context("checks")?;
        let failed = checks.iter().find(|check| check["passed"] == false).context("nothing is refused")?;
        ensure!(failed["reason"] == mistake.reason.as_str(), "explain says {failed}");
        let saw = failed["saw"].as_str().context("saw")?;
        ensure!(fits(&mistake.saw, saw), "explain says\n{saw}\nand the page\n{}", mistake.saw);
        let reason = Reason::ALL.iter().find(|reason| reason.name() == mistake.reason);
        let sentence = reason.context("a reason")?.sentence();
        ensure!(response["error"] == "invalid_grant", "{response}");
        ensure!(response["error_description"] == sentence, "{response} and not {sentence}");
        Ok(())
    }

    /// A certificate authority, for a guide that registers that of a cluster.
    fn authority(&self) -> Result<PathBuf> {
        let file = self.command_line.directory().join("authority.pem");
        let now = i64::try_from(ISSUED_AT)?;
        fs::write(&file, key("es256")?.certificate_pem(now - 60, now + 3600)?)?;
        Ok(file)
    }

    /// The issuer's keys are ours, at an endpoint of ours.
    fn take_keys_from_here(&self) -> Result<()> {
        let registration = self.page.registration();
        let (_, rest) = registration.split_once("asserta issuer add ").context("it registers an issuer")?;
        let issuer = rest.split_whitespace().next().context("the issuer's name")?;
        let keys = [key("rsa")?.jwk()?, key("es256")?.jwk()?, key("es384")?.jwk()?];
        // A cluster's authority is not that of an endpoint here: the other way of its page, the keys in a file.
        let by = match self.platform {
            Platform::File(_) => {
                fs::write(
                    self.command_line.directory().join("keys.json"),
                    json!({"keys": keys}).to_string(),
                )?;
                "--jwks keys.json".to_owned()
            }
            _ => {
                let url = self.endpoints.url(self.name, "keys");
                self.endpoints.serves(&url, json!({"keys": keys}));
                format!("--jwks-uri {url}")
            }
        };
        let set = format!("asserta issuer set {issuer} --org acme {by}");
        self.command_line.run(&set, &[])?.succeeded().map(drop)
    }

    /// What the page's request comes to, where the platform hands out this token.
    fn ask(&self, token: &str, client_id: &str, client_secret: &str) -> Result<Value> {
        let mut script = self.page.request()?;
        let mut variables = vec![("CLIENT_ID", client_id), ("CLIENT_SECRET", client_secret)];
        let base = self.endpoints.url(self.name, "platform");
        let url = format!("{base}?version=2");
        match self.platform {
            Platform::Url(theirs, member) => {
                let (_, rest) = script.split_once(theirs).context("the platform's URL")?;
                let path = rest.split(['?', '"', '\'', ' ', '\n']).next().unwrap_or_default();
                let body =
                    member.map_or_else(|| token.to_owned(), |member| json!({member: token}).to_string());
                self.endpoints.serves(&format!("{base}{path}"), body);
                script = script.replace(theirs, &base);
            }
            Platform::UrlIn(variable, member) => {
                self.endpoints.serves(&base, json!({*member: token}));
                variables.extend([(*variable, url.as_str()), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t")]);
            }
            Platform::Variable(name) => variables.push((name, token)),
            Platform::File(theirs) => {
                let ours = self.command_line.directory().join("token");
                fs::write(&ours, token)?;
                script = script.replace(theirs, &ours.display().to_string());
            }
            Platform::Command(name, before, after) => {
                let print = format!(
                    "case \"$*\" in *\"audience {PUBLIC_URL}/t/acme\"*) printf %s '{before}{token}{after}' ;; esac"
                );
                self.command_line.stand_in(name, &print)?;
            }
        }
        let endpoint = format!("{PUBLIC_URL}/t/acme/oauth2/token");
        ensure!(script.contains(&endpoint), "the request goes to {endpoint}");
        let script =
            script.replace(&endpoint, &format!("{}/t/acme/oauth2/token", self.command_line.server()));
        let told = self.command_line.run(&format!("{script}\nprintf '%s\\n' \"$response\"\n"), &variables)?;
        let last = told.out.lines().last().with_context(|| told.said())?;
        serde_json::from_str(last).with_context(|| told.said())
    }
}

/// A token of these, signed with a key of ours.
fn mint(header: &Value, claims: &Value) -> Result<String> {
    let key = match header["alg"].as_str() {
        Some("RS256") => key("rsa")?,
        Some("ES256") => key("es256")?,
        Some("ES384") => key("es384")?,
        other => bail!("no key for {other:?}"),
    };
    let mut header = header.clone();
    header["kid"] = key.name().into();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(&header), encode(claims));
    let signature = key.sign(key.algorithm(), message.as_bytes())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Whether a text is what the page says, where `…` stands for any.
fn fits(wanted: &str, text: &str) -> bool {
    let mut parts = wanted.split('…');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = if part.is_empty() { "" } else { after };
    }
    rest.is_empty()
}
