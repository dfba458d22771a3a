//! Which serde, and which `serde_json`, a cell names: those of the prelude fit each other, and those that the user has added do.

use super::plan::Plan;

/// What names a `serde_json` that the user has added.
const JSON: &str = "serde_json=";
/// Comes before what the prelude's `use recoil::*` brings.
const OWN_JSON: &str = "\n#[allow(unused_imports)] use ::serde_json;\n";

/// The prelude's serde, for cells that name it: `#[derive(serde::Serialize)]` needs a crate of that name, and what it makes
/// must fit the prelude's `serde_json`. A serde that the user has added comes first.
pub(super) fn serde_of_prelude(plan: &Plan, source: &str, extra: &[String]) -> Option<String> {
    if !source.contains("serde") || extra.iter().any(|argument| argument.starts_with("serde=")) {
        return None;
    }
    let files = std::fs::read_dir(&plan.crates).ok()?.flatten();
    let is_serde = |name: &str| name.starts_with("libserde-") && name.ends_with(".rmeta");
    let file = files
        .map(|file| file.path())
        .find(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_serde))?;
    Some(format!("serde={}", file.display()))
}

/// The source of a cell and the arguments that name added crates. An added `serde_json` takes the place of the prelude's
/// where a serde was added, which it fits; otherwise it is left out, and the prelude's serde and its own stay together.
pub(super) fn with_json(source: String, mut arguments: Vec<String>) -> (String, Vec<String>) {
    let named = |name: &str| arguments.iter().position(|argument| argument.starts_with(name));
    match (named("serde="), named(JSON)) {
        (Some(_), Some(_)) => (source + OWN_JSON, arguments),
        (None, Some(at)) => {
            // With the `--extern` in front of it.
            arguments.drain(at.saturating_sub(1)..=at);
            (source, arguments)
        }
        _ => (source, arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_added_serde_json_comes_with_an_added_serde_only() {
        let extern_of =
            |names: &[&str]| names.iter().flat_map(|name| ["--extern".to_owned(), format!("{name}=x")]).collect();
        let with = |names: &[&str]| with_json(String::new(), extern_of(names));
        let all = extern_of(&["serde", "serde_json"]);
        assert_eq!(with(&["serde", "serde_json"]), (OWN_JSON.to_owned(), all));
        assert_eq!(with(&["toml", "serde_json"]), (String::new(), extern_of(&["toml"])));
        assert_eq!(with(&["serde"]), (String::new(), extern_of(&["serde"])));
    }
}
