//! What can stand inside a string: files, names of groups and columns, parameters of a fit, words of a selection.

use super::chain::parameter;
use super::context::Call;
use super::entry::Entry;
use super::index::owner_of;
use super::language;
use super::rank::{Candidate, is_number};
use super::scan::is_word;
use crate::variables::{Known, is_dict_of_data};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Methods whose strings name groups and processes.
const GROUP_METHODS: [&str; 4] = ["group", "groups", "process", "index"];
/// Functions of the standard library that take a path.
const PATH_FUNCTIONS: [&str; 11] = [
    "open",
    "read_to_string",
    "read",
    "read_dir",
    "include_str",
    "include_bytes",
    "metadata",
    "create",
    "write",
    "set_current_dir",
    "remove_file",
];
/// Endings of tables, event files and notebooks' inputs, offered before other files.
const DATA: [&str; 18] = [
    "root", "parquet", "csv", "tsv", "txt", "arrow", "feather", "ipc", "json", "jsonl", "ndjson", "hipo", "raw", "dat",
    "aedat", "aedat4", "h5", "hdf5",
];
/// More files than anybody reads.
const MOST_FILES: usize = 300;

/// What a string is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Files,
    Groups,
    Selection,
    /// Columns; of a fit its parameters.
    Names,
}

/// What the string is for that is an argument of a call of one of `called` on a value of the type `receiver`.
pub(super) fn purpose(call: &Call, called: &[&Entry], receiver: Option<&str>) -> Purpose {
    let takes = |what: &[&str]| {
        let kinds = called.iter().filter_map(|entry| parameter(entry, call.argument));
        kinds
            .into_iter()
            .any(|kind| what.iter().any(|name| kind.split(|c: char| !is_word(c)).any(|word| word == *name)))
    };
    let path = call.path.rsplit("::").next().unwrap_or_default();
    let of_std = PATH_FUNCTIONS.contains(&call.name.as_str()) && (!path.is_empty() || call.name.starts_with("include"));
    match call.name.as_str() {
        "[" if receiver.is_some_and(is_dict_of_data) => Purpose::Groups,
        "" => Purpose::Groups,
        "query" => Purpose::Selection,
        name if GROUP_METHODS.contains(&name) => Purpose::Groups,
        "new" | "from" if matches!(path, "Path" | "PathBuf" | "Loader" | "EventLoader") => Purpose::Files,
        _ if of_std || takes(&["Path", "IntoLookup"]) => Purpose::Files,
        "hipo" => Purpose::Files,
        _ if takes(&["Selection", "Predicate"]) => Purpose::Selection,
        _ => Purpose::Names,
    }
}

/// Groups, columns or parameters, of the variable that the chain begins with, or of all.
pub(super) fn names(variables: &BTreeMap<String, Known>, groups: bool, receiver: &str) -> Vec<Candidate> {
    let root: String = receiver.chars().take_while(|c| is_word(*c)).collect();
    let of: Vec<&Known> = match variables.get(&root) {
        Some(known) => vec![known],
        None => variables.values().collect(),
    };
    let mut found: Vec<Candidate> = Vec::new();
    for known in of {
        let fit = owner_of(&known.kind) == "FitResult";
        let kind = if groups {
            "group"
        } else if fit {
            "parameter"
        } else {
            "column"
        };
        for name in if groups { &known.groups } else { &known.columns } {
            if found.iter().all(|(other, _)| other != name) {
                found.push((name.clone(), kind.to_owned()));
            }
        }
    }
    if !groups {
        found.extend(defined(receiver).map(|name| (name, "column".to_owned())));
    }
    found
}

/// Columns that a chain makes itself: the names that its `define` and `define_with` give.
fn defined(chain: &str) -> impl Iterator<Item = String> {
    let named = |call: &str| {
        let arguments = match call.strip_prefix("_with") {
            // Behind the list of the columns that are read.
            Some(with) => with.split_once([']', ')'])?.1,
            None => call,
        };
        arguments.split('"').nth(1).map(str::to_owned)
    };
    chain.split(".define").skip(1).filter_map(named)
}

