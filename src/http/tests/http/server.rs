//! An endpoint over a world in memory, and a host that hands requests in as a host has to.

use std::cell::RefCell;

use asserta_http::{BodyProblem, Endpoint, MAX_BODY, Request, Response, SettingTexts};
use serde_json::Value;

use crate::world::{World, run};

pub(crate) const ADMIN_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The texts of the settings; `Err`: one can't be read.
pub(crate) struct Texts(RefCell<Vec<(&'static str, Result<String, &'static str>)>>);

impl SettingTexts for &Texts {
    async fn text(&self, name: &str) -> Result<String, &'static str> {
        let texts = self.0.borrow();
        let text = texts.iter().rev().find(|(known, _)| *known == name);
        text.map_or_else(|| Ok(String::new()), |(_, text)| text.clone())
    }
}

impl Default for Texts {
    fn default() -> Self {
        let texts = Self(RefCell::default());
        texts.set("public_url", Ok("https://as.example/"));
        texts.set("admin_token", Ok(ADMIN_TOKEN));
        texts
    }
}

impl Texts {
    pub(crate) fn set(&self, name: &'static str, text: Result<&str, &'static str>) {
        self.0.borrow_mut().push((name, text.map(ToOwned::to_owned)));
    }
}

/// A request in the making.
pub(crate) struct Sent {
    method: &'static str,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    is_cut: bool,
}

pub(crate) fn request(method: &'static str, target: impl Into<String>) -> Sent {
    Sent { method, target: target.into(), headers: Vec::new(), body: Vec::new(), is_cut: false }
}

impl Sent {
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// The client goes away before the body is whole.
    pub(crate) fn cut(mut self) -> Self {
        self.is_cut = true;
        self
    }

    /// As an administrator, with JSON.
    pub(crate) fn by_admin(self) -> Self {
        self.header("Authorization", format!("Bearer {ADMIN_TOKEN}"))
            .header("Content-Type", "application/json")
    }

    /// Null: without a body.
    pub(crate) fn json(self, document: &Value) -> Self {
        if document.is_null() { self } else { self.body(document.to_string()) }
    }
}

pub(crate) struct Server<'a> {
    pub(crate) world: &'a World,
    endpoint: Endpoint<&'a World, &'a Texts>,
}

impl<'a> Server<'a> {
    pub(crate) fn new(world: &'a World, texts: &'a Texts) -> Self {
        Self { world, endpoint: Endpoint::new(world, texts) }
    }

    pub(crate) fn send(&self, sent: Sent) -> Answer {
        let (path, query) = match sent.target.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (sent.target, None),
        };
        let mut request =
            Request { method: sent.method.into(), path, query, headers: sent.headers, body: Ok(Vec::new()) };
        request.body = match request.awaits_body() {
            Ok(Some(_)) if sent.is_cut => Err(BodyProblem::Broken),
            Ok(Some(_)) if sent.body.len() > MAX_BODY => Err(BodyProblem::TooLarge),
            Ok(Some(_)) => Ok(sent.body),
            Ok(None) => Ok(Vec::new()),
            Err(problem) => Err(problem),
        };
        let answer = Answer(run(self.endpoint.handle(request)));
        run(self.endpoint.after_response());
        answer
    }

    /// What an administrator asks for, below `/admin/organizations`.
    pub(crate) fn admin(&self, method: &'static str, path: &str, document: &Value) -> Answer {
        self.send(request(method, format!("/admin/organizations{path}")).by_admin().json(document))
    }

    /// What was told that names the event.
    pub(crate) fn told(&self, event: &str) -> Vec<String> {
        self.world.events.0.borrow().iter().filter(|told| told.starts_with(event)).cloned().collect()
    }
}

pub(crate) struct Answer(pub(crate) Response);

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// All headers, a line each.
    pub(crate) fn headers(&self) -> Vec<String> {
        self.0.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect()
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.0.body).expect("UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.text()).expect("JSON")
    }

    /// A problem of this status and kind, about this member.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, kind: &str, field: Option<&str>) {
        let text = self.text();
        assert_eq!(self.status(), status, "{text}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{text}");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:asserta:problem:{kind}"), "{text}");
        assert_eq!(problem["status"], status, "{text}");
        assert_eq!(problem.get("field").and_then(Value::as_str), field, "{text}");
    }
}
