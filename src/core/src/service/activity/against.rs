//! Which recorded decisions a document of registrations would turn, and of which that can't be told: the log has no
//! claims, scopes or keys.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Serialize, Serializer};

use super::Activity;
use super::recorded::RecordedDecision;
use crate::application::ApplicationMetadata;
use crate::oauth::Reason;
use crate::organization::OrganizationId;
use crate::ports::{Ports, StoreError};
use crate::service::entries::Entries;
use crate::service::registry::{Applied, Kind, Outcome, RegistryError, SeedOrganization, TrustDocument};
use crate::trust::{IssuerRule, RuleClient, RuleMode, TrustedIssuer};

/// How many kinds of decisions are listed.
const MAX_ITEMS: usize = 200;

/// What decisions of the activity log would come to under a document.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// So many decisions are in the log of the document's organizations.
    pub compared: usize,
    /// So many would come out as they did.
    pub same: usize,
    /// So many would come out otherwise.
    pub otherwise: usize,
    /// Of so many that can't be told.
    pub unknown: usize,
    /// Those that would come out otherwise, and those of which it can't be told: the first 200 kinds.
    pub items: Vec<Compared>,
}

/// Decisions that have all this in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Compared {
    /// The organization.
    pub organization: String,
    /// The application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The name of the trusted issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_issuer: Option<String>,
    /// The rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What was decided: `granted` or `refused`.
    pub outcome: String,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it would come to.
    pub would_be: Would,
    /// Why it would be refused, where that is known.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "name")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub would_be_reason: Option<Reason>,
    /// Why it can't be told: members that the document changes, and that the log says nothing about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// So many decisions.
    pub count: usize,
}

impl Compared {
    fn is_alike(&self, other: &Self) -> bool {
        self.organization == other.organization
            && self.client_id == other.client_id
            && self.trusted_issuer == other.trusted_issuer
            && self.rule == other.rule
            && self.outcome == other.outcome
            && self.reason == other.reason
            && (self.would_be, self.would_be_reason) == (other.would_be, other.would_be_reason)
            && self.because == other.because
    }
}

fn name<S: Serializer>(reason: &Option<Reason>, serializer: S) -> Result<S::Ok, S::Error> {
    reason.map(Reason::name).serialize(serializer)
}

/// What a decision would come to, where that is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Would {
    /// It would be refused.
    Refused,
    /// It can't be told.
    Unknown,
}

/// What a document makes of one decision.
#[derive(Default)]
struct Verdict {
    refused: bool,
    reason: Option<Reason>,
    because: Vec<String>,
}

impl Verdict {
    fn refused(reason: Reason) -> Self {
        Self { refused: true, reason: Some(reason), because: Vec::new() }
    }
}

/// An application that the document changes or adds.
struct ChangedApplication<'a> {
    after: &'a ApplicationMetadata,
    applied: &'a Applied,
}

/// An issuer that the document changes or adds.
struct ChangedIssuer<'a> {
    /// As it is registered; `None`: it is not, or can't be read.
    before: Option<TrustedIssuer>,
    after: &'a TrustedIssuer,
    applied: &'a Applied,
}

/// What a document changes in an organization, by name.
#[derive(Default)]
struct Changes<'a> {
    applications: Entries<ChangedApplication<'a>>,
    issuers: Entries<ChangedIssuer<'a>>,
}

impl<P: Ports> Activity<P> {
    /// Compares what was decided with what would have been under a document; `applied` is what applying it would do. Decisions
    /// are held against the registrations as they are: what changed since a decision, nobody knows.
    pub async fn compare(
        &self,
        document: &TrustDocument,
        applied: &[Applied],
    ) -> Result<Comparison, RegistryError> {
        let mut comparison = Comparison::default();
        for organization in &document.organizations {
            let id = OrganizationId::parse(&organization.name)?;
            let changes = self.changes(&id, organization, applied).await?;
            // A document turns no revocation.
            let log = self.log(&id, |_, decision| decision.event.is_none()).await?;
            for entry in &log.decisions {
                comparison.add(&organization.name, &entry.1, changes.judge(&entry.1));
            }
        }
        Ok(comparison)
    }

