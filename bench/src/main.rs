//! `make bench`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use asserta_bench::exchange::{
    AXUM, BY_HOST, Contestant, Costs, Effort, NODE, PORTABLE, contest, way_in_and_out,
};
use asserta_bench::figures::Subject;
use asserta_bench::fuel::{self, Fixture, Kept};
use asserta_bench::growth::Growth;
use asserta_bench::guard::{self, Api};
use asserta_bench::keys::{Algorithm, IssuerKey};
use asserta_bench::profile::{Build, Profile};
use asserta_bench::report::{Figure, Report, Row, Target};
use asserta_bench::rules;
use asserta_bench::server::Kind;
use asserta_bench::signatures::InWasm;
use asserta_bench::{chart, cores};
use clap::{Parser, Subcommand};
use serde_json::json;

/// Trusted issuers for the figure on many registrations.
const MANY_ISSUERS: usize = 10_000;

/// Measures what an exchange costs, beside native code doing the same in the same run.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Bench {
    #[command(subcommand)]
    command: Option<Task>,

    /// Runs, of which the median counts.
    #[arg(long, default_value_t = 5)]
    runs: usize,

    /// Milliseconds of a run of whole exchanges.
    #[arg(long, default_value_t = 1500)]
    exchange_ms: u64,

    /// Milliseconds of a run of signatures.
    #[arg(long, default_value_t = 200)]
    signature_ms: u64,

    /// One short run of everything: says whether it works, not how fast it is.
    #[arg(long)]
    quick: bool,

    /// Only these parts.
    #[arg(long, value_delimiter = ',', default_values_t = ["signatures", "exchange", "figures", "guard", "registrations"].map(String::from))]
    parts: Vec<String>,

    /// A wasmtime that serves what is guarded (scripts/stock-wasmtime.sh prints one).
    #[arg(long, default_value = "wasmtime")]
    wasmtime: PathBuf,

    /// The folder of what was built.
    #[arg(long, default_value = "target")]
    target: PathBuf,
}

#[derive(Subcommand)]
enum Task {
    /// Draws where the processor time of a token goes.
    Profile {
        /// The picture.
        #[arg(long, default_value = "docs/profile.svg")]
        svg: PathBuf,
    },
    /// Draws how the rate of tokens changes as registrations, used assertions, connections and assertions grow.
    Growth {
        /// The picture.
        #[arg(long, default_value = "docs/growth.svg")]
        svg: PathBuf,
    },
    /// Counts the instructions of exchanges and compares them with bench/fuel.json.
    Fuel {
        /// Keep the counts as what later ones are compared with.
        #[arg(long)]
        keep: bool,
        /// Mint the assertions that are counted with anew.
        #[arg(long)]
        mint: bool,
    },
}

impl Bench {
    fn component(&self, name: &str) -> Result<PathBuf> {
        self.built(&format!("components/{name}.wasm"))
    }

    fn built(&self, name: &str) -> Result<PathBuf> {
        let path = self.target.join(name);
        ensure!(path.is_file(), "{} is missing; `make bench` builds it", path.display());
        Ok(path)
    }

    fn effort(&self) -> Effort {
        let (runs, milliseconds) = if self.quick { (1, 200) } else { (self.runs, self.exchange_ms) };
        Effort { runs, duration: Duration::from_millis(milliseconds) }
    }

    fn wants(&self, part: &str) -> bool {
        self.parts.iter().any(|wanted| wanted == part)
    }

    fn ours(&self, component: &str, store: &'static str) -> Result<Kind> {
        let (program, component) = (self.built("release/asserta")?, self.component(component)?);
        let access_tokens = Algorithm::Es256;
        Ok(Kind::Asserta { program, component, store, access_tokens, workers: 1, activity: true })
    }

