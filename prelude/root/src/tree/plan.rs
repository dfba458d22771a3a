//! What a branch is as columns, or why it is none.

use super::describe::{self, Types};
use super::layout::Layout;
use super::leaves::{self, Part};
use super::record::Branch;

use super::names::{self, TypeName};
use super::record::{Leaf, Record};
use crate::columns::{Prim, Type};
use crate::file::{Classes, Element};

/// A column of a branch.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub branch: usize,
    /// The suffix of the branch's name: `.leaf`, `.member`, or nothing.
    pub suffix: String,
    pub of: Type,
    pub type_name: String,
    pub how: How,
}

/// How the bytes become the column.
#[derive(Debug, Clone)]
pub(crate) enum How {
    /// The same number of bytes per entry, in which `number` values begin at `offset`.
    Flat { prim: Prim, number: usize, offset: usize, stride: usize },
    /// Values in a row, `inner` of them for each that is counted.
    Counted { prim: Prim, inner: usize, count: Option<usize> },
    /// `skip` bytes before the values of each entry; these may be counted by a leaf.
    Behind { prim: Prim, skip: usize, count: Option<usize> },
    /// Text of a TLeafC: empty texts may have no byte at all.
    Text,
    /// One of several leaves, some of which have as many values as a leaf says.
    Leaves { parts: Vec<Part>, wanted: usize },
    /// Anything else.
    Entry(Layout),
}

type Why = String;

const CLONES: &str = "TClonesArray";
/// Its branch says nothing of its elements.
const UNSPLIT: &str = "the class of its elements stands in the entries alone, not in the branch; a TClonesArray that is \
    written with a split level of 1 or more can be read";

/// The columns of a branch. An empty list when it only holds other branches.
pub(crate) fn plan(number: usize, record: &Record, classes: &Classes) -> Result<Vec<Planned>, (String, Why)> {
    let branch = &record.branches[number];
    if let Some(error) = &branch.broken {
        return Err((branch.class.clone(), format!("its description cannot be read ({error})")));
    }
    if branch.children > 0 {
        return Ok(Vec::new());
    }
    let leaves: Vec<&Leaf> = branch.leaves.iter().map(|leaf| &record.leaves[*leaf]).collect();
    if !branch.file.is_empty() {
        return Err((String::new(), format!("its values are in another file, `{}`", branch.file)));
    }
    let planned = match &leaves[..] {
        [] => Err((branch.class.clone(), "it has no leaves".to_owned())),
        [leaf] => one(branch, leaf, classes),
        _ => list(&branch.leaves, record),
    };
    let mut planned = planned?;
    let entries = record.entries;
    if branch.entries != entries {
        let type_name = planned.first().map_or_else(String::new, |column| column.type_name.clone());
        let why = format!("it has {} entries and the tree {entries}", branch.entries);
        return if planned.is_empty() { Ok(planned) } else { Err((type_name, why)) };
    }
    planned.iter_mut().for_each(|column| column.branch = number);
    Ok(planned)
}

fn column(suffix: &str, of: Type, type_name: String, how: How) -> Planned {
    Planned { branch: 0, suffix: suffix.to_owned(), of, type_name, how }
}

/// Several leaves: structs without gaps.
fn list(numbers: &[usize], record: &Record) -> Result<Vec<Planned>, (String, Why)> {
    let mut parts = Vec::new();
    let mut stride = 0usize;
    for number in numbers {
        let leaf = &record.leaves[*number];
        let Some(prim) = plain(leaf) else {
            return Err((leaf.class.clone(), format!("its leaf `{}` is a {} among others", leaf.name, leaf.class)));
        };
        let dimensions = dimensions(leaf).map_err(|why| (names::spelled(prim).to_owned(), why))?;
        parts.push((leaf, prim, dimensions.clone(), stride));
        let bytes = dimensions.iter().product::<usize>() * prim.width();
        stride = stride.saturating_add(bytes);
    }
    if parts.iter().any(|(leaf, ..)| leaf.count.is_some()) {
        return counted(numbers, &parts);
    }
    let one = |(leaf, prim, dimensions, offset): (&Leaf, Prim, Vec<usize>, usize)| {
        let how = How::Flat { prim, number: dimensions.iter().product(), offset, stride };
        let type_name = type_name(prim, &dimensions, false);
        column(&format!(".{}", leaf.name), prim.of().fixed(&dimensions), type_name, how)
    };
    Ok(parts.into_iter().map(one).collect())
}

/// Several leaves, some of which have as many values as another says.
fn counted(numbers: &[usize], leaves: &[(&Leaf, Prim, Vec<usize>, usize)]) -> Result<Vec<Planned>, (String, Why)> {
    let parts = leaves::parts(numbers, leaves)?;
    let one = |(wanted, (leaf, prim, dimensions, _)): (usize, &(&Leaf, Prim, Vec<usize>, usize))| {
        let inner = prim.of().fixed(dimensions);
        let of = if leaf.count.is_some() { inner.list() } else { inner };
        let type_name = type_name(*prim, dimensions, leaf.count.is_some());
        column(&format!(".{}", leaf.name), of, type_name, How::Leaves { parts: parts.clone(), wanted })
    };
    Ok(leaves.iter().enumerate().map(one).collect())
}

