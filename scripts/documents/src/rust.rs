//! The types of the Rust package: a serde structure for each object that is registered by itself.

use std::fmt::Write as _;

use crate::model::{Form, Member, Model, Shape, Type, shown};

const HEAD: &str =
    "//! What is registered: written by `make documents` from the types of the server, and not by hand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
";

/// A trust document goes in as any value that serializes to it: its applications may hold secrets, which have no place
/// in a type that can be printed.
const TYPES: [&str; 7] = [
    "TrustedIssuer",
    "IssuerRule",
    "ClaimCondition",
    "NegatedTest",
    "ApplicationMetadata",
    "Audience",
    "StatedMetadata",
];

pub(crate) fn module(model: &Model) -> String {
    let mut text = HEAD.to_owned();
    for declared in TYPES.iter().filter_map(|name| model.get(name)) {
        declare(&mut text, model, declared);
    }
    text
}

fn declare(text: &mut String, model: &Model, declared: &Type) {
    let Type { name, description, form } = declared;
    text.push('\n');
    doc(text, "", description);
    match form {
        Form::Object { members, .. } => {
            text.push_str("#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]\n");
            text.push_str("#[serde(default)]\n");
            let _ = writeln!(text, "pub struct {name} {{");
            for member in members {
                declare_member(text, model, member);
            }
            text.push_str("}\n");
        }
        Form::Either(shapes) => {
            text.push_str("#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]\n");
            text.push_str("#[serde(untagged)]\n");
            let _ = writeln!(text, "pub enum {name} {{");
            for shape in shapes {
                let (variant, sentence) = match shape {
                    Shape::List(_) => ("Many", "Several."),
                    _ => ("One", "One."),
                };
                let _ = writeln!(text, "    /// {sentence}\n    {variant}({}),", type_of(model, shape));
            }
            text.push_str("}\n");
        }
        Form::Names(_) => unreachable!("names cross as text, so that a new one breaks nobody"),
    }
}

fn declare_member(text: &mut String, model: &Model, member: &Member) {
    doc(text, "    ", &member.sentence(shown));
    let of = type_of(model, &member.shape);
    let skip = |text: &mut String, of: &str| {
        let _ = writeln!(text, "    #[serde(skip_serializing_if = \"{of}\")]");
    };
    let of = match &member.shape {
        _ if member.required => of,
        Shape::List(_) if member.empty => {
            skip(text, "Vec::is_empty");
            of
        }
        Shape::Map(_) if member.empty => {
            skip(text, "BTreeMap::is_empty");
            of
        }
        _ => {
            skip(text, "Option::is_none");
            format!("Option<{of}>")
        }
    };
    let _ = writeln!(text, "    pub {}: {of},", member.name);
}

fn doc(text: &mut String, indent: &str, sentence: &str) {
    for line in crate::wrap(sentence, 116 - indent.len()) {
        let _ = writeln!(text, "{indent}/// {line}");
    }
}

fn type_of(model: &Model, shape: &Shape) -> String {
    match shape {
        Shape::Text => "String".to_owned(),
        Shape::Boolean => "bool".to_owned(),
        Shape::Integer => "u32".to_owned(),
        Shape::Number => "Number".to_owned(),
        Shape::Any | Shape::Object => "Value".to_owned(),
        Shape::Map(values) => format!("BTreeMap<String, {}>", type_of(model, values)),
        Shape::List(elements) => format!("Vec<{}>", type_of(model, elements)),
        Shape::Named(name) if TYPES.contains(&name.as_str()) => name.clone(),
        Shape::Named(name) => match model.get(name).map(|named| &named.form) {
            Some(Form::Names(_)) => "String".to_owned(),
            _ => "Value".to_owned(),
        },
    }
}
