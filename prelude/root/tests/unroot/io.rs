//! A cursor that reads as UnROOT.jl does: an object must use exactly the bytes that it says.

use std::collections::HashMap;

/// Bytes of an object, and the names of the classes by the positions that name them.
pub struct Io<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
    /// Bytes of the key, from whose beginning positions are counted.
    pub key: usize,
    classes: HashMap<u32, String>,
}

/// How an object begins: its version, and where it ends.
pub struct Preamble {
    pub version: u16,
    pub end: Option<usize>,
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {
        $(#[allow(dead_code)]
        pub fn $name(&mut self) -> $type {
            <$type>::from_be_bytes(self.take(size_of::<$type>()).try_into().expect("bytes of a number"))
        })*
    };
}

impl<'a> Io<'a> {
    pub fn new(bytes: &'a [u8], at: usize, key: usize) -> Self {
        Self { bytes, at, key, classes: HashMap::new() }
    }

    pub fn take(&mut self, bytes: usize) -> &'a [u8] {
        let found = &self.bytes[self.at..self.at + bytes];
        self.at += bytes;
        found
    }

    numbers!(u8: u8, i16: i16, u16: u16, i32: i32, u32: u32, i64: i64, f64: f64);

    pub fn text(&mut self) -> String {
        let short = self.u8();
        let length = if short == 255 { self.u32() as usize } else { short.into() };
        String::from_utf8(self.take(length).to_vec()).expect("UTF-8")
    }

    pub fn preamble(&mut self) -> Preamble {
        let start = self.at;
        let (count, version) = (self.u32(), self.u16());
        if count & 0x4000_0000 != 0 {
            return Preamble { version, end: Some(start + 4 + (count & !0x4000_0000) as usize) };
        }
        self.at = start;
        Preamble { version: self.u16(), end: None }
    }

    /// The check at the end of an object.
    pub fn end(&self, preamble: &Preamble, class: &str) {
        assert!(preamble.end.is_none_or(|end| end == self.at), "{class}: {} instead of {:?}", self.at, preamble.end);
    }

    /// An object of a class of which only some versions are known.
    pub fn versioned(&mut self, class: &str, known: &[u16]) -> Preamble {
        let preamble = self.preamble();
        assert!(known.contains(&preamble.version), "Unknown version {} of ROOT type {class}", preamble.version);
        preamble
    }

    pub fn tobject(&mut self) {
        let version = self.u16();
        if version & 0x4000 != 0 {
            self.take(4);
        }
        self.take(4);
        if self.u32() & 16 != 0 {
            self.take(2);
        }
    }

    pub fn named(&mut self) -> (String, String) {
        let preamble = self.versioned("TNamed", &[1]);
        self.tobject();
        let named = (self.text(), self.text());
        self.end(&preamble, "TNamed");
        named
    }

    /// Lines, areas and markers: so many bytes behind their beginning.
    pub fn attributes(&mut self, class: &str, known: &[u16], bytes: usize) {
        let preamble = self.versioned(class, known);
        self.take(bytes);
        self.end(&preamble, class);
    }

    /// A pointer to an object: its class, if the object follows.
    pub fn any(&mut self) -> Option<String> {
        let first = self.u32();
        // A class that is named anew, or one seen before; of others only the position counts.
        let (start, tag) = match first {
            u32::MAX => (self.at - 4, first),
            counted if counted & 0x4000_0000 != 0 => (self.at, self.u32()),
            plain => (self.at - 4, plain),
        };
        if tag & 0x8000_0000 == 0 {
            return None;
        }
        if tag != u32::MAX {
            let class = self.classes.get(&(tag & 0x7fff_ffff));
            return Some(class.expect("Invalid class reference.").clone());
        }
        let length = self.bytes[self.at..].iter().position(|byte| *byte == 0).expect("the end of a name");
        let class = String::from_utf8(self.take(length).to_vec()).expect("UTF-8");
        self.take(1);
        self.classes.insert((start + self.key + 2) as u32, class.clone());
        Some(class)
    }

    /// An array of objects: `each` reads one and gets its class.
    pub fn array(&mut self, mut each: impl FnMut(&mut Self, Option<String>)) {
        let preamble = self.preamble();
        self.tobject();
        self.text();
        let number = self.i32();
        self.i32();
        for _ in 0..number {
            let class = self.any();
            each(self, class);
        }
        self.end(&preamble, "TObjArray");
    }

    /// Numbers behind their count.
    pub fn doubles(&mut self) -> Vec<f64> {
        (0..self.i32()).map(|_| self.f64()).collect()
    }
}

/// The header of a record.
#[derive(Debug, Clone)]
pub struct Key {
    pub size: usize,
    pub object: usize,
    pub header: usize,
    pub seek: usize,
    pub class: String,
    pub name: String,
}

impl Key {
    pub fn read(io: &mut Io) -> Self {
        let size = io.i32() as usize;
        let version = io.i16();
        let object = io.i32() as usize;
        io.u32();
        let header = io.i16() as usize;
        io.i16();
        let wide = version > 1000;
        let mut seek = || if wide { io.i64() as usize } else { io.i32() as usize };
        let (seek, _) = (seek(), seek());
        let (class, name, _) = (io.text(), io.text(), io.text());
        Self { size, object, header, seek, class, name }
    }

    /// The object's bytes.
    pub fn unpacked(&self, file: &[u8]) -> Vec<u8> {
        unpack(&file[self.seek + self.header..self.seek + self.size], self.object)
    }
}

/// Blocks of the four kinds that are known.
pub fn unpack(stored: &[u8], size: usize) -> Vec<u8> {
    if stored.len() == size {
        return stored.to_vec();
    }
    let mut out = Vec::with_capacity(size);
    let mut rest = stored;
    while out.len() < size {
        let three =
            |at: usize| usize::from(rest[at]) | usize::from(rest[at + 1]) << 8 | usize::from(rest[at + 2]) << 16;
        let (packed, plain) = (three(3), three(6));
        let body = &rest[9..9 + packed];
        out.extend(match &rest[..2] {
            b"L4" => lz4::block::decompress(&body[8..], Some(plain as i32)).expect("lz4"),
            b"ZS" => zstd::bulk::decompress(body, plain).expect("zstd"),
            b"ZL" => {
                let mut plain = Vec::new();
                std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(body), &mut plain).expect("zlib");
                plain
            }
            other => panic!("Unsupported compression type {other:?}"),
        });
        rest = &rest[9 + packed..];
    }
    assert_eq!(out.len(), size);
    out
}
