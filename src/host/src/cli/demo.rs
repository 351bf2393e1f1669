//! A first exchange to paste: what `asserta serve` prepares in development where nothing is registered.
//!
//! The demo organization goes through the admin API like any other. Its issuer's private key and its
//! application's secret are kept in the data directory, so that each start can print a fresh line.

use asserta::Host;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::admin::AdminClient;
use super::app::JWT_BEARER;
use super::data::{DataDirectory, random_text};
use super::failure::Failure;
use super::mint::claims;
use super::server_url::ServerUrl;
use super::signer::{Algorithm, Signer};

const FILE: &str = "demo.json";
const ORGANIZATION: &str = "/admin/organizations/demo";
const ISSUER: &str = "/admin/organizations/demo/trusted-issuers/demo-issuer";
const APPLICATIONS: &str = "/admin/organizations/demo/applications";

/// The `iss` of the demo's assertions. Nothing is ever fetched from it.
const ISS: &str = "https://demo-issuer.example";

/// How long the assertion in the printed line is valid.
const VALID_SECONDS: i64 = 3600;

#[derive(Serialize, Deserialize)]
struct Demo {
    private_key: String,
    client_id: String,
    client_secret: String,
}

/// Where a running host is.
pub(crate) struct Place {
    url: String,
    public_url: String,
}

impl Place {
    pub(crate) fn of(host: &Host) -> Self {
        Self { url: host.url(), public_url: host.public_url().to_owned() }
    }
}

/// A `curl` line that gets an access token, or `None` where somebody's own registrations are there.
pub(crate) fn curl_line(place: &Place, token: &str, data: &DataDirectory) -> Result<Option<String>, Failure> {
    let client = AdminClient::new(ServerUrl::of_this_process(place.url.clone()), token)?;
    let demo = match kept(&client, data)? {
        Some(demo) => demo,
        None if is_empty(&client)? => register(&client, data)?,
        None => return Ok(None),
    };
    let signer =
        Signer::from_pem(&data.file(FILE).display().to_string(), Algorithm::Es256, &demo.private_key)?;
    let audience = format!("{}/t/demo", place.public_url);
    let mut claims = claims(ISS, "demo-user", &[audience], VALID_SECONDS, Map::new());
    claims.jwt_id = Some(random_text()?);
    let assertion = signer.sign(claims, None)?;
    Ok(Some(format!(
        "curl -sS{} -u '{}:{}' -d grant_type={JWT_BEARER} -d assertion={assertion} {}/t/demo/oauth2/token",
        past_the_proxy(),
        demo.client_id,
        demo.client_secret,
        place.url,
    )))
}

/// What keeps curl from asking the environment's proxy for this machine, where there is one.
fn past_the_proxy() -> &'static str {
    let variables = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    let named = variables.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if named { " --noproxy '*'" } else { "" }
}

/// What an earlier start registered, where it is still registered.
fn kept(client: &AdminClient, data: &DataDirectory) -> Result<Option<Demo>, Failure> {
    let Some(text) = data.read(FILE)? else { return Ok(None) };
    let demo: Demo = serde_json::from_str(&text)
        .map_err(|error| Failure::invalid(data.file(FILE).display().to_string(), error))?;
    let application = client.find(&format!("{APPLICATIONS}/{}", super::admin::encoded(&demo.client_id)))?;
    Ok(if application.is_some() && client.find(ISSUER)?.is_some() { Some(demo) } else { None })
}

/// Whether nobody has registered anything yet.
fn is_empty(client: &AdminClient) -> Result<bool, Failure> {
    let organizations = client.list("/admin/organizations")?;
    let others = organizations.items.iter().filter_map(|one| one.get("name").and_then(Value::as_str));
    let others = others.filter(|&name| name != "default" && name != "demo").count();
    if others > 0 || !organizations.unreadable.is_empty() {
        return Ok(false);
    }
    Ok(client.list("/admin/organizations/default/trusted-issuers")?.is_empty()
        && client.list("/admin/organizations/default/applications")?.is_empty())
}

fn register(client: &AdminClient, data: &DataDirectory) -> Result<Demo, Failure> {
    let signer = Signer::generate(Algorithm::Es256)?;
    client.put(ORGANIZATION, &json!({"display_name": "Demo"}))?;
    let issuer = json!({"name": "demo-issuer", "issuer": ISS, "certificate": signer.public_pem()?});
    client.put(ISSUER, &issuer)?;
    let application =
        json!({"client_name": "Demo application", "grant_types": [JWT_BEARER], "scope": "read write"});
    let application = client.post(APPLICATIONS, &application)?;
    let text = |member: &str| application.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let demo = Demo {
        private_key: signer.private_pem()?,
        client_id: text("client_id"),
        client_secret: text("client_secret"),
    };
    data.write(FILE, &serde_json::to_string_pretty(&demo).expect("texts are JSON"))?;
    Ok(demo)
}
