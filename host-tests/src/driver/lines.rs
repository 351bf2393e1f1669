//! Drives any host through a program that reads operations and writes responses, as lines of JSON.
//!
//! A program that ends, hangs, or says what nobody asked for is a failure, told with what it wrote to standard error.
//! The next scenario gets a new one.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ::http::HeaderName;
use anyhow::{Context as _, Error, Result, anyhow, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Driver, Operation, Outcome, Profile, Response, http};
use crate::client::Answer;
use crate::local_host::ADMIN_TOKEN;

/// Longer than any operation takes: the first one compiles the component.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// The protocol that this runner speaks.
const PROTOCOL: u64 = 1;
/// The longest response, in bytes.
const MAX_LINE: u64 = 1 << 20;
/// So much of what a program wrote to standard error is told, in bytes.
const MAX_TOLD: usize = 8 << 10;
/// After so many programs that broke, no further one is started.
const MAX_BROKEN: usize = 3;

/// A host behind a program.
pub struct LineDriver {
    command: Vec<String>,
    patience: Duration,
    running: Option<Running>,
    profile: Profile,
    broken: usize,
}

impl LineDriver {
    /// Starts the program with its arguments, and reads what it says of its host. Each response must come within
    /// `patience`.
    ///
    /// # Errors
    /// It does not start, or does not say who it is.
    pub fn start(command: Vec<String>, patience: Duration) -> Result<Self> {
        let (running, profile) = Running::start(&command, patience)?;
        Ok(Self { command, patience, running: Some(running), profile, broken: 0 })
    }

    /// Ends the program by the end of its input, as a last test: it must end well, and have nothing left to say.
    ///
    /// # Errors
    /// It broke before, or now.
    pub fn finish(mut self) -> Result<()> {
        match self.running.take() {
            Some(running) => running.finish(self.patience),
            // Told when it broke.
            None => Ok(()),
        }
    }

    fn ask(&mut self, at: u64, operations: &[Value]) -> Result<Vec<Response>> {
        let running = self.running.as_mut().context("the driver is not running")?;
        let outcome = running.ask(at, operations, self.patience);
        outcome.map_err(|error| {
            self.broken += 1;
            match self.running.take() {
                Some(running) => running.break_off(&error),
                None => error,
            }
        })
    }
}

impl Driver for LineDriver {
    fn profile(&self) -> Profile {
        self.profile
    }

    async fn start(&mut self, at: u64, settings: &Map<String, Value>) -> Result<()> {
        ensure!(self.broken < MAX_BROKEN, "given up: the driver broke {MAX_BROKEN} times before");
        if self.running.is_none() {
            let (running, _) = Running::start(&self.command, self.patience)?;
            self.running = Some(running);
        }
        self.running.as_mut().context("started above")?.forget_what_it_told();
        let mut settings = settings.clone();
        // A host that serves HTTP has it among its settings.
        let trust = if self.profile.http { None } else { settings.shift_remove("trust") };
        if self.profile.http {
            settings.insert("admin_token".to_owned(), ADMIN_TOKEN.into());
        }
        let mut begin = json!({"do": "start", "dev": true});
        begin.as_object_mut().context("an object")?.extend(settings);
        let mut responses = self.ask(at, &[begin])?;
        if let Some(document) = trust {
            responses.extend(self.call(at, vec![Operation::Apply { document }]).await?);
        }
        let other = responses.into_iter().find(|response| !matches!(response.outcome, Outcome::Ok(_)));
        ensure!(other.is_none(), "it does not start: {other:?}");
        Ok(())
    }

    async fn call(&mut self, at: u64, operations: Vec<Operation>) -> Result<Vec<Response>> {
        let written = |operation| {
            let http = self.profile.http;
            let operation = if http { Operation::Http(http::request(operation)?) } else { operation };
            Ok(serde_json::to_value(operation)?)
        };
        let operations = operations.into_iter().map(written).collect::<Result<Vec<_>>>()?;
        self.ask(at, &operations)
    }

