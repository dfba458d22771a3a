//! Types of variables that have been named before.
//!
//! rustc can name the types of a cell's variables ([`super::mir`]), and searches all crates of the prelude for the shortest path
//! to each, which takes it as long as a fifth of the cell. But a type needs its name once: the symbol of the function that stores
//! a variable says which type it is, and the names of those that were asked for are kept beside the compiled cells.
//!
//! A symbol names the crates of a type by hashes, so it means one type as long as prelude and compiler are the same. The types
//! of the notebook itself are asked for each time, as they change under their symbols.

use super::cache::{Cache, place};
use super::mir::can_be_written;
use object::read::elf::ElfFile64;
use object::{Object, ObjectSymbol};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The function of the prelude that stores variables, as symbols write its path; its arguments follow: a type, and the number
/// of the variable.
const PUT: &str = "7runtime5store3put";

/// The names of types that are known for one prelude.
#[derive(Debug)]
pub(super) struct Names {
    file: PathBuf,
    known: BTreeMap<String, String>,
}

impl Names {
    /// Those that have been kept in a folder.
    pub fn read(folder: &Path, identity: &str) -> Self {
        let file = folder.join(format!("{}.names", Cache::key(&[identity])));
        let known = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        Self { file, known: known.unwrap_or_default() }
    }

    /// The types of all variables that an object file stores, which are so many; `None` when one of them is not known.
    pub fn types(&self, object: &[u8], many: usize) -> Option<Vec<(usize, String)>> {
        let symbols = symbols(object)?;
        let known = |(index, symbol): &(usize, String)| Some((*index, self.known.get(symbol)?.clone()));
        symbols.iter().map(known).collect::<Option<Vec<_>>>().filter(|types| types.len() == many)
    }

    /// Keeps what the compiler has said of the types of an object file. One that it could not write may have been hidden behind
    /// an `impl`, and its symbol be that of a type with a name.
    pub fn keep(mut self, object: &[u8], types: &[(usize, String)]) -> std::io::Result<()> {
        for (index, symbol) in symbols(object).unwrap_or_default() {
            if let Some((_, name)) = types.iter().find(|(other, name)| *other == index && can_be_written(name)) {
                self.known.insert(symbol, name.clone());
            }
        }
        let text = serde_json::to_vec(&self.known)?;
        place(&self.file, |path| std::fs::write(path, text))
    }
}

/// The types that are stored, as symbols write them, by number of variable; `None` when one of them cannot be told.
fn symbols(object: &[u8]) -> Option<Vec<(usize, String)>> {
    let file = ElfFile64::<object::LittleEndian>::parse(object).ok()?;
    let names = file.symbols().filter_map(|symbol| symbol.name().ok().and_then(|name| name.split_once(PUT)));
    let mut found = names.map(|(_, arguments)| split(arguments)).collect::<Option<Vec<_>>>()?;
    found.sort();
    found.dedup();
    Some(found)
}

/// Splits the arguments of a symbol: the type, `Kj3_` for the number 3, `E`, and the crate that has the function compiled. The
/// cell's own crate is written out there only if the type is none of the notebook's.
fn split(arguments: &str) -> Option<(usize, String)> {
    let (arguments, _hash) = arguments.strip_suffix("_3ctx")?.rsplit_once("_ECs")?;
    let (kind, number) = arguments.rsplit_once("Kj")?;
    Some((usize::from_str_radix(number, 16).ok()?, kind.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_symbols_are_split() {
        let vec = "INtNtCs1_5alloc3vec3VecdE";
        assert_eq!(split(&format!("{vec}Kj1f_ECsaECsKj_3ctx")), Some((31, vec.into())));
        assert_eq!(split("lKj0_ECsabc_3ctx"), Some((0, "l".into())));
        assert_eq!(split("NtCsabc_3ctx1PKj0_EB5_"), None);
    }

    #[test]
    fn names_are_kept_for_one_prelude() {
        let folder = tempfile::tempdir().unwrap();
        let names = Names::read(folder.path(), "a");
        assert!(names.known.is_empty());
        let file = names.file.clone();
        Names { known: BTreeMap::from([("l".into(), "i32".into())]), ..names }.keep(&[], &[]).unwrap();
        assert!(file.is_file());
        assert_eq!(Names::read(folder.path(), "a").known.len(), 1);
        assert!(Names::read(folder.path(), "b").known.is_empty());
    }
}
