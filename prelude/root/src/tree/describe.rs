//! Layouts of types by their names, from the descriptions of classes in the file.

use super::layout::Layout;
use super::names::{self, TypeName};
use crate::columns::Prim;
use crate::file::{Classes, Element};
use std::cell::Cell;

/// The classes of a file, and how many members may still be followed: classes in classes multiply.
pub(super) struct Types<'a> {
    pub classes: &'a Classes,
    left: Cell<usize>,
}

/// Members of the class of a branch, with those of the classes in it.
const MOST: usize = 2_000;

impl<'a> Types<'a> {
    pub(super) fn new(classes: &'a Classes) -> Self {
        Self { classes, left: Cell::new(MOST) }
    }
}

/// One layout per member of the classes in it.
pub(super) fn expand(layout: &Layout, suffix: String, each: &mut dyn FnMut(String, Layout)) {
    match layout {
        Layout::Fixed(inner, size) => {
            expand(inner, suffix, &mut |suffix, inner| each(suffix, Layout::Fixed(Box::new(inner), *size)));
        }
        Layout::Collection { header, item } => {
            expand(item, suffix, &mut |suffix, inner| each(suffix, Layout::list(*header, inner)));
        }
        Layout::Rest(inner) => expand(inner, suffix, &mut |suffix, inner| each(suffix, Layout::Rest(Box::new(inner)))),
        Layout::Headed(inner) => expand(inner, suffix, &mut |suffix, inner| each(suffix, inner.headed())),
        Layout::Record { members, names, .. } => {
            for (wanted, (name, member)) in names.iter().zip(members).enumerate() {
                if matches!(member, Layout::Object) {
                    continue;
                }
                let below = if name.is_empty() { suffix.clone() } else { format!("{suffix}.{name}") };
                expand(member, below, &mut |suffix, inner| {
                    let mut members = members.clone();
                    members[wanted] = inner;
                    each(suffix, Layout::Record { members, names: names.clone(), wanted });
                });
            }
        }
        other => each(suffix, other.clone()),
    }
}

/// Without the header that one has alone: in a collection there is one for all.
pub(super) fn in_collection(layout: Layout) -> Layout {
    match layout {
        Layout::Headed(inner) if *inner == Layout::Text => Layout::Rest(inner).headed(),
        Layout::Collection { header: true, item } => {
            Layout::Rest(Box::new(Layout::Collection { header: false, item })).headed()
        }
        other => Layout::Rest(Box::new(other)),
    }
}

/// Classes in classes that are followed.
const DEPTH: usize = 12;

/// A whole value of a type, as a branch of its own has it.
pub(super) fn whole_layout(name: &TypeName, types: &Types) -> Layout {
    match name.name.as_str() {
        "string" | "TString" => Layout::Text,
        _ => layout(name, true, types, 0),
    }
}

/// The layout of a type by its name; `header`: whether collections have their header.
fn layout(name: &TypeName, header: bool, types: &Types, depth: usize) -> Layout {
    if depth > DEPTH {
        return Layout::Unknown("classes in classes without end".to_owned());
    }
    if name.arguments.is_empty()
        && let Some(prim) = names::number(&name.name)
    {
        return Layout::Prim(prim);
    }
    let argument = |at: usize| {
        let inner = name.arguments.get(at);
        inner.map_or_else(
            || Layout::Unknown(format!("`{}` does not say what it holds", name.name)),
            |inner| layout(inner, false, types, depth + 1),
        )
    };
    match name.name.as_str() {
        "string" | "TString" => Layout::Text,
        "vector" | "VecOps::RVec" | "RVec" | "list" | "deque" | "set" | "multiset" | "unordered_set"
        | "unordered_multiset" | "forward_list" => Layout::list(header, argument(0)),
        "map" | "multimap" | "unordered_map" | "unordered_multimap" => {
            let names = vec!["first".to_owned(), "second".to_owned()];
            Layout::list(header, Layout::Record { members: vec![argument(0), argument(1)], names, wanted: 0 })
        }
        "bitset" => Layout::list(header, Layout::Prim(Prim::Bool)),
        other if other.ends_with('*') => Layout::Unknown(format!("pointers (`{other}`) cannot be read")),
        _ => class(&full(name), types, depth).headed(),
    }
}