    async fn stop(&mut self) {}
}

/// The first line of a program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hello {
    protocol: u64,
    #[serde(default)]
    http: bool,
    #[serde(default = "yes")]
    exact_integers: bool,
    #[serde(default = "yes")]
    exact_methods: bool,
}

fn yes() -> bool {
    true
}

/// A program that runs.
struct Running {
    child: Child,
    stdin: Option<Sender<String>>,
    lines: Receiver<Result<String>>,
    told: Told,
    telling: JoinHandle<()>,
    next_id: u64,
}

impl Running {
    fn start(command: &[String], patience: Duration) -> Result<(Self, Profile)> {
        let (program, arguments) = command.split_first().context("no command")?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{program} can't be started"))?;
        let lines = read_lines(child.stdout.take().context("its output")?);
        let (told, telling) = Told::of(child.stderr.take().context("its standard error")?);
        let stdin = child.stdin.take().map(write_lines);
        let running = Self { child, stdin, lines, told, telling, next_id: 1 };
        let greeted = running.line(patience).and_then(|line| {
            let hello: Hello =
                serde_json::from_str(&line).with_context(|| format!("its first line is {line:?}"))?;
            ensure!(hello.protocol == PROTOCOL, "it speaks protocol {}, not {PROTOCOL}", hello.protocol);
            Ok(Profile {
                http: hello.http,
                exact_integers: hello.exact_integers,
                exact_methods: hello.exact_methods,
            })
        });
        match greeted {
            Ok(profile) => Ok((running, profile)),
            Err(error) => Err(running.break_off(&error)),
        }
    }

    fn ask(&mut self, at: u64, operations: &[Value], patience: Duration) -> Result<Vec<Response>> {
        let first = self.next_id;
        for operation in operations {
            let line = Line { id: self.next_id, at, operation };
            let mut line = ascii(&serde_json::to_string(&line)?);
            line.push('\n');
            // Where it takes no more input it does not respond either, and that is told.
            _ = self.stdin.as_ref().context("its input is closed")?.send(line);
            self.next_id += 1;
        }
        let mut responses: Vec<Option<Response>> = vec![None; operations.len()];
        for _ in operations {
            let line = self.line(patience)?;
            let (id, response) = response(&line).with_context(|| format!("it said {line:?}"))?;
            let place =
                id.checked_sub(first).and_then(|index| responses.get_mut(usize::try_from(index).ok()?));
            let place = place.filter(|place| place.is_none());
            let place =
                place.with_context(|| format!("it responded to {id}, which it was not asked: {line:?}"))?;
            *place = Some(response);
        }
        Ok(responses.into_iter().flatten().collect())
    }

