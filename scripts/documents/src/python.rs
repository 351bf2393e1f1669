//! The types of the Python package: a `TypedDict` for each object.

use std::fmt::Write as _;

use serde_json::Value;

use crate::model::{Form, Member, Model, Shape, Type, shown};

const HEAD: &str = r#""""The documents of registrations: plain dicts with the members of the admin API's JSON.

A class here is a ``TypedDict``: ``TrustedIssuer(name="partner", …)`` makes a dict, and any other dict does as well.
Members that are not required have a safe default, and come out with it filled in.

Written by ``make documents`` from the types of the server; not by hand.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict
"#;

pub(crate) fn module(model: &Model) -> String {
    model.write(HEAD, declare)
}

fn declare(text: &mut String, declared: &Type) {
    let Type { name, description, form } = declared;
    match form {
        Form::Names(names) => {
            text.push('\n');
            let names: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
            let line = format!("{name} = Literal[{}]\n", names.join(", "));
            if line.len() > 112 {
                let _ = writeln!(text, "{name} = Literal[\n    {},\n]", names.join(",\n    "));
            } else {
                text.push_str(&line);
            }
            doc(text, "", description);
        }
        Form::Either(shapes) => {
            let shapes: Vec<_> = shapes.iter().map(type_of).collect();
            let _ = writeln!(text, "\n{name} = {}", shapes.join(" | "));
            doc(text, "", description);
        }
        Form::Object { base, members } => {
            let keywords: Vec<&Member> = members.iter().filter(|member| is_keyword(&member.name)).collect();
            let base = with_keywords(text, name, base.as_deref(), &keywords);
            let _ = writeln!(text, "\n\nclass {name}({base}):");
            doc(text, "    ", description);
            text.push('\n');
            for member in members.iter().filter(|member| !is_keyword(&member.name)) {
                declare_member(text, member);
            }
        }
    }
}

/// Names that no class can have as members.
const KEYWORDS: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// What a class is made from. Members that are called like a keyword stand in a class of their own.
fn with_keywords(text: &mut String, name: &str, base: Option<&str>, keywords: &[&Member]) -> String {
    if keywords.is_empty() {
        return base.unwrap_or("TypedDict").to_owned();
    }
    let own = format!("_{name}Keywords");
    let members: Vec<String> =
        keywords.iter().map(|member| format!("{:?}: {}", member.name, annotation(member))).collect();
    let _ = writeln!(text, "\n{own} = TypedDict({own:?}, {{{}}})", members.join(", "));
    for member in keywords {
        doc(text, "", &format!("`{}`: {}", member.name, member.description));
    }
    base.map_or(own.clone(), |base| format!("{base}, {own}"))
}

fn annotation(member: &Member) -> String {
    let of = type_of(&member.shape);
    if member.required { of } else { format!("NotRequired[{of}]") }
}

fn declare_member(text: &mut String, member: &Member) {
    let of = annotation(member);
    let _ = writeln!(text, "    {}: {of}", member.name);
    let show = |default: &Value| match default {
        Value::Bool(true) => "`True`".to_owned(),
        Value::Bool(false) => "`False`".to_owned(),
        other => shown(other),
    };
    doc(text, "    ", &member.sentence(show));
}

/// A docstring, with the code in it as reStructuredText has it.
fn doc(text: &mut String, indent: &str, sentence: &str) {
    let sentence = sentence.replace('`', "``");
    let one_line = format!("{indent}\"\"\"{sentence}\"\"\"");
    if one_line.chars().count() <= 120 {
        let _ = writeln!(text, "{one_line}");
        return;
    }
    let lines = crate::wrap(&sentence, 117 - indent.len());
    let _ = writeln!(text, "{indent}\"\"\"{}", lines.join(&format!("\n{indent}")));
    let _ = writeln!(text, "{indent}\"\"\"");
}

fn type_of(shape: &Shape) -> String {
    match shape {
        Shape::Text => "str".to_owned(),
        Shape::Boolean => "bool".to_owned(),
        Shape::Integer => "int".to_owned(),
        Shape::Number => "int | float".to_owned(),
        Shape::Any => "Any".to_owned(),
        Shape::Object => "dict[str, Any]".to_owned(),
        Shape::Map(values) => format!("dict[str, {}]", type_of(values)),
        Shape::List(elements) => format!("list[{}]", type_of(elements)),
        Shape::Named(name) => name.clone(),
    }
}
