//! An issuer with as many rules as there may be, beside one with none: what the choice between them costs.

use anyhow::Result;
use serde_json::{Value, json};

use crate::assertion::{Differing, mint_differing, now};
use crate::exchange::measured;
use crate::figures::Subject;
use crate::keys::{Algorithm, IssuerKey};
use crate::load::{Call, Pace};
use crate::measure::median;
use crate::report::{Figure, Target};
use crate::server::{self, Server, trusted_issuer};

/// Rules of one issuer: the most that there may be (R80).
const RULES: usize = 64;

/// The claims of a job, as its platform tells them: as many as a rule has conditions.
const CLAIMS: [(&str, &str); 8] = [
    ("repository", "octo-org/application"),
    ("repository_id", "74"),
    ("repository_owner", "octo-org"),
    ("repository_owner_id", "65"),
    ("ref", "refs/heads/main"),
    ("environment", "production"),
    ("event_name", "workflow_dispatch"),
    ("workflow", "deploy"),
];

/// An issuer of jobs with this key.
#[derive(Clone, Copy)]
pub enum Issuer {
    /// Without rules.
    Plain,
    /// With rules, of which the last one fits. Of the others all conditions hold but the last.
    WithRules,
}

impl Issuer {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Plain, Self::WithRules];

    /// What its rows are called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "a job, no rules",
            Self::WithRules => "a job, 64 rules of 8 conditions",
        }
    }

    const fn identifier(self) -> &'static str {
        match self {
            Self::Plain => "https://jobs.example/plain",
            Self::WithRules => "https://jobs.example/rules",
        }
    }

    /// Its registration.
    fn registration(self, key: &IssuerKey) -> Value {
        let mut document = trusted_issuer(self.name(), self.identifier(), key);
        if let Self::WithRules = self {
            document["rules"] = (1..=RULES).map(rule).collect();
        }
        document
    }

    /// One of its assertions.
    pub fn mint(self, key: &IssuerKey, jwt_id: &str, now: u64) -> Result<String> {
        let claims = CLAIMS.map(|(name, value)| (name.to_owned(), value.into()));
        let differing = Differing {
            issuer: self.identifier().to_owned(),
            jwt_id: jwt_id.to_owned(),
            claims: claims.into_iter().collect(),
        };
        mint_differing(key, differing, now)
    }
}

fn rule(number: usize) -> Value {
    let conditions = CLAIMS.iter().enumerate().map(|(index, (claim, value))| {
        let other = number < RULES && index + 1 == CLAIMS.len();
        let wanted = if other { format!("{value}-{number}") } else { (*value).to_owned() };
        json!({ "claim": claim, "equals": wanted })
    });
    json!({ "name": format!("rule {number}"), "claims": conditions.collect::<Vec<_>>(), "scopes": ["read"] })
}

/// The registrations of both.
pub fn trust_document(key: &IssuerKey) -> Value {
    let mut trust = server::trust_document(&[]);
    trust["organizations"][0]["trusted_issuers"] =
        Issuer::ALL.map(|issuer| issuer.registration(key)).into_iter().collect();
    trust
}

/// What a token of an issuer with rules costs, against one without.
pub fn figure(subject: &Subject<'_>, algorithm: Algorithm) -> Result<Figure> {
    let key = subject.key(algorithm)?;
    let path = subject.folder.join("rules.json");
    std::fs::write(&path, trust_document(key).to_string())?;
    let server = Server::start(&subject.on_sqlite, &subject.folder.join("rules"), &path)?;
    let count = (6_000.0 * subject.effort.duration.as_secs_f64()) as usize;
    let mut samples = [Vec::new(), Vec::new()];
    for run in 0..=subject.effort.runs {
        for (issuer, samples) in Issuer::ALL.iter().zip(&mut samples) {
            let mint = |index| Ok(Call::granted(&issuer.mint(key, &format!("{run}-{index}"), now())?));
            let calls = (0..count).map(mint).collect::<Result<Vec<_>>>()?;
            let pace = Pace::Closed(subject.effort.duration);
            samples.push(measured(&server, crate::exchange::CONNECTIONS, pace, &calls)?.1.cpu);
        }
    }
    server.stop()?;
    // The first run warms up.
    let [plain, with_rules] = samples.map(|mut samples| median(samples.split_off(1)));
    let name = format!("{}, {RULES} rules of {} conditions / no rules: CPU", algorithm.name(), CLAIMS.len());
    Ok(Figure::new(name, with_rules / plain, "x", Target::AtMost(1.1)))
}
