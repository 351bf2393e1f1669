//! What a test reads of a guide in `docs/platforms/`: its commands, the token it shows, and its table of mistakes.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value};

/// A guide.
pub struct GuidePage {
    text: String,
}

/// A command with what the guide says it prints.
pub struct Console {
    /// The command.
    pub command: String,
    /// What it prints.
    pub output: String,
}

/// A row of the table of mistakes.
pub struct Mistake {
    /// What somebody did.
    pub what: String,
    /// What its token has in place of the right one's. Nothing: it is the right token, used again.
    pub changes: Vec<Change>,
    /// The stable reason of the refusal.
    pub reason: String,
    /// What `asserta explain` says it saw; `…` stands for any text.
    pub saw: String,
}

/// One difference from the right token.
pub enum Change {
    /// A claim, or by a JSON Pointer a nested one, of another value.
    Claim(String, Value),
    /// A claim that is absent.
    Absent(String),
    /// `exp`, so many seconds after `iat`.
    Lifetime(i64),
    /// A header parameter of another value.
    Header(String, Value),
}

impl GuidePage {
    /// Reads a guide.
    ///
    /// # Errors
    /// There is no such file.
    pub fn read(path: &std::path::Path) -> Result<Self> {
        Ok(Self { text: std::fs::read_to_string(path).with_context(|| path.display().to_string())? })
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The blocks that are fenced with `language`.
    pub fn blocks(&self, language: &str) -> Vec<String> {
        let begin = format!("```{language}");
        let (mut blocks, mut inside) = (Vec::new(), false);
        for line in self.text.lines() {
            if line == begin {
                blocks.push(String::new());
                inside = true;
            } else if line == "```" {
                inside = false;
            } else if inside && let Some(block) = blocks.last_mut() {
                block.extend([line, "\n"]);
            }
        }
        blocks
    }

    /// The commands that register the platform: the `sh` blocks that ask for no token.
    pub fn registration(&self) -> String {
        self.blocks("sh").into_iter().filter(|block| !asks(block)).collect()
    }

    /// The commands that get the platform's token and ask for ours: a block of `sh`, or the script of one of `yaml`.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn request(&self) -> Result<String> {
        let scripts = self.blocks("yaml").iter().flat_map(|block| literal_blocks(block)).collect::<Vec<_>>();
        let all = self.blocks("sh").into_iter().chain(scripts);
        let [one] = &all.filter(|script| asks(script)).collect::<Vec<_>>()[..] else {
            bail!("a guide has one block that asks for a token");
        };
        Ok(one.clone())
    }

    /// The commands whose output the guide shows.
    ///
    /// # Errors
    /// A block does not begin with `$ `.
    pub fn consoles(&self) -> Result<Vec<Console>> {
        let read = |block: String| {
            let rest = block.strip_prefix("$ ").context("a console block begins with `$ `")?;
            // The command goes on as long as its lines end in a backslash.
            let mut end = 0;
            for line in rest.split_inclusive('\n') {
                end += line.len();
                if !line.ends_with("\\\n") {
                    break;
                }
            }
            let (command, output) = rest.split_at(end);
            Ok(Console { command: command.to_owned(), output: output.to_owned() })
        };
        self.blocks("console").into_iter().map(read).collect()
    }

    /// The header and the claims of the token that it shows.
    ///
    /// # Errors
    /// They are no two objects.
    pub fn token(&self) -> Result<(Value, Value)> {
        let blocks = self.blocks("json");
        let [header, claims] = &blocks[..] else { bail!("a guide shows a header and claims") };
        let (header, claims): (Value, Value) = (serde_json::from_str(header)?, serde_json::from_str(claims)?);
        ensure!(header["alg"].is_string() && claims["iss"].is_string(), "a header, then claims");
        Ok((header, claims))
    }

