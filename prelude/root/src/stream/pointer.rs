//! Pointers: an object that follows, an object seen before, or none.

use super::Cursor;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::rc::Rc;

/// The value at the place of a pointer.
#[derive(Debug, Clone)]
pub(crate) enum Pointer {
    Null,
    /// An object seen before, by its number.
    Seen(u32),
    /// An object of this class follows; it ends at `end` if it says so and may be pointed at by `number`.
    New {
        class: Rc<str>,
        end: Option<usize>,
        number: u32,
    },
}

/// The classes seen so far. Positions are counted from the beginning of the key, which is `base` bytes before the record.
#[derive(Debug, Default)]
pub(crate) struct Pointers {
    base: u32,
    classes: HashMap<u32, Rc<str>>,
}

const COUNTED: u32 = 0x4000_0000;
const CLASS: u32 = 0x8000_0000;
const NEW_CLASS: u32 = u32::MAX;
/// What positions are raised by, so that none is 0 or 1.
const RAISED: u32 = 2;

impl Pointers {
    pub(crate) fn new(base: u16) -> Self {
        Self { base: u32::from(base) + RAISED, classes: HashMap::new() }
    }

    pub(crate) fn next(&mut self, cursor: &mut Cursor) -> Result<Pointer> {
        let start = cursor.at();
        let number = (start as u32).wrapping_add(self.base);
        let first = cursor.u32()?;
        let (end, tag_at, tag) = if first & COUNTED != 0 && first != NEW_CLASS {
            let end = start + 4 + (first & !COUNTED) as usize;
            if end > start + 4 + cursor.left() {
                return Err(Error::short("an object", (first & !COUNTED).into(), cursor.left() as u64));
            }
            (Some(end), cursor.at(), cursor.u32()?)
        } else {
            (None, start, first)
        };
        if tag == 0 {
            return Ok(Pointer::Null);
        }
        if tag & CLASS == 0 {
            return Ok(Pointer::Seen(tag));
        }
        let class = if tag == NEW_CLASS {
            let class: Rc<str> = cursor.until_zero()?.into();
            self.classes.insert((tag_at as u32).wrapping_add(self.base), class.clone());
            class
        } else {
            let seen = self.classes.get(&(tag & !CLASS)).cloned();
            seen.ok_or_else(|| Error::damaged("a pointer to a class that is not there"))?
        };
        Ok(Pointer::New { class, end, number })
    }
}