    async fn changes<'a>(
        &self,
        id: &OrganizationId,
        organization: &'a SeedOrganization,
        applied: &'a [Applied],
    ) -> Result<Changes<'a>, RegistryError> {
        let of = |kind, name: &str| {
            let is_it = |one: &&Applied| {
                one.kind == kind && one.organization == organization.name && one.name.as_deref() == Some(name)
            };
            applied.iter().find(is_it).filter(|one| one.outcome != Outcome::Unchanged)
        };
        let mut changes = Changes::default();
        for application in &organization.applications {
            if let Some(applied) = of(Kind::Application, &application.client_id) {
                let changed = ChangedApplication { after: &application.metadata, applied };
                changes.applications.put(&application.client_id, changed);
            }
        }
        for after in &organization.trusted_issuers {
            if let Some(applied) = of(Kind::TrustedIssuer, &after.name) {
                let before = match self.registry.load_issuer(id, &after.name).await {
                    Err(StoreError::Unreadable(_)) => None,
                    before => before?,
                };
                changes.issuers.put(&after.name, ChangedIssuer { before, after, applied });
            }
        }
        Ok(changes)
    }
}

impl Comparison {
    fn add(&mut self, organization: &str, decision: &RecordedDecision, verdict: Verdict) {
        self.compared += 1;
        let was_granted = decision.outcome == "granted";
        let would_be = match verdict.refused {
            true if was_granted => Would::Refused,
            false if !verdict.because.is_empty() => Would::Unknown,
            _ => {
                self.same += 1;
                return;
            }
        };
        match would_be {
            Would::Refused => self.otherwise += 1,
            Would::Unknown => self.unknown += 1,
        }
        let item = Compared {
            organization: organization.into(),
            client_id: decision.client_id.clone(),
            trusted_issuer: decision.trusted_issuer.clone(),
            rule: decision.rule.clone(),
            outcome: decision.outcome.clone(),
            reason: decision.reason.clone(),
            would_be,
            would_be_reason: verdict.reason,
            because: verdict.because,
            count: 0,
        };
        let place = self.items.iter().position(|known| known.is_alike(&item));
        match place {
            Some(place) => self.items[place].count += 1,
            None if self.items.len() < MAX_ITEMS => self.items.push(Compared { count: 1, ..item }),
            None => {}
        }
    }
}

