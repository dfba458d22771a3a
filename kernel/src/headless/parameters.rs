//! Parameters from the command line, as papermill injects them.

use super::NotebookError;
use nbformat::v4::{Cell, CellId, CellMetadata, Notebook};
use std::collections::HashMap;
use syn::{Expr, Lit, Pat, Stmt, UnOp};

/// Puts a cell with one `let` per parameter behind the cell tagged `parameters`, or at the top.
///
/// A parameter that the tagged cell declares gets a value of the type that its default has: `5` becomes `5.0` where the
/// default is `1.5`. Others are taken for what they look like: numbers and booleans stay what they are, anything else
/// becomes a string.
///
/// # Errors
/// When one is not `name=value`, or its value is not of the default's type.
pub fn inject(notebook: &mut Notebook, parameters: &[String]) -> Result<(), NotebookError> {
    if parameters.is_empty() {
        return Ok(());
    }
    let has_tag =
        |cell: &Cell, tag: &str| cell.metadata().tags.as_ref().is_some_and(|tags| tags.iter().any(|have| have == tag));
    notebook.cells.retain(|cell| !has_tag(cell, "injected-parameters"));
    let place = notebook.cells.iter().position(|cell| has_tag(cell, "parameters"));
    let defaults = place.and_then(|place| notebook.cells.get(place)).map(defaults).unwrap_or_default();
    let place = place.map_or(0, |place| place + 1);
    let lines: Result<Vec<String>, NotebookError> =
        parameters.iter().map(|parameter| line(parameter, &defaults)).collect();
    let lines: Vec<String> = std::iter::once("// Parameters\n".to_owned()).chain(lines?).collect();
    let cell = Cell::Code {
        id: CellId::from(uuid::Uuid::new_v4()),
        metadata: CellMetadata { tags: Some(vec!["injected-parameters".to_owned()]), ..CellMetadata::default() },
        execution_count: None,
        source: lines,
        outputs: Vec::new(),
    };
    notebook.cells.insert(place, cell);
    Ok(())
}

/// What a parameter's default says of its type.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// With the suffix, such as `u64`; empty without one.
    Integer(String),
    /// With the suffix.
    Float(String),
    Boolean,
    /// `"x"`, which is a `&str`.
    Str,
    /// `String::from("x")` and the like.
    String,
    Character,
    /// Nothing that is understood here.
    Unknown,
}

/// A parameter as the notebook declares it.
#[derive(Debug, Clone, PartialEq)]
struct Default {
    kind: Kind,
    mutable: bool,
    /// The type that is written beside the name.
    annotation: Option<String>,
}

/// The `let`s of the tagged cell.
fn defaults(cell: &Cell) -> HashMap<String, Default> {
    let Cell::Code { source, .. } = cell else { return HashMap::new() };
    let body = |input: syn::parse::ParseStream<'_>| syn::Block::parse_within(input);
    let statements = syn::parse::Parser::parse_str(body, &source.concat()).unwrap_or_default();
    let lets = statements.iter().filter_map(|statement| match statement {
        Stmt::Local(local) => Some(local),
        _ => None,
    });
    lets.filter_map(|local| {
        let (pattern, annotation) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(quote::ToTokens::to_token_stream(&typed.ty).to_string())),
            pattern => (pattern, None),
        };
        let Pat::Ident(name) = pattern else { return None };
        let kind = annotation
            .as_deref()
            .map_or_else(|| local.init.as_ref().map_or(Kind::Unknown, |init| kind_of(&init.expr)), kind_of_type);
        Some((name.ident.to_string(), Default { kind, mutable: name.mutability.is_some(), annotation }))
    })
    .collect()
}

fn kind_of_type(written: &str) -> Kind {
    match written.replace(' ', "").as_str() {
        "f64" | "f32" => Kind::Float(String::new()),
        "bool" => Kind::Boolean,
        "char" => Kind::Character,
        "&str" | "&'staticstr" => Kind::Str,
        "String" | "std::string::String" => Kind::String,
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => {
            Kind::Integer(String::new())
        }
        _ => Kind::Unknown,
    }
}

fn kind_of(default: &Expr) -> Kind {
    match default {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) if matches!(number.suffix(), "f32" | "f64") => Kind::Float(number.suffix().to_owned()),
            Lit::Int(number) => Kind::Integer(number.suffix().to_owned()),
            Lit::Float(number) => Kind::Float(number.suffix().to_owned()),
            Lit::Bool(_) => Kind::Boolean,
            Lit::Str(_) => Kind::Str,
            Lit::Char(_) => Kind::Character,
            _ => Kind::Unknown,
        },
        Expr::Unary(negative) if matches!(negative.op, UnOp::Neg(_)) => kind_of(&negative.expr),
        Expr::Paren(inner) => kind_of(&inner.expr),
        // `"x".to_owned()`, `"x".to_string()`, `"x".into()` has no type of its own.
        Expr::MethodCall(call) if call.method == "to_owned" || call.method == "to_string" => Kind::String,
        Expr::Call(call)
            if matches!(&*call.func, Expr::Path(path) if path.path.segments.len() == 2
            && path.path.segments[0].ident == "String") =>
        {
            Kind::String
        }
        _ => Kind::Unknown,
    }
}

