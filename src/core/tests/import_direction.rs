//! The walls of the house: imports point one way, from room to room and from file to file, and the rooms below `service`
//! do no input or output.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, each with imports from those above it in this list alone. Two stand elsewhere than one might think:
/// `oauth` holds the names that registrations are written in (grant types, methods, scopes), so it is below them; and
/// `tokens` says which claims are ours, which a registration must not write.
const ROOMS: &[&str] = &[
    "words",
    "shape",
    "field",
    "check",
    "json",
    "jose",
    "jwt",
    "proof",
    "organization",
    "tokens",
    "keys",
    "oauth",
    "application",
    "trust",
    "client_auth",
    "grants",
    "resource",
    "ports",
    "service",
    "schema",
];

/// Rooms that may import nothing but these: `jose` knows no policy, and `jwt` and `proof` no OAuth.
const NARROW: &[(&str, &[&str])] = &[
    ("json", &["words"]),
    ("jose", &["json"]),
    ("jwt", &["words", "check", "json", "jose"]),
    ("proof", &["json", "jose", "jwt"]),
    // What stands in front of an API carries none of the rules of the endpoint with it.
    ("resource", &["json", "jose", "jwt", "proof", "tokens", "keys", "oauth"]),
];

type Module = Vec<String>;

struct File {
    module: Module,
    text: String,
    is_hub: bool,
}

