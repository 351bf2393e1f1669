//! The activity log (R75): what it holds and what it never does, how it is written, and how much of it there is.

mod document;
mod recording;
mod ring;
#[path = "../world/mod.rs"]
mod world;

use std::cell::Cell;
use std::collections::BTreeSet;

use asserta_core::client_auth::{Presented, PresentedBy};
use asserta_core::grants::TokenRequest;
use asserta_core::jose::key::{SigningAlgorithm, SigningKey};
use asserta_core::organization::OrganizationId;
use asserta_core::service::{
    ActivityPage, ActivityQuery, NewApplication, RecordedDecision, Service, Settings,
};
use serde_json::json;
use world::{World, assertion, issuer, jwks, key, metadata, request, run};

fn service(world: &World) -> Service<&World> {
    let settings = Settings::new("https://as.example/", SigningAlgorithm::Es256, false).expect("a good URL");
    Service::new(world, settings.with_activity(true))
}

/// An organization with a trusted issuer and an application.
struct Party {
    organization: OrganizationId,
    idp: SigningKey,
    client: NewApplication,
    jti: Cell<u32>,
}

impl Party {
    fn new(world: &World, name: &str) -> Self {
        let (service, idp) = (service(world), key(1));
        let organization = OrganizationId::parse(name).expect("a name");
        run(service.registry().put_organization(&organization, None)).expect("registered");
        run(service
            .registry()
            .create_trusted_issuer(&organization, &issuer(json!({ "jwks": jwks(&[&idp]) }))))
        .expect("registered");
        let client = run(service.registry().create_application(&organization, metadata(json!({}))))
            .expect("registered");
        Self { organization, idp, client, jti: Cell::default() }
    }

    fn client_id(&self) -> &str {
        self.client.application.client_id()
    }

    fn assertion(&self, world: &World) -> String {
        self.jti.set(self.jti.get() + 1);
        let audience = match self.organization.as_str() {
            "default" => "https://as.example".to_owned(),
            other => format!("https://as.example/t/{other}"),
        };
        let claims = json!({ "aud": audience, "jti": self.jti.get().to_string(), "email": "alice@example" });
        assertion(&self.idp, world.clock.0.get(), claims)
    }

    /// An exchange, and the work after it.
    fn exchange(&self, world: &World, service: &Service<&World>) {
        let request = request(&self.client, &self.assertion(world));
        run(service.exchange(&self.organization, &request)).expect("a token");
        run(service.after_response()).expect("done");
    }

    /// The same with a wrong secret.
    fn intrude(&self, world: &World, service: &Service<&World>) {
        let credentials = Presented::secret(self.client_id(), "wrong", PresentedBy::Basic);
        let request = TokenRequest::jwt_bearer(credentials, &self.assertion(world), None, None);
        run(service.exchange(&self.organization, &request.expect("short enough"))).expect_err("refused");
        run(service.after_response()).expect("done");
    }

    fn page(&self, service: &Service<&World>, query: &str) -> ActivityPage {
        let query = ActivityQuery::parse(query).expect("a query");
        run(service.activity().list(&self.organization, &query)).expect("listed")
    }

    /// All of the log, page by page.
    fn all(&self, service: &Service<&World>) -> Vec<RecordedDecision> {
        let mut page = self.page(service, "limit=100");
        let mut all = page.items;
        while let Some(next) = page.next {
            page = self.page(service, &format!("limit=100&after={next}"));
            all.append(&mut page.items);
        }
        let ids: BTreeSet<_> = all.iter().map(|item| item.id.clone()).collect();
        assert_eq!(ids.len(), all.len(), "each has its own");
        all.into_iter().map(|item| item.decision).collect()
    }
}

fn records(world: &World) -> usize {
    world.registry.entries.borrow().keys().filter(|key| key.starts_with("activity/")).count()
}