    /// The table of mistakes.
    ///
    /// # Errors
    /// A row is not of its form.
    pub fn mistakes(&self) -> Result<Vec<Mistake>> {
        let heading = "| mistake | its token | reason | `asserta explain` |";
        let rows = self.text.lines().skip_while(|line| *line != heading).skip(2);
        rows.take_while(|line| line.starts_with('|')).map(Mistake::read).collect()
    }
}

impl Mistake {
    fn read(row: &str) -> Result<Self> {
        let cells = cells(row);
        let [what, changes, reason, saw] = &cells[..] else { bail!("{row}: four cells") };
        let code = |cell: &str| -> Result<String> {
            let [one] = &spans(cell)[..] else { bail!("{cell}: one piece of code") };
            Ok(one.clone())
        };
        let changes = spans(changes).iter().map(|span| Change::read(span)).collect::<Result<_>>()?;
        Ok(Self { what: what.clone(), changes, reason: code(reason)?, saw: code(saw)? })
    }

    /// The token of this mistake, from the right one.
    ///
    /// # Errors
    /// It changes what the right token does not have.
    pub fn token(&self, header: &Value, claims: &Value) -> Result<(Value, Value)> {
        let (mut header, mut claims) = (header.clone(), claims.clone());
        for change in &self.changes {
            change.make(&mut header, &mut claims)?;
        }
        Ok((header, claims))
    }
}

impl Change {
    fn read(span: &str) -> Result<Self> {
        if let Some(seconds) = span.strip_prefix("\"exp\": iat + ") {
            return Ok(Self::Lifetime(seconds.parse()?));
        }
        if let Ok(name) = serde_json::from_str::<String>(span) {
            return Ok(Self::Absent(name));
        }
        let (in_header, member) = match span.strip_prefix("header ") {
            Some(member) => (true, member),
            None => (false, span),
        };
        let object: Map<String, Value> =
            serde_json::from_str(&format!("{{{member}}}")).with_context(|| format!("{span}: a member"))?;
        let (name, value) = object.into_iter().next().context("a member")?;
        Ok(if in_header { Self::Header(name, value) } else { Self::Claim(name, value) })
    }

    fn make(&self, header: &mut Value, claims: &mut Value) -> Result<()> {
        match self {
            Self::Claim(name, value) if name.starts_with('/') => {
                *claims.pointer_mut(name).with_context(|| format!("the token has no {name}"))? =
                    value.clone();
            }
            Self::Claim(name, value) => claims[name] = value.clone(),
            Self::Absent(name) => {
                let removed = claims.as_object_mut().and_then(|claims| claims.shift_remove(name));
                ensure!(removed.is_some(), "the token has no {name}");
            }
            Self::Lifetime(seconds) => {
                claims["exp"] = (claims["iat"].as_i64().context("iat")? + seconds).into();
            }
            Self::Header(name, value) => header[name] = value.clone(),
        }
        Ok(())
    }
}

fn asks(script: &str) -> bool {
    script.contains("urn:ietf:params:oauth:grant-type:jwt-bearer")
}

/// The texts of a YAML document that are written as literal blocks (`|`), without their indentation.
fn literal_blocks(yaml: &str) -> Vec<String> {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let (mut blocks, mut lines) = (Vec::new(), yaml.lines().peekable());
    while let Some(line) = lines.next() {
        if !line.ends_with(" |") {
            continue;
        }
        let depth = lines.peek().map_or(0, |first| indentation(first));
        let mut block = String::new();
        while let Some(line) = lines.next_if(|line| line.is_empty() || indentation(line) >= depth) {
            block.extend([line.get(depth..).unwrap_or_default(), "\n"]);
        }
        blocks.push(block);
    }
    blocks
}

/// The cells of a row; `\|` within one is a bar.
fn cells(row: &str) -> Vec<String> {
    let row = row.replace("\\|", "\0");
    let row = row.trim_matches('|');
    row.split('|').map(|cell| cell.trim().replace('\0', "|")).collect()
}

/// The pieces of code in a text.
fn spans(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