/// What can stand at the end of the selection `text`, whose last word begins at `word`.
pub(super) fn selection(
    variables: &BTreeMap<String, Known>,
    receiver: &str,
    text: &str,
    word: usize,
) -> Vec<Candidate> {
    let before = &text[..word];
    if before.matches('\'').count() % 2 == 1 {
        return Vec::new();
    }
    if before.ends_with('@') {
        let mut found: Vec<_> = variables.iter().filter(|(_, known)| can_be_bound(&known.kind)).collect();
        found.sort_by_key(|(_, known)| !is_number(&owner_of(&known.kind)));
        return found.into_iter().map(|(name, _)| (name.clone(), "variable".to_owned())).collect();
    }
    let columns = names(variables, false, receiver);
    if let Some(object) = before.strip_suffix('.') {
        let object = object.rsplit(|c: char| !is_word(c) && c != '.').next().unwrap_or_default();
        let collection = format!("{object}_");
        let fields = columns.iter().filter_map(|(name, _)| name.strip_prefix(&collection));
        let fields = fields.map(|field| (field.to_owned(), "field".to_owned()));
        return fields.chain(methods_behind(object)).collect();
    }
    let plain = |name: &str| name.chars().all(is_word) && !name.starts_with(|c: char| c.is_ascii_digit());
    let written = |(name, kind): Candidate| (if plain(&name) { name } else { format!("`{name}`") }, kind);
    let is_column = |name: &str| columns.iter().any(|(column, _)| column == name);
    let functions: Vec<Candidate> = language::functions()
        .filter(|name| !is_column(name))
        .map(|name| (name.to_owned(), "function".to_owned()))
        .collect();
    let mut found: Vec<Candidate> = columns.into_iter().map(written).collect();
    found.extend(
        functions.into_iter().chain(["and", "or", "not", "in"].map(|word| (word.to_owned(), "keyword".to_owned()))),
    );
    found
}

/// Methods of a value; behind `x.str` those of texts, of which `.str` leads the names.
fn methods_behind(object: &str) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let space = object.rsplit_once('.').map(|(_, space)| space);
    for name in language::methods() {
        let rest = match space {
            Some(space) => name.strip_prefix(space).and_then(|rest| rest.strip_prefix('.')),
            None => name.split('.').next(),
        };
        if let Some(rest) = rest
            && found.iter().all(|(other, _)| other != rest)
        {
            found.push((rest.to_owned(), "method".to_owned()));
        }
    }
    found
}

/// Whether `@name` can mean a variable of the type.
fn can_be_bound(kind: &str) -> bool {
    let of = owner_of(kind);
    let bound = ["String", "str", "bool", "Vec", "slice", "Correction", "GoodRuns", "SWeight", "LookupTable"];
    is_number(&of) || bound.contains(&of.as_str())
}

/// Files and folders behind the path that is typed in `folder`, data first, and globs for many of one ending; with where
/// the last name of the path begins.
pub(super) fn files(folder: &Path, typed: &str) -> (Vec<Candidate>, usize) {
    let start = typed.rfind('/').map_or(0, |slash| slash + 1);
    let (parent, last) = typed.split_at(start);
    if typed.contains("://") {
        return (Vec::new(), start);
    }
    let parent = match (parent.strip_prefix("~/"), crate::install::home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.join(parent),
    };
    let mut found: Vec<(String, bool)> = Vec::new();
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // A link counts as what it leads to.
        let is_folder = std::fs::metadata(entry.path()).is_ok_and(|data| data.is_dir());
        if (!name.starts_with('.') || last.starts_with('.')) && !name.contains(['"', '\\']) {
            found.push((if is_folder { format!("{name}/") } else { name }, is_folder));
        }
    }
    found.sort_by_cached_key(|(name, is_folder)| (!is_data(name) && !is_folder, name.to_lowercase()));
    let mut candidates = globs(&found);
    // What is typed of a name is wanted more than a glob.
    if !last.starts_with('*') {
        candidates.clear();
    }
    let kind = |is_folder: bool| if is_folder { "folder" } else { "file" };
    candidates.extend(found.iter().map(|(name, is_folder)| (name.clone(), kind(*is_folder).to_owned())));
    if last.is_empty() {
        candidates.extend(globs(&found));
    }
    candidates.truncate(MOST_FILES);
    (candidates, start)
}

/// `*.root` and the like, where it means more than one file.
fn globs(found: &[(String, bool)]) -> Vec<Candidate> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in found.iter().filter(|(name, is_folder)| !is_folder && is_data(name)) {
        *count.entry(ending(name)).or_default() += 1;
    }
    let many = count.into_iter().filter(|(_, count)| *count > 1);
    many.map(|(ending, _)| (format!("*.{ending}"), "files".to_owned())).collect()
}

