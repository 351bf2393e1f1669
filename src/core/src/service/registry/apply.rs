//! Applying a document of registrations, as a whole and again without effect.
//!
//! As a whole means that all of it is checked before any of it is stored. A store that fails in the middle, or
//! somebody who registers at the same moment, can still leave a part: applying it again completes it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Registry;
use super::applied::{Applied, ApplyError, ApplyReport, Kind, Outcome, Seeding};
use super::document::{SeedApplication, SeedOrganization, TrustDocument};
use super::error::{RegistryError, has_it_already};
use super::lock::Lock;
use super::organizations::check_display_name;
use super::precondition::Precondition;
use super::put::{Known, Put};
use super::references::{self, KnownRecords};
use crate::application::Application;
use crate::field::FieldError;
use crate::organization::OrganizationId;
use crate::ports::{Clock as _, Ports, Store as _, StoreError};
use crate::service::record::{self, Key, StoredApplication};
use crate::trust::{TrustedIssuer, Warning};

/// Whether a document is applied, or only what that would do is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It is applied.
    Real,
    /// Nothing is written.
    Dry,
}

/// One registration of a document.
struct Registration<'a> {
    place: String,
    organization: OrganizationId,
    wanted: Wanted<'a>,
}

enum Wanted<'a> {
    Organization(&'a SeedOrganization),
    Issuer(&'a TrustedIssuer),
    Application(&'a SeedApplication),
}

impl Registration<'_> {
    /// The key of its record; `None`: it is an organization, which nothing names.
    fn key(&self) -> Option<String> {
        match self.wanted {
            Wanted::Organization(_) => None,
            Wanted::Issuer(issuer) => Some(Key::trusted_issuer(&self.organization, &issuer.name)),
            Wanted::Application(application) => {
                Some(Key::application(&self.organization, &application.client_id))
            }
        }
    }

    fn not_applied(&self) -> Applied {
        let (kind, name) = match self.wanted {
            Wanted::Organization(_) => (Kind::Organization, None),
            Wanted::Issuer(issuer) => (Kind::TrustedIssuer, Some(&issuer.name)),
            Wanted::Application(application) => (Kind::Application, Some(&application.client_id)),
        };
        Applied {
            kind,
            organization: self.organization.to_string(),
            name: name.cloned(),
            outcome: Outcome::NotApplied,
            changed: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// The registrations of a document, in the order in which they are made.
fn registrations(document: &TrustDocument) -> Result<Vec<Registration<'_>>, ApplyError> {
    let mut registrations = Vec::new();
    for (index, seed) in document.organizations.iter().enumerate() {
        let place = format!("organizations[{index}]");
        let id = OrganizationId::parse(&seed.name).map_err(|error| refused(&place, error))?;
        let mut add = |place: String, wanted| {
            registrations.push(Registration { place, organization: id.clone(), wanted });
        };
        add(place.clone(), Wanted::Organization(seed));
        for (index, issuer) in seed.trusted_issuers.iter().enumerate() {
            add(format!("{place}.trusted_issuers[{index}]"), Wanted::Issuer(issuer));
        }
        for (index, application) in seed.applications.iter().enumerate() {
            add(format!("{place}.applications[{index}]"), Wanted::Application(application));
        }
    }
    Ok(registrations)
}

/// How many registrations of an organization are made in one turn: a turn must be over long before it runs out.
const MOST_IN_TURN: usize = 32;

/// The registrations that are made next: an organization, or some of what is in it.
fn turn<'a, 'b>(registrations: &'a [Registration<'b>]) -> &'a [Registration<'b>] {
    let is_organization = |one: &&Registration<'_>| matches!(one.wanted, Wanted::Organization(_));
    let more =
        registrations.iter().skip(1).take(MOST_IN_TURN - 1).take_while(|one| !is_organization(one)).count();
    let first_alone = registrations.first().is_some_and(|one| is_organization(&one));
    &registrations[..if first_alone { 1 } else { 1 + more }]
}

/// Nothing was applied, because of what stands there.
fn refused(place: &str, error: impl Into<RegistryError>) -> ApplyError {
    ApplyError { place: place.to_string(), error: error.into(), applied: Vec::new() }
}

impl<P: Ports> Registry<P> {
    /// Brings the registrations to what the document says. What it does not name stays.
    pub async fn apply(&self, document: &TrustDocument) -> Result<ApplyReport, RegistryError> {
        Ok(ApplyReport::count(&self.put_each(&registrations(document)?, Run::Real).await?))
    }

    /// The same, with what became of each registration, or would become of it, and what to look at again.
    pub async fn apply_each(&self, document: &TrustDocument, run: Run) -> Result<Vec<Applied>, ApplyError> {
        let registrations = registrations(document)?;
        let mut applied = self.put_each(&registrations, run).await?;
        // What it names may stand anywhere in it.
        let mut known = KnownRecords::new(registrations.iter().filter_map(Registration::key));
        for (one, applied) in registrations.iter().zip(&mut applied) {
            applied.warnings = self.warnings_of(one, &mut known).await;
        }
        Ok(applied)
    }

    /// What about a registration may not be meant so (R86).
    async fn warnings_of(&self, one: &Registration<'_>, known: &mut KnownRecords) -> Vec<Warning> {
        match one.wanted {
            Wanted::Organization(_) => Vec::new(),
            Wanted::Issuer(issuer) => self.warnings_of_issuer(&one.organization, issuer, known).await,
            Wanted::Application(application) => {
                let named = references::of_application(&application.metadata);
                self.warn_of_references(&one.organization, named, known).await
            }
        }
    }

    async fn put_each(
        &self,
        registrations: &[Registration<'_>],
        run: Run,
    ) -> Result<Vec<Applied>, ApplyError> {
        for (number, one) in registrations.iter().enumerate() {
            self.check(one, &registrations[..number]).await.map_err(|error| refused(&one.place, error))?;
        }
        let mut applied: Vec<Applied> = registrations.iter().map(Registration::not_applied).collect();
        let mut done = 0;
        while done < registrations.len() {
            let turn = turn(&registrations[done..]);
            let (begin, last) = (done, done + turn.len() - 1);
            let mut puts = async |lock: Option<&Lock>| {
                for (one, applied) in turn.iter().zip(&mut applied[begin..]) {
                    if done > begin && lock.is_some_and(|lock| self.is_ending(lock)) {
                        // What is left has a turn of its own.
                        break;
                    }
                    let (put, changed) = self.put(one, run, lock).await?;
                    applied.outcome = put.into();
                    applied.changed = changed;
                    done += 1;
                }
                Ok(())
            };
            let is_organization = matches!(registrations[begin].wanted, Wanted::Organization(_));
            let result = match run {
                Run::Real if !is_organization => {
                    let organization = &registrations[begin].organization;
                    self.change(organization, async |lock| puts(Some(lock)).await).await
                }
                _ => puts(None).await,
            };
            if let Err(error) = result {
                // Where the turn itself could not be ended, it is the last one of which nothing is known.
                let failed = done.min(last);
                let place = registrations[failed].place.clone();
                if run == Run::Dry {
                    return Err(refused(&place, error));
                }
                // Where the store failed, it may have been done or not.
                if matches!(error, RegistryError::Store(_)) {
                    applied[failed].outcome = Outcome::Unknown;
                }
                return Err(ApplyError { place, error, applied });
            }
        }
        Ok(applied)
    }

    /// Applies the document whose text has this digest, if it never was: whoever starts with a document again must not
    /// undo what was changed or removed since, nor what a newer document says while nodes start one after another.
    pub async fn apply_once(&self, document: &TrustDocument, digest: &str) -> Result<Seeding, RegistryError> {
        let (store, key) = (self.shell.ports.registry(), Key::seed_applied(digest));
        if store.get(&key).await?.is_some() {
            let last = store.get(Key::SEED_LAST).await?;
            let is_last = last.is_none_or(|last| last == digest.as_bytes());
            return Ok(if is_last { Seeding::Known } else { Seeding::Superseded });
        }
        let report = self.apply(document).await?;
        store.set(Key::SEED_LAST, digest.as_bytes()).await?;
        store.set(&key, b"1").await?;
        Ok(Seeding::Applied(report))
    }

    /// What [`TrustDocument::check`] can't see: issuer values that are ours, and issuer values and labels that are taken
    /// by what the document does not change before.
    async fn check(&self, one: &Registration<'_>, before: &[Registration<'_>]) -> Result<(), RegistryError> {
        let gives_it_up = |name: &str| {
            before.iter().any(|earlier| {
                earlier.organization == one.organization
                    && matches!(earlier.wanted, Wanted::Issuer(earlier) if earlier.name == name)
            })
        };
        match one.wanted {
            Wanted::Organization(seed) => {
                check_display_name(seed.display_name.as_deref())?;
                Ok(seed.stated_metadata(self.shell.settings.dev()).map(drop)?)
            }
            Wanted::Application(application) => {
                if application.check(self.shell.settings.dev())?.is_none() {
                    let known = self.load_application(&one.organization, &application.client_id).await?;
                    self.wanted_application(application, known.as_ref())?;
                }
                // None of the document's own issuers has it as a label.
                if self.is_label(&one.organization, &application.client_id, gives_it_up).await? {
                    let problem = "is the label of a rule without a client (R29)";
                    return Err(FieldError::new("client_id", problem).into());
                }
                Ok(())
            }
            Wanted::Issuer(issuer) => {
                self.check_issuer(&one.organization, issuer)?;
                if let Some(rule) = self.rule_with_taken_label(&one.organization, issuer).await? {
                    let problem = "is that of an application of this organization";
                    return Err(FieldError::new(format!("rules[{rule}].client_id"), problem).into());
                }
                match self.other_with_issuer_value(&one.organization, issuer).await? {
                    Some(other) if !gives_it_up(&other) => {
                        Err(FieldError::new("issuer", has_it_already(&other)).into())
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    /// Brings a registration to what is wanted, or finds out what that would do; and which members it changes. What is
    /// in an organization is put under the lock of a [`change`](Self::change), and without one nothing of that is written.
    async fn put(
        &self,
        one: &Registration<'_>,
        run: Run,
        lock: Option<&Lock>,
    ) -> Result<(Put, Vec<String>), RegistryError> {
        let organization = &one.organization;
        match one.wanted {
            Wanted::Organization(seed) => {
                let put = self.apply_organization(organization, seed.display_name.as_deref(), run).await?;
                let mut changed = Vec::new();
                if put == Put::Replaced {
                    changed.push("display_name".to_string());
                }
                if self.apply_stated_metadata(organization, seed, run).await? != Put::Unchanged {
                    changed.push("metadata".to_string());
                }
                match put {
                    Put::Created => Ok((put, Vec::new())),
                    _ if changed.is_empty() => Ok((put, changed)),
                    _ => Ok((Put::Replaced, changed)),
                }
            }
            Wanted::Issuer(issuer) => {
                let before = Known::of(self.load_issuer(organization, &issuer.name).await)?;
                let wanted = issuer.as_stored();
                let put = match lock {
                    Some(lock) => self.put_locked(lock, organization, issuer, &before).await?,
                    None => before.put(&wanted),
                };
                let changed = before.readable().map(|before| record::differing(before, &wanted));
                Ok((put, changed.unwrap_or_default()))
            }
            Wanted::Application(application) => {
                let before = Known::of(self.load_application(organization, &application.client_id).await)?;
                let wanted = self.wanted_application(application, before.readable())?.as_stored();
                let put = before.put(&wanted);
                if let Some(lock) = lock.filter(|_| put != Put::Unchanged) {
                    if matches!(before, Known::Nothing) {
                        self.check_is_no_label(organization, &application.client_id).await?;
                    }
                    self.forget_unless_kept(organization, before.readable(), &wanted).await?;
                    self.write_application(lock, organization, &wanted).await?;
                }
                let stored = StoredApplication::from;
                let changed =
                    before.readable().map(|before| record::differing(stored(before), stored(&wanted)));
                Ok((put, changed.unwrap_or_default()))
            }
        }
    }

    async fn apply_organization(
        &self,
        organization: &OrganizationId,
        display_name: Option<&str>,
        run: Run,
    ) -> Result<Put, RegistryError> {
        match self.organization(organization).await {
            Ok(known) if display_name.is_none() || known.display_name.as_deref() == display_name => {
                if run == Run::Real {
                    // Somebody may repeat what failed halfway.
                    self.changed(organization).await?;
                }
                return Ok(Put::Unchanged);
            }
            // What the document says takes the place of a record that can't be read.
            Ok(_)
            | Err(RegistryError::OrganizationUnknown | RegistryError::Store(StoreError::Unreadable(_))) => {}
            Err(error) => return Err(error),
        }
        let is_new = match run {
            Run::Real => self.put_organization(organization, display_name).await?,
            Run::Dry => self.shell.ports.registry().get(&Key::organization(organization)).await?.is_none(),
        };
        Ok(if is_new { Put::Created } else { Put::Replaced })
    }

    /// Creates or replaces an application that brings its own identifier, and its secret or where its keys are.
    pub async fn put_application(
        &self,
        organization: &OrganizationId,
        seed: &SeedApplication,
    ) -> Result<(Put, Application), RegistryError> {
        self.put_application_if(organization, seed, &Precondition::default()).await
    }

    pub(super) async fn put_application_if(
        &self,
        organization: &OrganizationId,
        seed: &SeedApplication,
        precondition: &Precondition,
    ) -> Result<(Put, Application), RegistryError> {
        seed.check(self.shell.settings.dev())?;
        self.require(organization).await?;
        self.change(organization, async |lock| {
            let known = Known::of(self.load_application(organization, &seed.client_id).await)?;
            self.check_precondition(precondition, &known)?;
            let wanted = self.wanted_application(seed, known.readable())?;
            let put = known.put(&wanted.clone().as_stored());
            if matches!(known, Known::Nothing) {
                self.check_is_no_label(organization, &seed.client_id).await?;
            }
            if put != Put::Unchanged {
                self.forget_unless_kept(organization, known.readable(), &wanted).await?;
                self.write_application(lock, organization, &wanted).await?;
            }
            Ok((put, wanted))
        })
        .await
    }

    /// The application that a document wants, in the place of the one that is there, whose secret stays if the document
    /// has none.
    fn wanted_application(
        &self,
        seed: &SeedApplication,
        known: Option<&Application>,
    ) -> Result<Application, RegistryError> {
        let dev = self.shell.settings.dev();
        let kept = || known.and_then(Application::secret_sha256).copied();
        let secret_sha256 = seed.check(dev)?.or_else(kept);
        if secret_sha256.is_none() && !seed.is_by_jwt() {
            let problem =
                "or client_secret_sha256 is needed: there is no application whose secret could stay";
            return Err(FieldError::new("client_secret", problem).into());
        }
        let created_at = known.map_or_else(|| self.shell.ports.clock().now(), Application::created_at);
        let (client_id, metadata) = (seed.client_id.clone(), seed.metadata.clone());
        Ok(Application::parse(client_id, secret_sha256, created_at, metadata, dev)?)
    }
}
