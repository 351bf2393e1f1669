//! The schema as the writers need it: types in the order in which one needs the other, members in theirs.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

/// The types of the schema.
pub(crate) struct Model {
    pub(crate) types: Vec<Type>,
}

/// A named type.
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) form: Form,
}

/// What a type is.
pub(crate) enum Form {
    /// An object of these members. `base`: a type whose members are the last ones of this one.
    Object { base: Option<String>, members: Vec<Member> },
    /// One of these texts.
    Names(Vec<String>),
    /// One of these.
    Either(Vec<Shape>),
}

/// A member of an object.
#[derive(Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) required: bool,
    pub(crate) default: Option<Value>,
    /// Whether it is an array or an object that is empty where it is absent.
    pub(crate) empty: bool,
    pub(crate) shape: Shape,
}

/// What a value is. `null`, which is as good as absent, is left out.
#[derive(Clone, PartialEq)]
pub(crate) enum Shape {
    Text,
    Boolean,
    Integer,
    Number,
    Any,
    Object,
    Map(Box<Self>),
    List(Box<Self>),
    Named(String),
}

impl Model {
    pub(crate) fn of(schema: &Value) -> Result<Self> {
        let mut model = Self { types: Vec::new() };
        let definitions = schema["$defs"].as_object().context("the schema has no $defs")?;
        for (name, definition) in definitions {
            model.add(name, definition)?;
        }
        model.add(schema["title"].as_str().context("the schema has no title")?, schema)?;
        model.sort();
        model.find_bases();
        Ok(model)
    }

    /// All types, as one after the other is declared, below the head of a file.
    pub(crate) fn write(&self, head: &str, declare: impl Fn(&mut String, &Type)) -> String {
        let mut text = head.to_owned();
        for declared in &self.types {
            declare(&mut text, declared);
        }
        text
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Type> {
        self.types.iter().find(|found| found.name == name)
    }

    fn add(&mut self, name: &str, definition: &Value) -> Result<()> {
        let form = form(definition).with_context(|| name.to_owned())?;
        self.types.push(Type { name: name.to_owned(), description: description(definition), form });
        Ok(())
    }

    /// Each after those that it names.
    fn sort(&mut self) {
        let mut sorted: Vec<Type> = Vec::new();
        let mut left = std::mem::take(&mut self.types);
        while !left.is_empty() {
            let ready = left.iter().position(|next| {
                next.names().iter().all(|name| sorted.iter().any(|done| done.name == *name))
            });
            sorted.push(left.remove(ready.unwrap_or(0)));
        }
        self.types = sorted;
    }

    /// Members that were flattened into another type are told from the type they come from.
    fn find_bases(&mut self) {
        let objects: Vec<(String, Vec<Member>)> = self
            .types
            .iter()
            .filter_map(|object| match &object.form {
                Form::Object { members, .. } => Some((object.name.clone(), members.clone())),
                _ => None,
            })
            .collect();
        for object in &mut self.types {
            let Form::Object { base, members } = &mut object.form else { continue };
            let found = objects.iter().find(|(name, part)| {
                *name != object.name && part.len() > 2 && part.iter().all(|member| members.contains(member))
            });
            if let Some((name, part)) = found {
                *base = Some(name.clone());
                members.retain(|member| !part.contains(member));
            }
        }
    }
}

impl Type {
    fn names(&self) -> Vec<&str> {
        match &self.form {
            Form::Object { members, .. } => members.iter().filter_map(|member| member.shape.name()).collect(),
            Form::Either(shapes) => shapes.iter().filter_map(Shape::name).collect(),
            Form::Names(_) => Vec::new(),
        }
    }
}

impl Shape {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Map(inner) | Self::List(inner) => inner.name(),
            _ => None,
        }
    }
}

impl Member {
    /// What is said of it where no schema is at hand.
    pub(crate) fn sentence(&self, show: impl Fn(&Value) -> String) -> String {
        match &self.default {
            Some(default) if !is_empty(default) => {
                format!("{} Default: {}.", self.description, show(default))
            }
            _ => self.description.clone(),
        }
    }
}

