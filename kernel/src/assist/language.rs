//! The selection language as its page tells it, which the room of the language writes from its list of words.

use crate::evaluator::Bundle;
use std::sync::OnceLock;

const PAGE: &str = include_str!("../../../docs/src/language.md");

/// The whole page.
pub(crate) fn page() -> Bundle {
    Bundle::text(PAGE).with("text/markdown", PAGE.to_owned())
}

/// One line of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    /// Of a method with the dot in front.
    names: Vec<String>,
    form: String,
    meaning: String,
    example: String,
    gives: String,
}

/// All operators, functions and methods.
fn words() -> &'static [Word] {
    static WORDS: OnceLock<Vec<Word>> = OnceLock::new();
    WORDS.get_or_init(|| PAGE.lines().filter_map(word).collect())
}

/// `` | `abs` | `abs(x)` | without the sign | `abs(y)` | 1.5 | ``
fn word(line: &str) -> Option<Word> {
    let cells = line.strip_prefix("| `")?.strip_suffix(" |")?.replace("\\|", "\u{1}");
    let cells: Vec<String> = cells.split(" | ").map(|cell| cell.replace('\u{1}', "|")).collect();
    let [names, form, meaning, example, gives] = cells.as_slice() else { return None };
    let plain = |code: &str| code.trim_matches('`').to_owned();
    Some(Word {
        names: names.split("` `").map(plain).collect(),
        form: plain(form),
        meaning: meaning.clone(),
        example: plain(example),
        gives: gives.clone(),
    })
}

/// Names of all functions, in the order of the page.
pub(super) fn functions() -> impl Iterator<Item = &'static str> {
    let called = |name: &&String| name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let functions = words().iter().filter(|word| word.form.contains('('));
    functions.flat_map(move |word| word.names.iter().filter(called)).map(String::as_str)
}

/// Names of all methods without the first dot, in the order of the page.
pub(super) fn methods() -> impl Iterator<Item = &'static str> {
    words()
        .iter()
        .flat_map(|word| &word.names)
        .filter_map(|name| name.strip_prefix('.').filter(|name| !name.is_empty()))
}

/// What the page says of a function or a method.
pub(crate) fn about(name: &str) -> Option<Bundle> {
    let method = format!(".{}", name.trim_start_matches('.'));
    let is = |word: &&Word| word.names.iter().any(|known| known == name || *known == method) && word.form.contains('(');
    let found: Vec<&Word> = words().iter().filter(is).collect();
    if found.is_empty() {
        return None;
    }
    let plain: Vec<String> = found
        .iter()
        .map(|word| format!("{}\n    {}; {} gives {}", word.form, word.meaning, word.example, word.gives))
        .collect();
    let markdown: Vec<String> = found
        .iter()
        .map(|word| format!("`{}`\n\n{}; `{}` gives {}", word.form, word.meaning, word.example, word.gives))
        .collect();
    let head = "in a selection, such as query(\"..\"):";
    Some(Bundle::text(format!("{head}\n\n{}", plain.join("\n\n"))).with("text/markdown", markdown.join("\n\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_operators_functions_and_methods() {
        for name in ["sqrt", "atan2", "where", "count", "mass", "argmin", ".between", ".str.contains", "not in", "||"] {
            assert!(words().iter().any(|word| word.names.iter().any(|known| known == name)), "{name}");
        }
    }

    #[test]
    fn a_word_is_explained_with_its_value() {
        let text =
            |name: &str| about(name).map(|bundle| bundle.data["text/plain"].as_str().unwrap_or_default().to_owned());
        let two = text("hypot").expect("it is there");
        assert!(two.contains("hypot(x, y)") && two.contains("hypot(3, 4) gives 5"), "{two}");
        assert!(text("min").expect("it is there").contains("min(list)"));
        assert!(text("isna").is_some() && text("nothing").is_none());
    }
}
