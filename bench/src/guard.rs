//! A request to an API behind `guard.wasm`, beside one to the same API alone, both on a wasmtime that anybody can install.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::assertion::{AUDIENCE, mint_many};
use crate::exchange::{CONNECTIONS, measured};
use crate::figures::Subject;
use crate::keys::Algorithm;
use crate::load::{Call, Pace, tokens};
use crate::measure::median;
use crate::report::{Figure, Target};
use crate::server::{Kind, Server, trust_document};

/// What the API is called in tokens.
const API: &str = "https://api.example";

/// Tokens that differ. An instance serves 128 requests there, so that none of it sees one twice.
const TOKENS: usize = 1_000;

/// The API's components, and what runs them.
pub struct Api {
    /// The wasmtime.
    pub wasmtime: PathBuf,
    /// The API alone.
    pub alone: PathBuf,
    /// The guard composed in front of it.
    pub guarded: PathBuf,
}

impl Api {
    fn start(
        &self,
        component: &Path,
        settings: Vec<(&'static str, String)>,
        folder: &Path,
    ) -> Result<Server> {
        let (wasmtime, component) = (self.wasmtime.clone(), component.to_owned());
        Server::start(&Kind::Api { wasmtime, component, settings }, folder, Path::new(""))
    }
}

/// What a request costs alone, guarded with a token that its instance has not seen, and with one that it has.
pub fn figures(subject: &Subject<'_>, api: &Api) -> Result<Vec<Figure>> {
    let trust = subject.folder.join("guard.json");
    let mut document = trust_document(subject.keys);
    document["organizations"][0]["applications"][0]["audience"] = API.into();
    std::fs::write(&trust, document.to_string())?;
    let as_server = Server::start(&subject.on_memory, &subject.folder.join("guard"), &trust)?;
    let key = subject.key(Algorithm::EdDsa)?;
    let assertions = mint_many(key, "guard", TOKENS)?;
    let granted: Vec<Call> = assertions.iter().map(|assertion| Call::granted(assertion)).collect();
    let different: Vec<Call> =
        tokens(as_server.address(), &granted)?.iter().map(|token| Call::of_an_api(token)).collect();
    let pace = Pace::Closed(subject.effort.duration);
    let enough = (20_000.0 * subject.effort.duration.as_secs_f64()) as usize + CONNECTIONS;
    let same: Vec<Call> = different.iter().take(1).cycle().take(enough).cloned().collect();

    let alone = api.start(&api.alone, Vec::new(), &subject.folder.join("alone"))?;
    let settings = vec![
        ("guard_issuer", AUDIENCE.to_owned()),
        ("guard_audience", API.to_owned()),
        ("guard_jwks_uri", format!("http://{}/oauth2/jwks", as_server.address())),
    ];
    let guarded = api.start(&api.guarded, settings, &subject.folder.join("guarded"))?;
    let requests = [
        ("a request to an API on wasmtime: CPU", &alone, pace, &same),
        (
            "the same guarded, its token not seen before: CPU",
            &guarded,
            Pace::Closed(Duration::MAX),
            &different,
        ),
        ("the same guarded, its token seen before: CPU", &guarded, pace, &same),
    ];
    let mut samples = requests.map(|_| Vec::new());
    // The first run warms up.
    for run in 0..=subject.effort.runs {
        for ((_, server, pace, calls), samples) in requests.iter().zip(&mut samples) {
            let (_, cost) = measured(server, CONNECTIONS, *pace, calls)?;
            if run > 0 {
                samples.push(cost.cpu * 1e3);
            }
        }
    }
    let names = requests.map(|(name, ..)| name);
    for server in [as_server, alone, guarded] {
        server.stop()?;
    }
    let figure = |(name, samples)| Figure::new(name, median(samples), "us", Target::None);
    Ok(names.into_iter().zip(samples).map(figure).collect())
}