fn ending(name: &str) -> &str {
    PathBuf::as_path(&PathBuf::from(name)).extension().map_or("", |_| name.rsplit('.').next().unwrap_or_default())
}

fn is_data(name: &str) -> bool {
    DATA.contains(&ending(name).to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> BTreeMap<String, Known> {
        let known = |kind: &str, names: &[&str]| Known {
            kind: kind.into(),
            columns: names.iter().map(|&name| name.to_owned()).collect(),
            ..Known::default()
        };
        BTreeMap::from([
            ("data".to_owned(), known("recoil::Data", &["p", "Jet_pt", "Jet_eta", "my column"])),
            ("f".to_owned(), known("recoil::FitResult", &["mean", "sigma"])),
            ("title".to_owned(), known("std::string::String", &[])),
            ("cut".to_owned(), known("f64", &[])),
        ])
    }

    fn first(found: Vec<Candidate>) -> Vec<String> {
        found.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_chain_knows_the_columns_that_it_makes() {
        let chain =
            "data.define(\"pt\", \"p * sin(theta)\").define_with([\"a\", \"b\"], \"sum\", |a: f64, b: f64| a + b)";
        assert_eq!(defined(chain).collect::<Vec<_>>(), ["pt", "sum"]);
        assert_eq!(first(names(&variables(), false, chain)), ["p", "Jet_pt", "Jet_eta", "my column", "pt", "sum"]);
        assert_eq!(names(&variables(), true, chain), []);
        assert_eq!(names(&variables(), false, "f")[0], ("mean".to_owned(), "parameter".to_owned()));
    }

    #[test]
    fn a_selection_offers_variables_columns_functions_and_methods() {
        let of = |text: &str| {
            let word = text.len() - text.chars().rev().take_while(|c| is_word(*c)).count();
            first(selection(&variables(), "data", text, word))
        };
        assert_eq!(of("p > @"), ["cut", "title"]);
        let words = of("p > 2 & ");
        assert_eq!(&words[..4], ["p", "Jet_pt", "Jet_eta", "`my column`"]);
        assert!(
            ["sqrt", "where", "atan2", "not"].iter().all(|word| words.iter().any(|found| found == word)),
            "{words:?}"
        );
        let methods = of("p.");
        assert!(
            methods.iter().any(|name| name == "between") && methods.iter().any(|name| name == "str"),
            "{methods:?}"
        );
        assert!(of("name.str.").contains(&"contains".to_owned()));
        assert_eq!(&of("Jet.")[..2], ["pt", "eta"]);
        assert_eq!(of("name == 'x"), [""; 0]);
    }

    #[test]
    fn files_are_offered_data_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.root", "b.root", "notes.md", ".hidden", "z.csv"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("runs")).unwrap();
        std::fs::write(folder.path().join("runs/one.parquet"), "").unwrap();
        let (found, start) = files(folder.path(), "");
        assert_eq!(
            (first(found), start),
            (["a.root", "b.root", "runs/", "z.csv", "notes.md", "*.root"].map(str::to_owned).to_vec(), 0)
        );
        let (found, start) = files(folder.path(), "runs/o");
        assert_eq!((first(found), start), (vec!["one.parquet".to_owned()], 5));
        assert_eq!(first(files(folder.path(), "*").0)[0], "*.root");
        assert_eq!(files(folder.path(), "root://server/").0, []);
    }

    #[test]
    fn the_signature_says_what_a_string_is_for() {
        let entry = |signature: &str| Entry { signature: signature.into(), ..Entry::default() };
        let call = |name: &str, argument: usize| Call { name: name.into(), argument, ..Call::default() };
        let define = entry("fn define(&self, name: impl Into<String>, value: impl Into<Selection>) -> Self");
        let load = entry("fn load(path: impl AsRef<Path>) -> Result<Data>");
        assert_eq!(purpose(&call("define", 1), &[&define], None), Purpose::Selection);
        assert_eq!(purpose(&call("define", 0), &[&define], None), Purpose::Names);
        assert_eq!(purpose(&call("load", 0), &[&load], None), Purpose::Files);
        assert_eq!(purpose(&call("[", 0), &[], Some("recoil::FitResult")), Purpose::Names);
        assert_eq!(purpose(&call("[", 0), &[], Some("recoil::Data")), Purpose::Groups);
    }
}