    fn line(&self, patience: Duration) -> Result<String> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                bail!("it does not respond within {} s", patience.as_secs_f32())
            }
            Err(RecvTimeoutError::Disconnected) => bail!("it ended, or closed its output"),
        }
    }

    fn finish(mut self, patience: Duration) -> Result<()> {
        drop(self.stdin.take());
        let more = self.lines.recv_timeout(patience);
        let ended = match more {
            Err(RecvTimeoutError::Disconnected) => self.wait(patience),
            Err(RecvTimeoutError::Timeout) => Err(anyhow!("it goes on after the end of its input")),
            Ok(line) => Err(anyhow!("it said without being asked: {line:?}")),
        };
        ended.map_err(|error| self.break_off(&error))
    }

    fn wait(&mut self, patience: Duration) -> Result<()> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "it failed at its end");
                return Ok(());
            }
            ensure!(begin.elapsed() < patience, "it goes on after the end of its input");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it tells from now on is told of the next scenario; one that has ended told why.
    fn forget_what_it_told(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.told.forget();
        }
    }

    /// Ends it, whatever it does, and adds to an error how it ended and what it told.
    fn break_off(mut self, error: &Error) -> Error {
        // One that is ending should say why first.
        _ = self.wait(Duration::from_millis(500));
        let by_itself = self.child.try_wait().ok().flatten();
        _ = self.child.kill();
        _ = self.child.wait();
        // What it wrote at last is still on its way, or never ends where a child of its own goes on.
        for _ in 0..50 {
            if self.telling.is_finished() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let how = by_itself.map_or_else(|| "it was killed".to_owned(), |status| status.to_string());
        anyhow!("{error:#}; the driver broke ({how}), its standard error: {}", self.told.text())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A line to a program.
#[derive(Serialize)]
struct Line<'a> {
    id: u64,
    at: u64,
    #[serde(flatten)]
    operation: &'a Value,
}

/// An HTTP response in a line from a program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl TryFrom<HttpResponse> for Answer {
    type Error = Error;

    fn try_from(HttpResponse { status, headers, body }: HttpResponse) -> Result<Self> {
        let header = |(name, value): (String, String)| Ok((name.parse::<HeaderName>()?, value.parse()?));
        let headers = headers.into_iter().map(header).collect::<Result<_>>()?;
        Ok(Self { status, headers, body: body.into() })
    }
}

/// The number and the response that a line from a program holds.
fn response(line: &str) -> Result<(u64, Response)> {
    let mut members: Map<String, Value> = serde_json::from_str(line)?;
    let id = members.shift_remove("id").and_then(|id| id.as_u64()).context("there is no id")?;
    if let Some(response) = members.shift_remove("http") {
        let response: HttpResponse = serde_json::from_value(response)?;
        return Ok((id, http::response(response.try_into()?)));
    }
    Ok((id, Response { outcome: serde_json::from_value(Value::Object(members))?, http: None }))
}

/// JSON without any other character: some readers take more than a line feed for the end of a line.
fn ascii(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            let units = character.encode_utf16(&mut [0; 2]).to_vec();
            escaped.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    escaped
}

/// Writes lines to a program, so that one that does not read them holds nobody up.
fn write_lines(mut input: ChildStdin) -> Sender<String> {
    let (sender, lines) = channel::<String>();
    std::thread::spawn(move || {
        for line in lines {
            if input.write_all(line.as_bytes()).is_err() {
                return;
            }
        }
    });
    sender
}

/// Reads a program's lines, so that waiting for one can end.
fn read_lines(output: ChildStdout) -> Receiver<Result<String>> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        loop {
            let mut line = Vec::new();
            let line = match output.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(0) => return,
                Ok(_) if line.pop() == Some(b'\n') => {
                    String::from_utf8(line).context("it said what is not UTF-8")
                }
                Ok(_) => Err(anyhow!("its line has no end within {MAX_LINE} bytes")),
                Err(error) => Err(error.into()),
            };
            let goes_on = line.is_ok();
            if sender.send(line).is_err() || !goes_on {
                return;
            }
        }
    });
    lines
}

/// The end of what a program writes to standard error.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<VecDeque<u8>>>);

impl Told {
    fn of(mut errors: ChildStderr) -> (Self, JoinHandle<()>) {
        let told = Self::default();
        let shared = told.clone();
        let telling = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = errors.read(&mut buffer) {
                let mut bytes = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
                bytes.extend(&buffer[..length]);
                let excess = bytes.len().saturating_sub(MAX_TOLD);
                bytes.drain(..excess);
            }
        });
        (told, telling)
    }

    fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn text(&self) -> String {
        let bytes: Vec<u8> = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        match String::from_utf8_lossy(&bytes).trim() {
            "" => "empty".to_owned(),
            text => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ascii;

    #[test]
    fn a_line_holds_nothing_that_a_reader_could_take_for_its_end() {
        assert_eq!(ascii("{\"a\":\"\u{2028}é😀\"}"), r#"{"a":"\u2028\u00e9\ud83d\ude00"}"#);
    }
}