/// The number type of a leaf that is not part of a class.
fn plain(leaf: &Leaf) -> Option<Prim> {
    let signed = |signed, unsigned| if leaf.unsigned { unsigned } else { signed };
    Some(match leaf.class.as_str() {
        "TLeafB" => signed(Prim::I8, Prim::U8),
        "TLeafS" => signed(Prim::I16, Prim::U16),
        "TLeafI" => signed(Prim::I32, Prim::U32),
        "TLeafL" | "TLeafG" => signed(Prim::I64, Prim::U64),
        "TLeafF" => Prim::F32,
        "TLeafD" => Prim::F64,
        "TLeafO" => Prim::Bool,
        "TLeafF16" => Prim::Float16(super::range::packing(&leaf.title, true)),
        "TLeafD32" => Prim::Double32(super::range::packing(&leaf.title, false)),
        _ => return None,
    })
}

/// The fixed dimensions of a leaf: those of its title, else its length.
fn dimensions(leaf: &Leaf) -> Result<Vec<usize>, Why> {
    let inner = |part: &'_ str| part.split_once(']').map(|(inner, _)| inner.trim().to_owned());
    let mut found: Vec<usize> =
        leaf.title.split('[').skip(1).filter_map(inner).filter_map(|text| text.parse().ok()).collect();
    if found.is_empty() && leaf.length > 1 {
        found.push(leaf.length as usize);
    }
    let number = found.iter().try_fold(1usize, |all, size| all.checked_mul(*size)).filter(|number| *number < 1 << 28);
    match number {
        Some(number) if number > 0 => Ok(found),
        _ => Err(format!("its dimensions `{}` cannot be", leaf.title)),
    }
}

fn type_name(prim: Prim, dimensions: &[usize], counted: bool) -> String {
    let fixed: String = dimensions.iter().map(|size| format!("[{size}]")).collect();
    format!("{}{}{fixed}", names::spelled(prim), if counted { "[]" } else { "" })
}

fn one(branch: &Branch, leaf: &Leaf, classes: &Classes) -> Result<Vec<Planned>, (String, Why)> {
    if leaf.class == "TLeafC" {
        return Ok(vec![column("", Type::Text, "char*".to_owned(), How::Text)]);
    }
    if let Some(prim) = plain(leaf) {
        return array(leaf, prim);
    }
    if leaf.class == "TLeafElement" {
        return element(branch, leaf, classes);
    }
    let class = if branch.class.is_empty() { leaf.class.clone() } else { branch.class.clone() };
    if class == CLONES {
        return Err((class, UNSPLIT.to_owned()));
    }
    Err((class, format!("a {} with a {} cannot be read", branch.sort, leaf.class)))
}

/// A number, a fixed array, or a counted array of numbers (or of fixed arrays).
fn array(leaf: &Leaf, prim: Prim) -> Result<Vec<Planned>, (String, Why)> {
    let dimensions = dimensions(leaf).map_err(|why| (names::spelled(prim).to_owned(), why))?;
    let number = dimensions.iter().product();
    let inner = prim.of().fixed(&dimensions);
    let type_name = type_name(prim, &dimensions, leaf.count.is_some());
    if leaf.count.is_some() {
        let how = How::Counted { prim, inner: number, count: leaf.count };
        return Ok(vec![column("", inner.list(), type_name, how)]);
    }
    let how = How::Flat { prim, number, offset: 0, stride: number * prim.width() };
    Ok(vec![column("", inner, type_name, how)])
}

/// A member of a class, or a whole object.
fn element(branch: &Branch, leaf: &Leaf, classes: &Classes) -> Result<Vec<Planned>, (String, Why)> {
    let member = member(branch, classes);
    // The range of a packed number stands in the description of the class, else in the leaf.
    let title = member.map_or(leaf.title.as_str(), |member| member.title.as_str());
    if let Some(numbers) = numbers_of(branch, leaf, title)? {
        return Ok(numbers);
    }
    let whole = branch.streamer < 0 || branch.parent_class.is_empty() && member.is_none();
    let text = if whole { branch.class.clone() } else { member.map_or_else(String::new, |one| one.type_name.clone()) };
    if text.is_empty() {
        return Err((branch.class.clone(), "the file does not describe its type".to_owned()));
    }
    if text.trim_end_matches('*') == CLONES {
        return Err((text, UNSPLIT.to_owned()));
    }
    let name = TypeName::parse(&text);
    let types = Types::new(classes);
    // The elements of the collections that a split collection has as a member follow one header.
    let collection = matches!(branch.kind, 31 | 41);
    let layout = match (member.filter(|_| !whole), collection) {
        (Some(member), false) => describe::member_layout(member, &types, 0),
        (Some(member), true) => describe::in_collection(describe::member_layout(member, &types, 0)),
        (None, false) => describe::whole_layout(&name, &types),
        (None, true) => describe::in_collection(describe::whole_layout(&name, &types)),
    };
    fast(layout, &text)
}

