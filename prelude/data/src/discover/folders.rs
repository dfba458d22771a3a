//! What the names of folders say: columns (`year=2020/`), processes (`sample_name=NAME/`), or parts of one (`sub00/`).

use sources::{Constant, ConstantValue, percent_decoded};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The value of a folder whose rows had none, as Hive and Spark write it.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// A column of folders and the value of one of them.
pub(crate) type Key = (String, Option<String>);

/// Column and value of a folder `column=value`; both may be percent-encoded. `sample_name=` names a process instead.
pub(super) fn key(folder: &str) -> Option<Key> {
    let (name, value) = folder.split_once('=')?;
    if name.is_empty() || names_a_process(folder) {
        return None;
    }
    Some((percent_decoded(name), (value != NO_VALUE).then(|| percent_decoded(value))))
}

/// Whether a folder says which process its files are of.
pub(super) fn names_a_process(folder: &str) -> bool {
    folder.contains("sample_name=")
}

/// Whether a folder is one of many parts of one project, as grid jobs of Belle II write them: `sub00`, `sub01`.
pub(super) fn is_part(folder: &str) -> bool {
    folder.strip_prefix("sub").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The folders `column=value` right above a path, outermost first, and the name of the folder that holds them.
pub(super) fn above(path: &Path) -> (Vec<Key>, Option<String>) {
    let full = full(path);
    let mut keys = Vec::new();
    for folder in full.ancestors().skip(1) {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        match name.as_deref().and_then(key) {
            Some(key) => keys.insert(0, key),
            None => return (keys, name),
        }
    }
    (keys, None)
}

/// A path with all folders above it.
pub(super) fn full(path: &Path) -> PathBuf {
    match sources::is_elsewhere(path) {
        true => path.to_owned(),
        false => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}

/// The columns of all files, in the order in which folders name them, and whether all their values are integers.
pub(crate) fn columns<'a>(files: impl Iterator<Item = &'a [Key]>) -> Vec<(String, bool)> {
    let mut order: Vec<String> = Vec::new();
    let mut integers: BTreeMap<String, bool> = BTreeMap::new();
    for (name, value) in files.flatten() {
        let known = integers.entry(name.clone()).or_insert_with(|| {
            order.push(name.clone());
            true
        });
        *known &= value.as_ref().is_none_or(|value| value.parse::<i64>().is_ok());
    }
    order.into_iter().map(|name| (name.clone(), integers[&name])).collect()
}

/// The columns of one file; a column that its folders do not name is missing there.
pub(crate) fn constants(columns: &[(String, bool)], keys: &[Key]) -> Vec<Constant> {
    let of = |(name, integers): &(String, bool)| {
        let value = keys.iter().rev().find(|(key, _)| key == name).and_then(|(_, value)| value.as_deref());
        let value = match integers {
            true => ConstantValue::Int(value.and_then(|value| value.parse().ok())),
            false => ConstantValue::Text(value.map(Arc::from)),
        };
        Constant { name: name.into(), value }
    };
    columns.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_columns_with_values() {
        assert_eq!(key("year=2020"), Some(("year".into(), Some("2020".into()))));
        assert_eq!(key("city=K%C3%B6ln"), Some(("city".into(), Some("Köln".into()))));
        assert_eq!(key("f=x%3Dy"), Some(("f".into(), Some("x=y".into()))));
        assert_eq!(key("f=50%"), Some(("f".into(), Some("50%".into()))));
        assert_eq!(key("run=__HIVE_DEFAULT_PARTITION__"), Some(("run".into(), None)));
        assert!(key("sample_name=mumu").is_none() && key("=x").is_none() && key("mumu").is_none());
        assert!(is_part("sub00") && is_part("sub123") && !is_part("sub") && !is_part("subtasks") && !is_part("sub0a"));
        let (keys, holder) = above(Path::new("/d/hive/year=2020/city=a/x.parquet"));
        assert_eq!((keys.len(), keys[0].0.as_str(), holder.as_deref()), (2, "year", Some("hive")));
    }

    #[test]
    fn a_column_of_folders_is_integer_if_all_are() {
        let of = |name: &str, value: Option<&str>| (name.to_owned(), value.map(ToOwned::to_owned));
        let files =
            [vec![of("year", Some("2020")), of("x", Some("1"))], vec![of("year", None), of("x", Some("a"))], vec![]];
        let columns = columns(files.iter().map(Vec::as_slice));
        assert_eq!(columns, [("year".to_owned(), true), ("x".to_owned(), false)]);
        let values = |at: usize| constants(&columns, &files[at]).into_iter().map(|one| one.value).collect::<Vec<_>>();
        assert_eq!(values(0), [ConstantValue::Int(Some(2020)), ConstantValue::Text(Some("1".into()))]);
        assert_eq!(values(2), [ConstantValue::Int(None), ConstantValue::Text(None)]);
    }
}