#[test]
fn imports_point_one_way() {
    let files = read_all();
    let mut wrong = Vec::new();
    for (importer, imported) in imports(&files) {
        let (Some(from), Some(to)) = (importer.first(), imported.first()) else { continue };
        let rank = |room: &str| ROOMS.iter().position(|known| *known == room);
        let (Some(above), Some(below)) = (rank(from), rank(to)) else {
            panic!("{from} or {to} is no room: give it a place in ROOMS");
        };
        let narrow = NARROW.iter().find(|(room, _)| room == from);
        let allowed = narrow.is_none_or(|(_, allowed)| allowed.contains(&to.as_str()));
        if above < below || from != to && !allowed {
            wrong.push(format!("{} imports {}", importer.join("::"), imported.join("::")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn there_are_no_circles() {
    let files = read_all();
    let mut edges: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (importer, imported) in imports(&files) {
        let (importer, imported) = (unit(&files, &importer), unit(&files, &imported));
        if importer != imported {
            edges.entry(importer).or_default().insert(imported);
        }
    }
    // What imports nothing that is left is no part of a circle.
    loop {
        let before = edges.len();
        let left: BTreeSet<Module> = edges.keys().cloned().collect();
        edges.retain(|_, imported| imported.iter().any(|module| left.contains(module)));
        if edges.len() == before {
            break;
        }
    }
    let circles: Vec<String> = edges
        .iter()
        .map(|(from, to)| {
            let to: Vec<String> =
                to.iter().filter(|to| edges.contains_key(*to)).map(|to| to.join("::")).collect();
            format!("{} -> {}", from.join("::"), to.join(", "))
        })
        .collect();
    assert!(circles.is_empty(), "in a circle, or on the way to one: {circles:#?}");
}

#[test]
fn rules_do_no_input_or_output() {
    for file in read_all() {
        let room = file.module.first().map_or("", String::as_str);
        if !matches!(room, "service" | "ports") {
            assert!(!file.text.contains("async "), "{} waits for something", file.module.join("::"));
        }
    }
}

/// Who imports what, files by their modules.
fn imports(files: &[File]) -> Vec<(Module, Module)> {
    let modules: BTreeMap<Module, usize> =
        files.iter().enumerate().map(|(index, file)| (file.module.clone(), index)).collect();
    let mut found = Vec::new();
    for file in files {
        for path in paths(file) {
            let target = resolve(files, &modules, &path, 0);
            if target != file.module {
                found.push((file.module.clone(), target));
            }
        }
    }
    found
}

/// `a.rs` and the files in `a/` are one.
fn unit(files: &[File], module: &Module) -> Module {
    let is_file = |length: &usize| files.iter().any(|file| !file.is_hub && file.module == module[..*length]);
    module[..(1..=module.len()).find(is_file).unwrap_or(module.len())].to_vec()
}

/// The file that a path leads to: through names that a `mod.rs` hands on, to where they are.
fn resolve(files: &[File], modules: &BTreeMap<Module, usize>, path: &Module, depth: usize) -> Module {
    let length = (0..=path.len()).rev().find(|length| modules.contains_key(&path[..*length])).unwrap_or(0);
    let module: Module = path[..length].to_vec();
    let Some(name) = path.get(length) else { return module };
    let handed_on = modules.get(&module).and_then(|index| {
        let hub = &files[*index];
        let trees = use_trees(&hub.text).into_iter().filter(|(is_public, _)| hub.is_hub && *is_public);
        let mut names = trees.flat_map(|(_, tree)| expand(&tree));
        names.find(|path| path.last() == Some(name)).and_then(|path| absolute(&hub.module, &path))
    });
    match handed_on {
        Some(path) if depth < 8 => resolve(files, modules, &path, depth + 1),
        _ => module,
    }
}

/// All paths of a file within the crate, in `use` and elsewhere.
fn paths(file: &File) -> Vec<Module> {
    let mut paths: Vec<Module> = Vec::new();
    for (is_public, tree) in use_trees(&file.text) {
        // Handing names on is no import.
        if !(is_public && file.is_hub) {
            paths.extend(expand(&tree).iter().filter_map(|path| absolute(&file.module, path)));
        }
    }
    for place in file.text.match_indices("crate::").map(|(place, _)| place) {
        let path = file.text[place..].split(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).next();
        let segments: Vec<String> = path
            .unwrap_or_default()
            .split("::")
            .skip(1)
            .map(str::to_owned)
            .take_while(|s| !s.is_empty())
            .collect();
        let is_use = file.text[..place].rsplit('\n').next().is_some_and(|line| line.contains("use "));
        // `pub(in crate::…)` imports nothing.
        if !is_use && !file.text[..place].ends_with("pub(in ") {
            paths.push(segments);
        }
    }
    paths
}

/// A path from the root of the crate; none where it leads out of it.
fn absolute(module: &Module, path: &[String]) -> Option<Module> {
    let mut at = module.clone();
    match path.first()?.as_str() {
        "crate" => return Some(path[1..].to_vec()),
        "self" | "super" => {}
        first => {
            // A child of the module, or another crate.
            let is_child = source().join(module.join("/")).join(first);
            return (is_child.is_dir() || is_child.with_extension("rs").is_file())
                .then(|| [module.as_slice(), path].concat());
        }
    }
    let mut rest = path;
    while let [first, more @ ..] = rest {
        match first.as_str() {
            "super" => _ = at.pop(),
            "self" => {}
            _ => break,
        }
        rest = more;
    }
    Some([at.as_slice(), rest].concat())
}

/// The trees of all `use` of a file, and whether it hands them on.
fn use_trees(text: &str) -> Vec<(bool, String)> {
    let mut trees = Vec::new();
    let mut rest = text;
    while let Some(place) = rest.find("use ") {
        let line = rest[..place].rsplit('\n').next().unwrap_or_default().trim();
        let is_statement = line.is_empty() || line.starts_with("pub");
        let end = rest[place..].find(';').map_or(rest.len(), |end| place + end);
        if is_statement {
            trees.push((line.starts_with("pub"), without_renaming(&rest[place + 4..end])));
            rest = &rest[end..];
        } else {
            rest = &rest[place + 4..];
        }
    }
    trees
}

/// A tree without white space and without ` as x`.
fn without_renaming(tree: &str) -> String {
    let mut words = tree.split_whitespace();
    let mut plain = String::new();
    while let Some(word) = words.next() {
        if word == "as" {
            plain.extend(words.next().unwrap_or_default().chars().filter(|c| "{},".contains(*c)));
        } else {
            plain.push_str(word);
        }
    }
    plain
}

/// The paths of a tree such as `a::{b,c::d}`.
fn expand(tree: &str) -> Vec<Vec<String>> {
    let Some(brace) = tree.find('{') else {
        return vec![tree.split("::").filter(|segment| !segment.is_empty()).map(str::to_owned).collect()];
    };
    let prefix: Vec<String> =
        tree[..brace].split("::").filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    let inner = tree[brace + 1..].strip_suffix('}').expect("braces are closed");
    let (mut depth, mut begin, mut parts) = (0, 0, Vec::new());
    for (place, character) in inner.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[begin..place]);
                begin = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[begin..]);
    let of_part = |part: &str| expand(part).into_iter().map(|path| [prefix.clone(), path].concat());
    parts.into_iter().filter(|part| !part.is_empty()).flat_map(of_part).collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file of core but those of tests, without comments and inner tests.
fn read_all() -> Vec<File> {
    fn read(folder: &Path, module: &Module, files: &mut Vec<File>) {
        for entry in fs::read_dir(folder).expect("a folder of the repository") {
            let path = entry.expect("readable").path();
            let name = path.file_stem().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
            let inner = [module.as_slice(), std::slice::from_ref(&name)].concat();
            if path.is_dir() {
                read(&path, &inner, files);
            } else if name != "tests" {
                let is_hub = matches!(name.as_str(), "mod" | "lib");
                let text = fs::read_to_string(&path).expect("UTF-8");
                let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                let text = code.collect::<Vec<_>>().join("\n");
                files.push(File { module: if is_hub { module.clone() } else { inner }, text, is_hub });
            }
        }
    }
    let mut files = Vec::new();
    read(&source(), &Vec::new(), &mut files);
    assert!(files.len() > 50, "core has more files than that");
    files
}
