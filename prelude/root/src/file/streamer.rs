//! Descriptions of classes ("streamer infos"): the members of each class in the order of their bytes.

use crate::error::Result;
use crate::stream::{Cursor, Pointer, Pointers};
use std::collections::HashMap;

/// The classes that a file describes.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    all: HashMap<String, Vec<Class>>,
}

#[derive(Debug)]
struct Class {
    version: i32,
    elements: Vec<Element>,
}

/// A member or a base of a class.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    /// What sort of member: `TStreamerBase`, `TStreamerBasicType`, `TStreamerSTL` and so on.
    pub sort: String,
    pub name: String,
    pub title: String,
    pub kind: i32,
    /// Elements of a fixed array; 0 when it is none.
    pub length: u32,
    pub dimensions: Vec<u32>,
    pub type_name: String,
}

impl Classes {
    /// Reads the list; classes that cannot be read are left out.
    pub(crate) fn read(bytes: &[u8], base: u16) -> Self {
        let mut classes = Self::default();
        // What was read before the damage is worth having: only a branch that needs more is lost.
        let _ = classes.list(&mut Cursor::new(bytes), &mut Pointers::new(base));
        classes
    }

    /// The members of a class: of the version asked for, else of the newest.
    pub(crate) fn get(&self, name: &str, version: Option<i32>) -> Option<&[Element]> {
        let versions = self.all.get(name)?;
        let exact = version.and_then(|version| versions.iter().find(|class| class.version == version));
        let found = exact.or_else(|| versions.iter().max_by_key(|class| class.version));
        found.map(|class| class.elements.as_slice())
    }

    /// The names of all classes, as the file spells them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.keys().map(String::as_str)
    }

    fn list(&mut self, cursor: &mut Cursor, pointers: &mut Pointers) -> Result<()> {
        cursor.header()?;
        cursor.object()?;
        cursor.text_bytes()?;
        for _ in 0..cursor.count(4, "a list of classes")? {
            if let Pointer::New { class, end, .. } = pointers.next(cursor)? {
                if &*class == "TStreamerInfo" {
                    self.class(cursor, pointers)?;
                }
                if let Some(end) = end {
                    cursor.go(end)?;
                }
            }
            cursor.text_bytes()?;
        }
        Ok(())
    }

    fn class(&mut self, cursor: &mut Cursor, pointers: &mut Pointers) -> Result<()> {
        let header = cursor.header()?;
        let (name, _) = cursor.named()?;
        cursor.skip(4)?;
        let version = cursor.i32()?;
        let mut elements = Vec::new();
        if let Pointer::New { end, .. } = pointers.next(cursor)? {
            let array = cursor.header()?;
            cursor.object()?;
            cursor.text_bytes()?;
            let number = cursor.count(4, "members of a class")?;
            cursor.skip(4)?;
            for _ in 0..number {
                if let Pointer::New { class, end, .. } = pointers.next(cursor)? {
                    elements.push(element(&class, cursor)?);
                    if let Some(end) = end {
                        cursor.go(end)?;
                    }
                }
            }
            cursor.finish(array)?;
            if let Some(end) = end {
                cursor.go(end)?;
            }
        }
        cursor.finish(header)?;
        self.all.entry(name).or_default().push(Class { version, elements });
        Ok(())
    }
}

fn element(sort: &str, cursor: &mut Cursor) -> Result<Element> {
    let outer = cursor.header()?;
    // A text of the standard library is described as a collection.
    let inner = if sort == "TStreamerSTLstring" { Some(cursor.header()?) } else { None };
    let header = cursor.header()?;
    let (name, title) = cursor.named()?;
    let kind = cursor.i32()?;
    cursor.skip(4)?;
    let length = cursor.u32()?;
    let number = cursor.u32()?;
    let most = if header.version == 1 { cursor.count(4, "dimensions")? } else { 5 };
    let dimensions = (0..most).map(|_| cursor.u32()).collect::<Result<Vec<_>>>()?;
    let dimensions = dimensions.into_iter().take(number as usize).collect();
    let type_name = cursor.text()?;
    cursor.finish(header)?;
    if let Some(inner) = inner {
        cursor.finish(inner)?;
    }
    cursor.finish(outer)?;
    Ok(Element { sort: sort.to_owned(), name, title, kind, length, dimensions, type_name })
}
