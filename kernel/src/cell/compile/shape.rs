//! What a cell's types look like in memory, from the compiler's debugging information.
//!
//! A type keeps its name when a constant, an alias, a macro or a module behind it changes, and the same name with another
//! layout would read foreign memory. rustc describes the whole tree of a type: size, alignment, and name, place and type of
//! each field, through pointers, enums and arrays. The shape is a hash of that tree. Only types that the notebook itself
//! defines can change, so all others have none. Of statics the shapes are taken of all types: a crate that is added may
//! change those of another one.

use crate::cell::source::statics::SYMBOL;
use gimli::{AttributeValue, DwAt, DwTag, EndianSlice, LittleEndian, UnitOffset, constants as dw};
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection};
use std::collections::HashMap;
use std::path::Path;

/// Functions of the prelude whose first type argument is the type of a variable, and whose second one is its number.
const FUNCTIONS: [&str; 2] = ["put<", "take<"];
/// What a hash begins with.
const START: u64 = 0xcbf2_9ce4_8422_2325;
/// What is hashed of an entry besides its name and its type.
const NUMBERS: [DwAt; 8] = [
    dw::DW_AT_byte_size,
    dw::DW_AT_alignment,
    dw::DW_AT_data_member_location,
    dw::DW_AT_discr_value,
    dw::DW_AT_const_value,
    dw::DW_AT_count,
    dw::DW_AT_upper_bound,
    dw::DW_AT_encoding,
];

/// Shapes of variables by their number.
type Variables = Vec<(usize, u64)>;
/// Shapes of statics by the symbols that they are exported under.
type Statics = Vec<(String, u64)>;

/// Shapes of those variables whose types contain a type of one of `crates`, and of statics.
pub(crate) fn shapes(library: &Path, crates: &[String]) -> (Variables, Statics) {
    let Ok(bytes) = std::fs::read(library) else { return (Vec::new(), Vec::new()) };
    let (mut variables, mut statics) = read(&bytes, crates).unwrap_or_default();
    variables.sort_unstable();
    variables.dedup_by_key(|(index, _)| *index);
    statics.sort_unstable();
    statics.dedup();
    (variables, statics)
}

/// The shape of a static, which may be several that one macro has made.
pub(crate) fn of_static(all: &Statics, symbol: &str) -> Option<u64> {
    let mut shapes = all.iter().filter(|(name, _)| name.starts_with(symbol)).map(|(_, shape)| *shape).peekable();
    shapes.peek()?;
    Some(shapes.fold(START, mixed))
}

fn read(bytes: &[u8], crates: &[String]) -> Option<(Variables, Statics)> {
    let file = ElfFile64::<object::LittleEndian>::parse(bytes).ok()?;
    let section = |id: gimli::SectionId| -> Result<EndianSlice<'_, LittleEndian>, gimli::Error> {
        let data = file.section_by_name(id.name()).and_then(|section| section.data().ok()).unwrap_or_default();
        Ok(EndianSlice::new(data, LittleEndian))
    };
    let dwarf = gimli::Dwarf::load(section).ok()?;
    let mut units = dwarf.units();
    let (mut found, mut statics) = (Vec::new(), Vec::new());
    while let Some(header) = units.next().ok()? {
        let entries = entries(&dwarf, &dwarf.unit(header).ok()?, crates)?;
        for (index, at) in variables(&entries) {
            let (shape, own) = Walk::over(&entries, at);
            if own {
                found.push((index, shape));
            }
        }
        for entry in entries.iter().filter(|entry| entry.symbol.starts_with(SYMBOL)) {
            if let Some(kind) = entry.kind {
                statics.push((entry.symbol.clone(), Walk::over(&entries, kind).0));
            }
        }
    }
    Some((found, statics))
}

/// One entry of the debugging information.
#[derive(Debug)]
struct Entry {
    tag: DwTag,
    name: String,
    children: Vec<usize>,
    kind: Option<usize>,
    numbers: Vec<u64>,
    /// What the linker knows it by, if it is a static.
    symbol: String,
    /// Whether it is in one of the notebook's crates.
    own: bool,
}