    fn run(&self) -> Result<Report> {
        let load_before = cores::load_average();
        let Effort { runs, duration } = self.effort();
        let keys = Algorithm::ALL.map(IssuerKey::generate).into_iter().collect::<Result<Vec<_>>>()?;
        let mut report = Report {
            settings: json!({ "runs": runs, "exchange_ms": duration.as_millis() as u64, "quick": self.quick }),
            load_before,
            rows: self.signatures(runs)?,
            costs: Costs::new(),
            servers: Vec::new(),
            figures: Vec::new(),
            remarks: Vec::new(),
        };
        let folder = tempfile::tempdir()?;
        if self.wants("exchange") {
            let contestants = self.contestants(&mut report.remarks)?;
            report.servers = contestants.iter().map(|contestant| contestant.name).collect();
            eprintln!("exchanging over HTTP: {}", report.servers.join(", "));
            report.costs = contest(&contestants, &keys, folder.path(), self.effort())?;
            let ours_and_axum: Vec<_> =
                contestants.iter().filter(|contestant| contestant.name != NODE).cloned().collect();
            for (server, cost) in way_in_and_out(&ours_and_axum, folder.path(), self.effort())? {
                let target = if server == AXUM { Target::None } else { Target::AtMost(15.0) };
                report.figures.push(Figure::new(format!("a 404, {server}: CPU"), cost, "us", target));
            }
            if report.servers.contains(&NODE) {
                eprintln!("the same with EdDSA in and out");
                report.figures.extend(self.eddsa_beside_node(contestants, &keys)?);
            }
        }
        if self.wants("figures") {
            self.figures(&mut report, &keys, folder.path())?;
        }
        if self.wants("guard") {
            self.guard(&mut report, &keys, folder.path())?;
        }
        if self.wants("registrations") {
            let key = key_of(&keys, Algorithm::EdDsa)?;
            report.figures.extend(self.growth(key, folder.path())?.figures(MANY_ISSUERS)?);
        }
        Ok(report)
    }

    fn growth<'a>(&self, key: &'a IssuerKey, folder: &'a Path) -> Result<Growth<'a>> {
        Ok(Growth { server: self.ours("handler", "sqlite")?, key, folder, effort: self.effort() })
    }

    fn draw_growth(&self, svg: &Path) -> Result<()> {
        let (key, folder) = (IssuerKey::generate(Algorithm::EdDsa)?, tempfile::tempdir()?);
        let charts = self.growth(&key, folder.path())?.charts()?;
        for chart in &charts {
            println!("{}: tokens/s by {}", chart.title, chart.axis);
            for line in &chart.lines {
                let points = line.points.iter().map(|(size, rate)| format!("{size:.0}: {rate:.0}"));
                println!("  {:12}{}", line.name, points.collect::<Vec<_>>().join(", "));
            }
        }
        chart::draw(&charts, svg)?;
        println!("The picture: {}", svg.display());
        Ok(())
    }

    fn draw_profile(&self, svg: &Path) -> Result<()> {
        use Algorithm::{EdDsa, Es256, Rs256};
        let keys = [Rs256, Es256, EdDsa].map(IssuerKey::generate).into_iter().collect::<Result<Vec<_>>>()?;
        let folder = tempfile::tempdir()?;
        let build = |component| {
            let (on_memory, on_sqlite) = (self.ours(component, "memory")?, self.ours(component, "sqlite")?);
            Ok::<_, anyhow::Error>(Build { on_memory, on_sqlite })
        };
        let profile = Profile {
            portable: build("handler")?,
            by_host: build("handler-host-signatures")?,
            signatures: InWasm::load(&self.component("bench")?)?,
            keys: &keys,
            folder: folder.path(),
            effort: self.effort(),
        };
        let bars = profile.bars()?;
        println!("CPU microseconds of a token");
        for bar in &bars {
            let parts = bar.parts.iter().map(|part| format!("{} {:.0}", part.name, part.size));
            println!("{:20}{}", bar.name, parts.collect::<Vec<_>>().join(", "));
        }
        chart::draw_bars(&bars, svg)?;
        println!("The picture: {}", svg.display());
        Ok(())
    }

