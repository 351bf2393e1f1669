//! The types of the npm package: an interface for each object.

use std::fmt::Write as _;

use crate::model::{Form, Model, Shape, Type, shown};

const HEAD: &str = "/**
 * The documents of registrations: plain objects with the members of the admin API's JSON. What is absent has a safe
 * default, and comes out with it filled in.
 *
 * Written by `make documents` from the types of the server; not by hand.
 */
";

pub(crate) fn module(model: &Model) -> String {
    model.write(HEAD, declare)
}

fn declare(text: &mut String, declared: &Type) {
    let Type { name, description, form } = declared;
    text.push('\n');
    doc(text, "", description);
    match form {
        Form::Names(names) => {
            let names: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
            let line = format!("export type {name} = {};\n", names.join(" | "));
            if line.len() > 112 {
                let _ = writeln!(text, "export type {name} =\n  | {};", names.join("\n  | "));
            } else {
                text.push_str(&line);
            }
        }
        Form::Either(shapes) => {
            let shapes: Vec<_> = shapes.iter().map(type_of).collect();
            let _ = writeln!(text, "export type {name} = {};", shapes.join(" | "));
        }
        Form::Object { base, members } => {
            let base = base.as_ref().map(|base| format!(" extends {base}")).unwrap_or_default();
            let _ = writeln!(text, "export interface {name}{base} {{");
            for member in members {
                doc(text, "  ", &member.sentence(shown));
                let mark = if member.required { "" } else { "?" };
                let _ = writeln!(text, "  {}{mark}: {};", member.name, type_of(&member.shape));
            }
            text.push_str("}\n");
        }
    }
}

fn doc(text: &mut String, indent: &str, sentence: &str) {
    let one_line = format!("{indent}/** {sentence} */");
    if one_line.chars().count() <= 120 {
        let _ = writeln!(text, "{one_line}");
        return;
    }
    let _ = writeln!(text, "{indent}/**");
    for line in crate::wrap(sentence, 116 - indent.len()) {
        let _ = writeln!(text, "{indent} * {line}");
    }
    let _ = writeln!(text, "{indent} */");
}

fn type_of(shape: &Shape) -> String {
    match shape {
        Shape::Text => "string".to_owned(),
        Shape::Boolean => "boolean".to_owned(),
        Shape::Integer | Shape::Number => "number".to_owned(),
        Shape::Any => "unknown".to_owned(),
        Shape::Object => "object".to_owned(),
        Shape::Map(values) => format!("Record<string, {}>", type_of(values)),
        Shape::List(elements) => format!("{}[]", type_of(elements)),
        Shape::Named(name) => name.clone(),
    }
}