/// The name of a class as the file's descriptions spell it.
fn full(name: &TypeName) -> String {
    if name.arguments.is_empty() {
        return name.name.clone();
    }
    let inner: Vec<_> = name.arguments.iter().map(full).collect();
    format!("{}<{}>", name.name, inner.join(","))
}

/// The members of a class.
fn class(name: &str, types: &Types, depth: usize) -> Layout {
    let found = types.classes.get(name, None).or_else(|| types.classes.get(&format!("ROOT::{name}"), None));
    // Templates are spelled in many ways, with `ROOT::` and blanks or without.
    let other = || types.classes.names().find(|other| other.contains('<') && full(&TypeName::parse(other)) == name);
    let found = found.or_else(|| types.classes.get(other()?, None));
    let Some(elements) = found else {
        return Layout::Unknown(format!("the file does not describe the class `{name}`"));
    };
    let Some(left) = types.left.get().checked_sub(elements.len()) else {
        return Layout::Unknown(format!("the class `{name}` has too many members in all"));
    };
    types.left.set(left);
    let mut names = Vec::new();
    let mut members = Vec::new();
    for element in elements {
        names.push(if element.sort == "TStreamerBase" { String::new() } else { element.name.clone() });
        let mut member = member_layout(element, types, depth + 1);
        if let Layout::Pointed { counter, .. } = &mut member {
            let by = element.title.split(['[', ']']).nth(1).unwrap_or_default();
            match names.iter().position(|name| name == by) {
                Some(position) => *counter = position,
                None => member = Layout::Unknown(format!("`{}` does not say what counts it", element.name)),
            }
        }
        members.push(member);
    }
    if members.is_empty() {
        return Layout::Unknown(format!("the class `{name}` has no members"));
    }
    Layout::Record { members, names, wanted: 0 }
}

pub(super) fn member_layout(element: &Element, types: &Types, depth: usize) -> Layout {
    let array = |layout: Layout| {
        let sizes = element.dimensions.iter().rev().map(|size| *size as usize);
        sizes.fold(layout, |inner, size| Layout::Fixed(Box::new(inner), size))
    };
    if depth > DEPTH {
        return Layout::Unknown("classes in classes without end".to_owned());
    }
    let name = TypeName::parse(&element.type_name);
    match (element.sort.as_str(), element.kind) {
        ("TStreamerBase", _) if element.name == "TObject" => Layout::Object,
        ("TStreamerBase", _) => layout(&TypeName::parse(&element.name), true, types, depth + 1),
        (_, 66) => Layout::Object,
        (_, kind @ 1..=40) => match names::code(kind % 20, &element.title) {
            Some(prim) => array(Layout::Prim(prim)),
            None => Layout::Unknown(format!("`{}` has type {kind}", element.name)),
        },
        (_, kind @ 41..=60) => match names::code(kind - 40, &element.title) {
            Some(prim) => Layout::Pointed { prim, counter: 0 },
            None => Layout::Unknown(format!("`{}` has type {kind}", element.name)),
        },
        (_, 65) => Layout::Text,
        (_, 365) => Layout::Text.headed(),
        (_, 300 | 500) if name.name == "string" => Layout::Text.headed(),
        (_, 300 | 500) if element.length == 0 => layout(&name, true, types, depth + 1),
        (_, 61 | 62 | 67) if element.length == 0 => layout(&name, true, types, depth + 1),
        (_, 81 | 82) => array(layout(&name, true, types, depth + 1)),
        _ => Layout::Unknown(format!("`{}` of type `{}` cannot be read", element.name, element.type_name)),
    }
}