    fn signatures(&self, runs: usize) -> Result<Vec<Row>> {
        eprintln!("verifying and signing");
        // What comes later needs some of it, so that no more is left out than time.
        let brief = self.quick || !self.wants("signatures");
        let (runs, milliseconds) = if brief { (1, 20) } else { (runs, self.signature_ms) };
        let mut in_wasm = InWasm::load(&self.component("bench")?)?;
        let row = |algorithm| {
            let signatures = in_wasm.time(algorithm, runs, Duration::from_millis(milliseconds))?;
            Ok(Row { algorithm, signatures })
        };
        Algorithm::ALL.into_iter().map(row).collect()
    }

    fn contestants(&self, remarks: &mut Vec<String>) -> Result<Vec<Contestant>> {
        use Algorithm::{EdDsa, Es256, Es384, Ps256, Rs256};
        let mut contestants = vec![
            Contestant {
                name: PORTABLE,
                kind: self.ours("handler", "sqlite")?,
                algorithms: Algorithm::ALL.to_vec(),
            },
            Contestant {
                name: BY_HOST,
                kind: self.ours("handler-host-signatures", "sqlite")?,
                algorithms: Algorithm::ALL.to_vec(),
            },
            Contestant {
                name: AXUM,
                kind: Kind::Axum { program: self.built("release/rival-axum")? },
                // jsonwebtoken has no ES512.
                algorithms: vec![Rs256, Ps256, Es256, Es384, EdDsa],
            },
        ];
        match node_rival(&self.target.join("rival-node")) {
            Ok(folder) => contestants.push(Contestant {
                name: NODE,
                kind: Kind::Node { folder, access_tokens: Es256 },
                algorithms: vec![Rs256, Es256, EdDsa],
            }),
            Err(error) => remarks.push(format!("Node did not take part: {error:#}.")),
        }
        Ok(contestants)
    }

    /// The rates with EdDSA in and out, of those that can sign their tokens under it as well.
    fn eddsa_beside_node(&self, mut contestants: Vec<Contestant>, keys: &[IssuerKey]) -> Result<Vec<Figure>> {
        contestants.retain_mut(|contestant| match &mut contestant.kind {
            Kind::Asserta { access_tokens, .. } | Kind::Node { access_tokens, .. } => {
                *access_tokens = Algorithm::EdDsa;
                true
            }
            Kind::Axum { .. } | Kind::Api { .. } => false,
        });
        let (folder, key) = (tempfile::tempdir()?, key_of(keys, Algorithm::EdDsa)?);
        let costs = contest(&contestants, std::slice::from_ref(key), folder.path(), self.effort())?;
        let rate = |server| costs.get(&(Algorithm::EdDsa.name(), server)).map(|cost| cost.rate);
        let node = rate(NODE).context("Node was not measured")?;
        let targets = [(PORTABLE, Target::AtLeast(1.0)), (BY_HOST, Target::AtLeast(2.0))];
        let figure = |(server, target)| {
            let name = format!("EdDSA in and out: {server} / {NODE}, tokens/s");
            Some(Figure::new(name, rate(server)? / node, "x", target))
        };
        Ok(targets.into_iter().filter_map(figure).collect())
    }