/// A default as most languages write it.
pub(crate) fn shown(default: &Value) -> String {
    match default {
        Value::String(name) => format!("`{name}`"),
        other => other.to_string(),
    }
}

pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The numbers that are allowed, after what they mean.
fn with_limits(description: String, schema: &Value) -> String {
    match (&schema["minimum"], &schema["maximum"]) {
        (Value::Number(least), Value::Number(most)) => format!("{description} From {least} to {most}."),
        _ => description,
    }
}

fn nullable(schema: &Value) -> bool {
    let is_null = |kind: &Value| kind == "null" || kind["type"] == "null";
    schema["type"].as_array().or(schema["anyOf"].as_array()).is_some_and(|cases| cases.iter().any(is_null))
}

fn description(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

fn form(schema: &Value) -> Result<Form> {
    if let Some(names) = schema["enum"].as_array() {
        return Ok(Form::Names(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()));
    }
    // An enumeration each of whose names has a description of its own.
    if let Some(names) =
        schema["oneOf"].as_array().filter(|cases| cases.iter().all(|case| case["const"].is_string()))
    {
        return Ok(Form::Names(
            names.iter().filter_map(|case| case["const"].as_str()).map(str::to_owned).collect(),
        ));
    }
    if let Some(cases) = schema["anyOf"].as_array() {
        return Ok(Form::Either(cases.iter().map(shape).collect::<Result<_>>()?));
    }
    if let Some(kinds) = schema["type"].as_array() {
        let kinds = kinds.iter().filter_map(Value::as_str).map(of_kind);
        return Ok(Form::Either(kinds.collect::<Result<_>>()?));
    }
    let members = schema["properties"].as_object().context("neither names nor members")?;
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    // `$schema` is for editors, and no name in most languages.
    let members = members.iter().filter(|(name, _)| !name.starts_with('$')).map(|(name, member)| {
        Ok(Member {
            name: name.clone(),
            description: with_limits(description(member), member),
            empty: !nullable(member) && (member["type"] == "array" || member["type"] == "object"),
            required: required.iter().any(|required| required == name),
            default: member.get("default").filter(|default| !default.is_null()).cloned(),
            shape: shape(member).with_context(|| name.clone())?,
        })
    });
    Ok(Form::Object { base: None, members: members.collect::<Result<_>>()? })
}

fn shape(schema: &Value) -> Result<Shape> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return Ok(Shape::Named(name.to_owned()));
    }
    let is_null = |case: &Value| case["type"] == "null";
    if let Some(cases) = schema["anyOf"].as_array() {
        let mut cases = cases.iter().filter(|case| !is_null(case));
        return match (cases.next(), cases.next()) {
            (Some(case), None) => shape(case),
            _ => bail!("only a type of its own can be one of several"),
        };
    }
    let kind = match &schema["type"] {
        Value::String(kind) => kind.as_str(),
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            match (kinds.next(), kinds.next()) {
                (Some(kind), None) => kind,
                _ => bail!("only a type of its own can be one of several"),
            }
        }
        _ => return Ok(Shape::Any),
    };
    match (kind, &schema["items"], &schema["additionalProperties"]) {
        ("array", items, _) => Ok(Shape::List(Box::new(shape(items)?))),
        ("object", _, Value::Object(values)) => {
            Ok(Shape::Map(Box::new(shape(&Value::Object(Map::clone(values)))?)))
        }
        _ => of_kind(kind),
    }
}

fn of_kind(kind: &str) -> Result<Shape> {
    Ok(match kind {
        "string" => Shape::Text,
        "boolean" => Shape::Boolean,
        "integer" => Shape::Integer,
        "number" => Shape::Number,
        "object" => Shape::Object,
        other => bail!("no writer knows the type {other}"),
    })
}
