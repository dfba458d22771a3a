//! What the kernel knows of the notebook's variables.

use std::collections::BTreeMap;

/// A variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its type, as it can be written in a cell.
    pub kind: String,
    /// Whether it was declared `mut`.
    pub mutable: bool,
    /// The cell that made it.
    pub cell: u32,
    /// What the notebook had defined then of all that its type is made of.
    pub definition: String,
    /// What the notebook had defined then of all that methods behind a `dyn` in it take and give.
    pub behind_dyn: BTreeMap<String, String>,
    /// How often the notebook had defined names anew then.
    pub redefined: u32,
    /// What its type looked like in memory, if the notebook can change that.
    pub shape: Option<u64>,
    /// What `group("..")` takes.
    pub groups: Vec<String>,
    /// Names of columns.
    pub columns: Vec<String>,
}

/// All variables, and those that are gone, with the reason.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub known: BTreeMap<String, Known>,
    pub gone: BTreeMap<String, String>,
}

/// Whether a type, written with its path, is the prelude's dict of data or one of its groups; the user may have types of
/// the same names.
pub(crate) fn is_dict_of_data(kind: &str) -> bool {
    let (path, name) = kind.rsplit_once("::").unwrap_or(("", kind));
    matches!(name, "Data" | "Group") && matches!(path.split("::").next(), Some("recoil" | "data"))
}

/// Whether values of a type are cheap to clone: all that is large in them is shared.
pub(crate) fn is_cheap(kind: &str) -> bool {
    let (path, name) = kind.rsplit_once("::").unwrap_or(("", kind));
    let root = path.split("::").next().unwrap_or_default();
    let names = ["Data", "Group", "Histogram", "Hist", "DataFrame", "LazyFrame", "Series", "Column"];
    names.contains(&name) && (matches!(root, "recoil" | "data" | "hist") || root.starts_with("polars"))
}

/// Whether a type is one of the prelude's own that are cheap to clone, under the name that every cell knows: those of
/// `recoil::runtime::Cheap`.
pub(crate) fn is_cheap_of_prelude(kind: &str) -> bool {
    is_cheap(kind) && kind.split("::").count() == 2 && kind.starts_with("recoil::")
}

impl Table {
    /// Whether `variable.name` means a group: the variable is a dict of data, and has no such field itself.
    pub fn is_group(&self, variable: &str, name: &str) -> bool {
        let Some(known) = self.known.get(variable) else { return false };
        let kind = known.kind.trim_start_matches('&').trim_start_matches("mut ");
        is_dict_of_data(kind) && known.groups.iter().any(|group| group == name)
    }

    /// All variables are gone; returns their names.
    pub fn lose_all(&mut self, reason: &str) -> Vec<String> {
        let names: Vec<_> = std::mem::take(&mut self.known).into_keys().collect();
        self.gone.extend(names.iter().map(|name| (name.clone(), reason.to_owned())));
        names
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A type as people read it: without the paths that can be guessed.
pub(crate) fn short(kind: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in kind.chars() {
        if c.is_alphanumeric() || c == '_' || c == ':' {
            word.push(c);
        } else {
            out.push_str(word.rsplit("::").next().unwrap_or(&word));
            word.clear();
            out.push(c);
        }
    }
    out + word.rsplit("::").next().unwrap_or(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_shortened() {
        assert_eq!(
            short("std::collections::HashMap<std::string::String, &'static str>"),
            "HashMap<String, &'static str>"
        );
        assert_eq!(short("[[u8; 3]; 2]"), "[[u8; 3]; 2]");
    }

    #[test]
    fn only_data_has_groups() {
        let mut table = Table::default();
        assert!(is_dict_of_data("recoil::Group") && !is_dict_of_data("Data") && !is_dict_of_data("m::Group"));
        let data = Known { kind: "recoil::Data".into(), groups: vec!["mumu".into()], ..Known::default() };
        table.known.insert("data".into(), data);
        table.known.insert("n".into(), Known { kind: "i32".into(), ..Known::default() });
        assert!(table.is_group("data", "mumu") && !table.is_group("data", "columns"));
        assert!(is_cheap("recoil::Group") && !is_cheap("Group") && !is_cheap("std::vec::Vec<u8>"));
        assert!(is_cheap_of_prelude("recoil::DataFrame") && !is_cheap_of_prelude("polars::prelude::DataFrame"));
        assert!(!is_cheap_of_prelude("recoil::m::Group") && !is_cheap_of_prelude("recoil::Figure"));
        assert!(!table.is_group("n", "mumu") && !table.is_group("x", "mumu"));
    }
}
