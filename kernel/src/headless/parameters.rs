//! Parameters from the command line, as papermill injects them.

use super::NotebookError;
use nbformat::v4::{Cell, CellId, CellMetadata, Notebook};

/// Puts a cell with one `let` per parameter behind the cell tagged `parameters`, or at the top.
/// Numbers and booleans stay what they are, anything else becomes a string.
///
/// # Errors
/// When one is not `name=value`.
pub fn inject(notebook: &mut Notebook, parameters: &[String]) -> Result<(), NotebookError> {
    if parameters.is_empty() {
        return Ok(());
    }
    let lines: Result<Vec<String>, NotebookError> = parameters.iter().map(|parameter| line(parameter)).collect();
    let lines: Vec<String> = std::iter::once("// Parameters\n".to_owned()).chain(lines?).collect();
    let has_tag =
        |cell: &Cell, tag: &str| cell.metadata().tags.as_ref().is_some_and(|tags| tags.iter().any(|have| have == tag));
    notebook.cells.retain(|cell| !has_tag(cell, "injected-parameters"));
    let place = notebook.cells.iter().position(|cell| has_tag(cell, "parameters")).map_or(0, |place| place + 1);
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

fn line(parameter: &str) -> Result<String, NotebookError> {
    let wrong = || NotebookError::Parameter(parameter.to_owned());
    let (name, value) = parameter.split_once('=').ok_or_else(wrong)?;
    let name = name.trim();
    syn::parse_str::<syn::Ident>(name).map_err(|_| wrong())?;
    Ok(format!("let {name} = {};\n", literal(value.trim())))
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
        assert!(line("a-b=5").is_err());
        assert!(line("let=5").is_err());
        assert!(line("five").is_err());
        assert_eq!(line("cut = 2.5").expect("good"), "let cut = 2.5;\n");
    }
}