    fn subject<'a>(
        &self,
        component: &'a Path,
        keys: &'a [IssuerKey],
        folder: &'a Path,
    ) -> Result<Subject<'a>> {
        let (on_sqlite, on_memory) = (self.ours("handler", "sqlite")?, self.ours("handler", "memory")?);
        Ok(Subject { on_sqlite, on_memory, component, keys, folder, effort: self.effort() })
    }

    fn guard(&self, report: &mut Report, keys: &[IssuerKey], folder: &Path) -> Result<()> {
        if !Command::new(&self.wasmtime).arg("--version").output().is_ok_and(|done| done.status.success()) {
            let remark = format!("The guard was not measured: there is no {}.", self.wasmtime.display());
            report.remarks.push(remark);
            return Ok(());
        }
        eprintln!("guarding an API");
        let component = self.component("handler")?;
        let api = Api {
            wasmtime: self.wasmtime.clone(),
            alone: self.component("guarded")?,
            guarded: self.component("guard-guarded")?,
        };
        report.figures.extend(guard::figures(&self.subject(&component, keys, folder)?, &api)?);
        Ok(())
    }

    fn figures(&self, report: &mut Report, keys: &[IssuerKey], folder: &Path) -> Result<()> {
        eprintln!("taking the other figures");
        let component = self.component("handler")?;
        let subject = self.subject(&component, keys, folder)?;
        let of = |wanted| report.rows.iter().find(|row| row.algorithm == wanted).map(|row| row.signatures);
        let (verify_in, sign_out) =
            (of(Algorithm::EdDsa).context("no row")?, of(Algorithm::Es256).context("no row")?);
        report.figures.push(subject.the_rest(&verify_in, &sign_out)?);
        report.figures.push(subject.start_to_first_token()?);
        report.figures.extend(subject.instances()?);
        report.figures.extend(subject.latency()?);
        report.figures.extend(subject.refusals()?);
        report.figures.push(rules::figure(&subject, Algorithm::Es256)?);
        report.figures.push(subject.activity(&self.ours("handler-host-signatures", "sqlite")?)?);
        report.figures.push(subject.two_workers()?);
        report.figures.push(subject.memory()?);
        report.figures.push(subject.size()?);
        Ok(())
    }
}

fn key_of(keys: &[IssuerKey], algorithm: Algorithm) -> Result<&IssuerKey> {
    keys.iter().find(|key| key.algorithm() == algorithm).context("no key of this algorithm")
}

/// Copies the rival's source beside what is built, and has npm install its packages there, once.
fn node_rival(folder: &Path) -> Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("rivals/node");
    std::fs::create_dir_all(folder)?;
    let lock = folder.join("package-lock.json");
    let known = std::fs::read(&lock).ok();
    for file in ["server.mjs", "package.json", "package-lock.json"] {
        std::fs::copy(source.join(file), folder.join(file)).with_context(|| file.to_owned())?;
    }
    if known == std::fs::read(&lock).ok() && folder.join("node_modules/better-sqlite3/build").is_dir() {
        return Ok(folder.to_owned());
    }
    eprintln!("installing the packages of the rival on Node (two minutes, once: SQLite is compiled)");
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder);
    let done = npm.output().context("npm cannot be run")?;
    ensure!(done.status.success(), "npm cannot install its packages");
    Ok(folder.to_owned())
}

fn count_fuel(components: &Path, keep: bool, mint: bool) -> Result<()> {
    if mint {
        fuel::write(&Fixture::path(), &Fixture::mint()?)?;
    }
    let counts = fuel::count(components, &Fixture::load()?)?;
    let mut kept = Kept::load()?;
    let before = kept.of(&counts);
    for (name, fuel) in &counts.fuel {
        let before = before.and_then(|before| before.get(name));
        let change = before.map(|before| format!("{:+.1} %", (*fuel as f64 / *before as f64 - 1.0) * 100.0));
        println!("{name:36}{fuel:>12}  {}", change.unwrap_or_default());
    }
    if keep {
        kept.keep(counts);
        fuel::write(&Kept::path(), &kept)?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let bench = Bench::parse();
    match bench.command {
        Some(Task::Fuel { keep, mint }) => return count_fuel(&bench.target.join("components"), keep, mint),
        Some(Task::Profile { ref svg }) => return bench.draw_profile(svg),
        Some(Task::Growth { ref svg }) => return bench.draw_growth(svg),
        None => {}
    }
    let report = bench.run()?;
    print!("{}", report.to_text());
    let path = bench.target.join("bench.json");
    report.save(&path)?;
    println!("The same for programs: {}", path.display());
    Ok(())
}