/// A member that is a number or an array of numbers.
fn numbers_of(branch: &Branch, leaf: &Leaf, title: &str) -> Result<Option<Vec<Planned>>, (String, Why)> {
    let collection = matches!(branch.kind, 31 | 41);
    if branch.streamer < 0 && leaf.kind <= 0 {
        return Ok(None);
    }
    let kind = if leaf.kind > 0 { leaf.kind } else { branch.streamer };
    if let Some(prim) = names::code(kind % 20, title).filter(|_| kind < 40) {
        if !collection && leaf.count.is_none() {
            return array(leaf, prim).map(Some);
        }
        let dimensions = dimensions(leaf).map_err(|why| (names::spelled(prim).to_owned(), why))?;
        let how = How::Counted { prim, inner: dimensions.iter().product(), count: leaf.count };
        let name = type_name(prim, &dimensions, true);
        return Ok(Some(vec![column("", prim.of().fixed(&dimensions).list(), name, how)]));
    }
    if let Some(prim) = names::code(kind - 40, title).filter(|_| (41..60).contains(&kind)) {
        let name = type_name(prim, &[], true);
        if collection {
            return Err((name, "counted arrays in a collection cannot be read".to_owned()));
        }
        let how = How::Behind { prim, skip: 1, count: leaf.count };
        return Ok(Some(vec![column("", prim.of().list(), name, how)]));
    }
    Ok(None)
}

/// A layout of a column alone, as what reads it fastest.
fn fast(layout: Layout, text: &str) -> Result<Vec<Planned>, (String, Why)> {
    if let Layout::Collection { header: true, item } = &layout
        && let Layout::Prim(prim) = **item
    {
        let how = How::Behind { prim, skip: 10, count: None };
        return Ok(vec![column("", prim.of().list(), text.to_owned(), how)]);
    }
    let mut found = Vec::new();
    describe::expand(&layout, String::new(), &mut |suffix, layout| found.push((suffix, layout)));
    let mut columns = Vec::new();
    let mut why = None;
    for (suffix, layout) in found {
        match layout.of() {
            Ok(of) => columns.push(column(&suffix, of, text.to_owned(), How::Entry(layout))),
            Err(reason) => why = Some(reason),
        }
    }
    if columns.is_empty() {
        return Err((text.to_owned(), why.unwrap_or_else(|| "it has no members".to_owned())));
    }
    Ok(columns)
}

/// The member that a branch of a split class is.
fn member<'a>(branch: &Branch, classes: &'a Classes) -> Option<&'a Element> {
    let name = branch.name.trim_end_matches('.');
    let name = name.split('[').next().unwrap_or(name);
    let name = name.rsplit('.').next().unwrap_or(name);
    let by_number = classes.get(&branch.class, Some(branch.version));
    let by_number = by_number.and_then(|all| all.get(usize::try_from(branch.id).ok()?)).filter(|one| one.name == name);
    by_number.or_else(|| {
        let places = [&branch.class, &branch.parent_class];
        places.into_iter().find_map(|class| classes.get(class, None)?.iter().find(|one| one.name == name))
    })
}

/// The leaves of other branches that count the values of an entry.
pub(crate) fn counts(how: &How) -> Vec<usize> {
    match how {
        How::Counted { count, .. } | How::Behind { count, .. } => count.iter().copied().collect(),
        How::Leaves { parts, .. } => leaves::counts(parts),
        How::Flat { .. } | How::Text | How::Entry(_) => Vec::new(),
    }
}

/// How the numbers of a leaf that counts others are read, and the branch they are in.
pub(crate) fn counter(leaf: usize, record: &Record) -> Result<(usize, How), Why> {
    let leaf = &record.leaves[leaf];
    let branch = leaf.branch.ok_or_else(|| format!("the leaf `{}` that counts it is in no branch", leaf.name))?;
    let leaves = &record.branches[branch].leaves;
    if let [_] = &leaves[..] {
        // A leaf of a collection counts its elements.
        let prim = if leaf.class == "TLeafElement" { Some(Prim::I32) } else { plain(leaf) };
        let prim = prim.ok_or_else(|| format!("it is counted by a {}", leaf.class))?;
        return Ok((branch, How::Flat { prim, number: 1, offset: 0, stride: prim.width() }));
    }
    let columns = list(leaves, record).map_err(|(_, why)| why)?;
    let suffix = format!(".{}", leaf.name);
    let found = columns.into_iter().find(|column| column.suffix == suffix);
    found
        .map(|column| (branch, column.how))
        .ok_or_else(|| format!("the leaf `{}` that counts it is not there", leaf.name))
}
