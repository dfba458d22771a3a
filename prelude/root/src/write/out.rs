//! Numbers, texts and objects as bytes, big-endian.

use std::collections::HashMap;

/// Bytes of an object in the making. `base` is the length of its key: references count from the key.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub bytes: Vec<u8>,
    base: usize,
    classes: HashMap<&'static str, u32>,
}

const COUNTED: u32 = 0x4000_0000;
const CLASS: u32 = 0x8000_0000;
/// What positions in references are raised by.
const RAISED: usize = 2;

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {
        $(pub(super) fn $name(&mut self, value: $type) -> &mut Self {
            self.bytes.extend_from_slice(&value.to_be_bytes());
            self
        })*
    };
}

impl Out {
    pub(super) fn new(base: usize) -> Self {
        Self { base, ..Self::default() }
    }

    numbers!(u8: u8, u16: u16, u32: u32, i32: i32, i64: i64, f32: f32, f64: f64);

    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.text_bytes(text.as_bytes())
    }

    pub(super) fn text_bytes(&mut self, text: &[u8]) -> &mut Self {
        match u8::try_from(text.len()) {
            Ok(length) if length < 255 => self.u8(length),
            _ => self.u8(255).u32(text.len() as u32),
        };
        self.raw(text)
    }

    /// An object with its byte count and version.
    pub(super) fn object(&mut self, version: u16, members: impl FnOnce(&mut Self)) -> &mut Self {
        let at = self.bytes.len();
        self.u32(0).u16(version);
        members(self);
        self.count(at)
    }

    /// Writes the number of bytes behind `at` there.
    fn count(&mut self, at: usize) -> &mut Self {
        let count = (self.bytes.len() - at - 4) as u32 | COUNTED;
        self.bytes[at..at + 4].copy_from_slice(&count.to_be_bytes());
        self
    }

    /// A pointer to an object that follows; gives the number by which it is pointed at again.
    pub(super) fn pointer(&mut self, class: &'static str, object: impl FnOnce(&mut Self)) -> u32 {
        let at = self.bytes.len();
        self.u32(0);
        match self.classes.get(class).copied() {
            Some(seen) => {
                self.u32(CLASS | seen);
            }
            None => {
                self.classes.insert(class, (self.bytes.len() + self.base + RAISED) as u32);
                self.u32(u32::MAX).raw(class.as_bytes()).u8(0);
            }
        }
        object(self);
        self.count(at);
        (at + self.base + RAISED) as u32
    }

    /// TObject.
    pub(super) fn tobject(&mut self) -> &mut Self {
        self.u16(1).u32(0).u32(0)
    }

    /// TNamed.
    pub(super) fn named(&mut self, name: &str, title: &str) -> &mut Self {
        self.object(1, |out| {
            out.tobject().text(name).text(title);
        })
    }

    /// TObjArray; `each` writes the pointers.
    pub(super) fn array(&mut self, number: usize, each: impl FnOnce(&mut Self)) -> &mut Self {
        self.object(3, |out| {
            out.tobject().text("").i32(number as i32).i32(0);
            each(out);
        })
    }

    /// TAttLine, TAttFill and TAttMarker as ROOT has them at first.
    pub(super) fn attributes(&mut self) -> &mut Self {
        self.object(2, |out| {
            out.u16(602).u16(1).u16(1);
        });
        self.fill();
        self.object(2, |out| {
            out.u16(1).u16(1).f32(1.0);
        })
    }

    /// TAttFill.
    pub(super) fn fill(&mut self) -> &mut Self {
        self.object(2, |out| {
            out.u16(0).u16(1001);
        })
    }

    /// TArrayD.
    pub(super) fn doubles(&mut self, values: &[f64]) -> &mut Self {
        self.i32(values.len() as i32);
        values.iter().for_each(|value| {
            self.f64(*value);
        });
        self
    }
}