impl Changes<'_> {
    /// In the order of an exchange: what refuses first is the reason.
    fn judge(&self, decision: &RecordedDecision) -> Verdict {
        let application = decision.client_id.as_deref().and_then(|id| self.applications.get(id));
        let issuer = decision.trusted_issuer.as_deref().and_then(|name| self.issuers.get(name));
        let mut because = Vec::new();
        if let Some(ChangedApplication { after, applied }) = application {
            if !after.enabled {
                return Verdict::refused(Reason::ClientUnauthenticated);
            }
            if decision.grant_type.as_ref().is_some_and(|grant| !after.grant_types.contains(grant)) {
                return Verdict::refused(Reason::GrantNotAllowed);
            }
            because.extend(beyond("application", applied, &DECIDED_OF_APPLICATION));
        }
        if let Some(ChangedIssuer { before, after, .. }) = issuer
            && (!after.enabled || before.as_ref().is_some_and(|before| before.issuer != after.issuer))
        {
            return Verdict::refused(Reason::IssuerUnknown);
        }
        if let (Some(application), Some(name)) = (application, &decision.trusted_issuer)
            && application.after.trusted_issuers.as_ref().is_some_and(|allowed| !allowed.contains(name))
        {
            return Verdict::refused(Reason::IssuerNotAllowed);
        }
        if let Some(ChangedIssuer { before, after, applied }) = issuer {
            match before.as_ref().map(|before| rules(before, after, decision)) {
                Some(Rules::NoneFits) => return Verdict::refused(Reason::NoRuleFits),
                Some(Rules::Same) => because.extend(beyond("trusted_issuer", applied, &DECIDED_OF_ISSUER)),
                Some(Rules::Unknown) => because.extend(beyond("trusted_issuer", applied, &["enabled"])),
                None => because.push("trusted_issuer".into()),
            }
        }
        if decision.outcome != "granted" {
            self.why_perhaps_not_refused(decision, application.is_some(), issuer.is_some(), &mut because);
        }
        Verdict { refused: false, reason: None, because }
    }

    /// A refusal may end with any change of what it was refused by, and with what the document adds: what comes after it in
    /// an exchange the log does not know.
    fn why_perhaps_not_refused(
        &self,
        decision: &RecordedDecision,
        has_application: bool,
        has_issuer: bool,
        because: &mut Vec<String>,
    ) {
        let reason = decision.reason.as_deref();
        let is = |wanted: Reason| reason == Some(wanted.name());
        if has_application && because.is_empty() {
            because.push("application".into());
        }
        if has_issuer && because.is_empty() {
            because.push("trusted_issuer".into());
        }
        if decision.client_id.is_none() && is(Reason::ClientUnauthenticated) && self.applications.len() > 0 {
            because.push("applications".into());
        }
        if decision.trusted_issuer.is_none() && is(Reason::IssuerUnknown) && self.issuers.len() > 0 {
            because.push("trusted_issuers".into());
        }
    }
}

/// The members about which the log says enough, and those that decide nothing.
const DECIDED_OF_APPLICATION: [&str; 5] =
    ["access_token_lifetime", "client_name", "enabled", "grant_types", "trusted_issuers"];
const DECIDED_OF_ISSUER: [&str; 2] = ["enabled", "rules"];

/// The other members that a document changes.
fn beyond(kind: &str, applied: &Applied, decided: &[&str]) -> Vec<String> {
    if applied.changed.is_empty() {
        // It is new, or could not be read.
        return [kind.into()].into();
    }
    let others = applied.changed.iter().filter(|member| !decided.contains(&member.as_str()));
    others.map(|member| format!("{kind}.{member}")).collect()
}

/// What becomes of the rule that decided.
enum Rules {
    /// It decides again.
    Same,
    /// No rule is for whoever asked.
    NoneFits,
    /// Another rule may fit, or this one as it is now.
    Unknown,
}

fn rules(before: &TrustedIssuer, after: &TrustedIssuer, decision: &RecordedDecision) -> Rules {
    if before.rules == after.rules {
        return Rules::Same;
    }
    let known = before.rules.as_deref().unwrap_or_default();
    let place = known.iter().position(|rule| Some(rule.name.as_str()) == decision.rule.as_deref());
    let (Some(rules), Some(client_id)) = (after.rules.as_deref(), decision.client_id.as_deref()) else {
        return Rules::Unknown;
    };
    // Without a rule that decided, it was an application: rules without a client need one.
    let client = place.map_or(RuleClient::Required, |place| known[place].client);
    let is_for = |rule: &&IssuerRule| {
        let is_named = rule.applications.as_ref().is_none_or(|ids| ids.iter().any(|id| id == client_id));
        rule.mode == RuleMode::Enforce && rule.client == client && (client == RuleClient::None || is_named)
    };
    if !rules.iter().any(|rule| is_for(&rule)) {
        return Rules::NoneFits;
    }
    // Those before it did not fit, and still don't where they are the same.
    let Some(place) = place else { return Rules::Unknown };
    let mut until = rules.iter().take_while(|rule| **rule != known[place]);
    let is_there = rules.contains(&known[place]);
    if is_there && until.all(|rule| known[..place].contains(rule)) { Rules::Same } else { Rules::Unknown }
}
