//! A client of the admin API, for tests in code.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::client::{Answer, Connection, send};
use crate::keys::key;
use crate::local_host::ADMIN_TOKEN;
use crate::token_request::{TokenRequest, basic, token_path};

/// The admin API of one installation.
#[derive(Clone, Copy)]
pub struct Admin(pub SocketAddr);

impl Admin {
    /// Sends a document, or nothing, to a path below `/admin/organizations/`.
    ///
    /// # Errors
    /// The server can't be reached.
    pub async fn send(self, method: &str, path: &str, document: Option<&Value>) -> Result<Answer> {
        let bearer = format!("Bearer {ADMIN_TOKEN}");
        let mut headers = vec![("authorization", bearer.as_bytes())];
        if document.is_some() {
            headers.push(("content-type", b"application/json"));
        }
        let body = document.map(Value::to_string).unwrap_or_default();
        send(self.0, method, &format!("/admin/organizations/{path}"), &headers, body).await
    }

    /// The same, of which nothing but success is expected.
    ///
    /// # Errors
    /// The server can't be reached, or refuses.
    pub async fn done(self, method: &str, path: &str, document: Option<&Value>) -> Result<Answer> {
        let answer = self.send(method, path, document).await?;
        ensure!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text());
        Ok(answer)
    }

    /// Registers the organization `acme` with its issuer `partner` (the test key `es256`) and an application.
    ///
    /// # Errors
    /// The server can't be reached, or refuses.
    pub async fn register_acme(self) -> Result<Client> {
        self.done("PUT", "acme", Some(&json!({}))).await?;
        let keys = json!({"keys": [key("es256")?.jwk()?]});
        self.register_issuer("partner", "https://partner.example", &json!({"jwks": keys})).await?;
        self.register_application("app").await
    }

    /// Registers a trusted issuer of `acme`.
    ///
    /// # Errors
    /// The server can't be reached, or refuses.
    pub async fn register_issuer(self, name: &str, issuer: &str, members: &Value) -> Result<Answer> {
        let mut record = members.clone();
        record["name"] = name.into();
        record["issuer"] = issuer.into();
        self.done("POST", "acme/trusted-issuers", Some(&record)).await
    }

    /// Registers an application of `acme`.
    ///
    /// # Errors
    /// The server can't be reached, or refuses.
    pub async fn register_application(self, name: &str) -> Result<Client> {
        let record = json!({
            "client_name": name,
            "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
            "scope": "read write",
        });
        let answer = self.done("POST", "acme/applications", Some(&record)).await?;
        Ok(Client {
            address: self.0,
            client_id: answer.member("client_id")?,
            client_secret: answer.member("client_secret")?,
        })
    }
}

impl Admin {
    /// Registers an application of `acme` that authenticates by this test key, and returns its identifier.
    ///
    /// # Errors
    /// There is no such key, the server can't be reached, or refuses.
    pub async fn register_application_by_key(self, key_name: &str) -> Result<String> {
        let record = json!({
            "client_name": key_name,
            "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [key(key_name)?.jwk()?] },
        });
        self.done("POST", "acme/applications", Some(&record)).await?.member("client_id")
    }
}

/// An application of `acme`, as it asks for tokens.
#[derive(Clone)]
pub struct Client {
    /// Where the endpoint listens.
    pub address: SocketAddr,
    /// Its identifier.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

impl Client {
    /// Presents an assertion to the token endpoint of `acme`.
    ///
    /// # Errors
    /// The server can't be reached.
    pub async fn exchange(&self, assertion: &str) -> Result<Answer> {
        self.request(assertion).post().await
    }

    /// The same on a connection that is kept.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn exchange_on(&self, connection: &mut Connection, assertion: &str) -> Result<Answer> {
        self.request(assertion).post_on(connection).await
    }

    /// Asks about a token.
    ///
    /// # Errors
    /// The server can't be reached.
    pub async fn introspect(&self, token: &str) -> Result<Answer> {
        self.of_token("introspect", token).await
    }

    /// Takes a token back.
    ///
    /// # Errors
    /// The server can't be reached.
    pub async fn revoke(&self, token: &str) -> Result<Answer> {
        self.of_token("revoke", token).await
    }

    async fn of_token(&self, endpoint: &str, token: &str) -> Result<Answer> {
        let basic = format!("Basic {}", basic(&self.client_id, &self.client_secret));
        let headers: [(&str, &[u8]); 2] =
            [("authorization", basic.as_bytes()), ("content-type", b"application/x-www-form-urlencoded")];
        let path = format!("/t/acme/oauth2/{endpoint}");
        send(self.address, "POST", &path, &headers, format!("token={token}")).await
    }

    fn request(&self, assertion: &str) -> TokenRequest {
        TokenRequest {
            address: self.address,
            path: token_path("acme"),
            credentials: "basic".to_owned(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            assertion: assertion.to_owned(),
            scope: None,
            resource: None,
        }
    }
}