fn line(parameter: &str, defaults: &HashMap<String, Default>) -> Result<String, NotebookError> {
    let wrong = || NotebookError::Parameter(parameter.to_owned());
    let (name, value) = parameter.split_once('=').ok_or_else(wrong)?;
    let name = name.trim();
    syn::parse_str::<syn::Ident>(name).map_err(|_| wrong())?;
    let Some(default) = defaults.get(name) else {
        return Ok(format!("let {name} = {};\n", literal(value.trim())));
    };
    let mutable = if default.mutable { "mut " } else { "" };
    let annotation = default.annotation.as_ref().map_or_else(String::new, |kind| format!(": {kind}"));
    let value = like(&default.kind, value.trim()).ok_or_else(|| NotebookError::ParameterType {
        parameter: parameter.to_owned(),
        expected: expected(&default.kind),
    })?;
    Ok(format!("let {mutable}{name}{annotation} = {value};\n"))
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Integer(_) => "an integer",
        Kind::Float(_) => "a number",
        Kind::Boolean => "true or false",
        Kind::Character => "one character",
        Kind::Str | Kind::String | Kind::Unknown => "text",
    }
}

/// A literal of the given kind; `None` when the value is not one.
fn like(kind: &Kind, value: &str) -> Option<String> {
    match kind {
        Kind::Integer(suffix) => {
            let number = value.trim_start_matches('+');
            let digits = number.trim_start_matches('-');
            let good = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '_');
            good.then(|| format!("{number}{suffix}"))
        }
        Kind::Float(suffix) => match value.parse::<f64>().ok()? {
            number if number.is_finite() => Some(format!("{number:?}{suffix}")),
            number => {
                let kind = if suffix == "f32" { "f32" } else { "f64" };
                let name = if number.is_nan() { "NAN" } else { "INFINITY" };
                Some(format!("{}{kind}::{name}", if number < 0.0 { "-" } else { "" }))
            }
        },
        Kind::Boolean => matches!(value, "true" | "false").then(|| value.to_owned()),
        Kind::Str => Some(format!("{value:?}")),
        Kind::String => Some(format!("String::from({value:?})")),
        Kind::Character => {
            let mut characters = value.chars();
            let one = characters.next().filter(|_| characters.next().is_none())?;
            Some(format!("{one:?}"))
        }
        Kind::Unknown => Some(literal(value)),
    }
}

fn literal(value: &str) -> String {
    let finite = value.parse::<f64>().is_ok_and(f64::is_finite);
    match value {
        "true" | "false" => value.to_owned(),
        _ if value.parse::<i64>().is_ok() => value.trim_start_matches('+').to_owned(),
        // `3e8` and `.5` are floats for a user, `3e8` is one for Rust too, `.5` is not.
        _ if finite => format!("{:?}", value.parse::<f64>().unwrap_or_default()),
        _ => format!("String::from({value:?})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_literals() {
        for (value, expected) in [
            ("5", "5"),
            ("-3", "-3"),
            ("0.5", "0.5"),
            (".5", "0.5"),
            ("1e3", "1000.0"),
            ("true", "true"),
            ("nan", "String::from(\"nan\")"),
            ("a \"b\"", "String::from(\"a \\\"b\\\"\")"),
        ] {
            assert_eq!(literal(value), expected);
        }
        let none = HashMap::new();
        assert!(line("a-b=5", &none).is_err());
        assert!(line("let=5", &none).is_err());
        assert!(line("five", &none).is_err());
        assert_eq!(line("cut = 2.5", &none).expect("good"), "let cut = 2.5;\n");
    }

    #[test]
    fn a_value_has_the_type_of_its_default() {
        let source = "let cut = 1.5;\nlet mut n = 10u64;\nlet name = \"mumu\";\nlet path = String::from(\"a\");\n\
                      let shift = -0.5f32;\nlet on = true;\nlet width: f64 = 1.0;\nlet bins: usize = 50;\nlet list = vec![1];";
        let cell = Cell::Code {
            id: CellId::from(uuid::Uuid::nil()),
            metadata: CellMetadata::default(),
            execution_count: None,
            source: source.split_inclusive('\n').map(str::to_owned).collect(),
            outputs: Vec::new(),
        };
        let defaults = defaults(&cell);
        for (parameter, expected) in [
            ("cut=5", "let cut = 5.0;\n"),
            ("cut=inf", "let cut = f64::INFINITY;\n"),
            ("n=7", "let mut n = 7u64;\n"),
            ("name=5", "let name = \"5\";\n"),
            ("path=/tmp", "let path = String::from(\"/tmp\");\n"),
            ("shift=2", "let shift = 2.0f32;\n"),
            ("on=false", "let on = false;\n"),
            ("width=2", "let width: f64 = 2.0;\n"),
            ("bins=20", "let bins: usize = 20;\n"),
            ("list=3", "let list = 3;\n"),
            ("other=2", "let other = 2;\n"),
        ] {
            assert_eq!(line(parameter, &defaults).expect("good"), expected);
        }
        for (parameter, said) in [("n=1.5", "an integer"), ("on=1", "true or false"), ("cut=high", "a number")] {
            let error = line(parameter, &defaults).expect_err("another type").to_string();
            assert!(error.contains(said) && error.contains(parameter), "{error}");
        }
    }
}