/// All entries of a unit, in order.
fn entries(
    dwarf: &gimli::Dwarf<EndianSlice<'_, LittleEndian>>,
    unit: &gimli::Unit<EndianSlice<'_, LittleEndian>>,
    crates: &[String],
) -> Option<Vec<Entry>> {
    let mut all: Vec<Entry> = Vec::new();
    let mut at: HashMap<UnitOffset, usize> = HashMap::new();
    let mut kinds: Vec<Option<UnitOffset>> = Vec::new();
    let mut around: Vec<usize> = Vec::new();
    let mut cursor = unit.entries();
    while let Some(entry) = cursor.next_dfs().ok()? {
        let depth = usize::try_from(entry.depth()).ok()?;
        around.truncate(depth);
        let parent = around.last().copied();
        let text = |attribute: DwAt| {
            let text = entry.attr_value(attribute).and_then(|name| dwarf.attr_string(unit, name).ok());
            text.map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let name = text(dw::DW_AT_name);
        let is_static = entry.tag() == dw::DW_TAG_variable;
        let symbol = if is_static { text(dw::DW_AT_linkage_name) } else { String::new() };
        let numbers = NUMBERS.iter().map(|number| entry.attr_value(*number).map_or(u64::MAX, number_of)).collect();
        let crate_of_own = entry.tag() == dw::DW_TAG_namespace && depth == 1 && crates.contains(&name);
        let own = crate_of_own || parent.is_some_and(|parent| all[parent].own);
        kinds.push(match entry.attr_value(dw::DW_AT_type) {
            Some(AttributeValue::UnitRef(offset)) => Some(offset),
            _ => None,
        });
        at.insert(entry.offset(), all.len());
        if let Some(parent) = parent {
            let index = all.len();
            all[parent].children.push(index);
        }
        around.push(all.len());
        all.push(Entry { tag: entry.tag(), name, children: Vec::new(), kind: None, numbers, symbol, own });
    }
    for (entry, kind) in all.iter_mut().zip(kinds) {
        entry.kind = kind.and_then(|kind| at.get(&kind).copied());
    }
    Some(all)
}

fn number_of(value: AttributeValue<EndianSlice<'_, LittleEndian>>) -> u64 {
    let unsigned = value.udata_value().or_else(|| value.sdata_value().map(i64::cast_unsigned));
    unsigned.unwrap_or_else(|| match value {
        AttributeValue::Block(block) => block.iter().fold(0xb10c, |hash, byte| mixed(hash, u64::from(*byte))),
        AttributeValue::Encoding(encoding) => u64::from(encoding.0),
        _ => u64::MAX,
    })
}

/// The types of the variables that a cell takes and puts, by number.
fn variables(entries: &[Entry]) -> Vec<(usize, usize)> {
    let functions = entries.iter().filter(|entry| {
        entry.tag == dw::DW_TAG_subprogram && FUNCTIONS.iter().any(|name| entry.name.starts_with(name))
    });
    let found = functions.filter_map(|function| {
        let index = function.name.strip_suffix('>')?.rsplit(',').next()?.trim().parse().ok()?;
        let mut children = function.children.iter().filter_map(|child| entries.get(*child));
        let argument = children.find(|child| child.tag == dw::DW_TAG_template_type_parameter)?;
        Some((index, argument.kind?))
    });
    found.collect()
}

fn mixed(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23)
}

/// A walk through the tree of one type.
struct Walk<'a> {
    entries: &'a [Entry],
    hash: u64,
    /// Entries that were met before, which may be around the present one, with their number.
    seen: HashMap<usize, u64>,
    own: bool,
}

impl<'a> Walk<'a> {
    /// The shape of a type, and whether a type of the notebook is in it.
    fn over(entries: &'a [Entry], at: usize) -> (u64, bool) {
        let mut walk = Walk { entries, hash: START, seen: HashMap::new(), own: false };
        walk.entry(at);
        (walk.hash, walk.own)
    }

    fn mix(&mut self, word: u64) {
        self.hash = mixed(self.hash, word);
    }

    fn entry(&mut self, at: usize) {
        let number = self.seen.len() as u64;
        if let Some(before) = self.seen.get(&at).copied() {
            return self.mix(before);
        }
        self.seen.insert(at, number);
        let entry = &self.entries[at];
        self.own |= entry.own;
        self.mix(u64::from(entry.tag.0));
        // Names of fields, variants and plain numbers; not of types, whose names say nothing of what they are.
        let named =
            matches!(entry.tag, dw::DW_TAG_member | dw::DW_TAG_base_type | dw::DW_TAG_enumerator | dw::DW_TAG_variant);
        if named {
            entry.name.bytes().for_each(|byte| self.mix(u64::from(byte)));
        }
        entry.numbers.iter().for_each(|number| self.mix(*number));
        if let Some(kind) = entry.kind {
            self.entry(kind);
        }
        for &child in &entry.children {
            // Methods and items inside are no part of a value.
            let part =
                !matches!(self.entries[child].tag, dw::DW_TAG_subprogram | dw::DW_TAG_namespace | dw::DW_TAG_variable);
            if part {
                self.entry(child);
            }
        }
    }
}
