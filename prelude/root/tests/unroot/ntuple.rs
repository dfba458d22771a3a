//! Ntuples, as UnROOT.jl reads them.

use super::io::{Key, unpack};
use xxhash_rust::xxh3::xxh3_64;

/// Little-endian numbers.
struct Little<'a> {
    bytes: &'a [u8],
    at: usize,
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {
        $(fn $name(&mut self) -> $type {
            <$type>::from_le_bytes(self.take(size_of::<$type>()).try_into().expect("bytes of a number"))
        })*
    };
}

impl<'a> Little<'a> {
    fn take(&mut self, bytes: usize) -> &'a [u8] {
        self.at += bytes;
        &self.bytes[self.at - bytes..self.at]
    }

    numbers!(u16: u16, u32: u32, i32: i32, u64: u64, i64: i64);

    fn text(&mut self) -> String {
        let length = self.u32() as usize;
        String::from_utf8(self.take(length).to_vec()).expect("UTF-8")
    }

    /// A list of frames; `each` reads the inside of one.
    fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> T) -> Vec<T> {
        self.plain(|little| {
            let start = little.at;
            let size = little.i64();
            assert!(size >= 0, "a record is no list");
            let found = each(little);
            little.at = start + size as usize;
            found
        })
    }

    /// A list whose items have no frames of their own.
    fn plain<T>(&mut self, mut each: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let start = self.at;
        let size = self.i64();
        assert!(size < 0, "a list says that it is one by its sign");
        let number = self.i32();
        let found = (0..number).map(|_| each(self)).collect();
        self.at = start + size.unsigned_abs() as usize;
        found
    }

    /// Size and position; only the plain kind is known.
    fn locator(&mut self) -> (usize, usize) {
        let (size, at) = (self.i32(), self.u64());
        (usize::try_from(size).expect("a plain locator"), at as usize)
    }
}

/// A field: its parent, role, name, type and elements of a fixed array.
pub struct Field {
    pub parent: u32,
    pub role: u16,
    pub name: String,
    pub type_name: String,
    pub repetition: i64,
}

/// A column: its type, bits and field.
pub struct Column {
    pub kind: u16,
    pub bits: u16,
    pub field: u32,
}

pub struct Ntuple {
    pub fields: Vec<Field>,
    pub columns: Vec<Column>,
    /// Rows and the elements of each column, as their bytes in little-endian order, of every cluster.
    pub clusters: Vec<(i64, Vec<Vec<u8>>)>,
}

/// The inside of an envelope whose checksum fits, and the checksum.
fn envelope(bytes: &[u8]) -> (Little<'_>, u64) {
    let (inside, sum) = bytes.split_at(bytes.len() - 8);
    let sum = u64::from_le_bytes(sum.try_into().expect("eight bytes"));
    assert_eq!(xxh3_64(inside), sum, "Envelope checksum doesn't match");
    (Little { bytes: inside, at: 8 }, sum)
}

pub fn read(file: &[u8], key: &Key) -> Ntuple {
    let bytes = key.unpacked(file);
    let fields = &bytes[6..6 + 64];
    assert_eq!(xxh3_64(fields).to_be_bytes(), bytes[70..78], "RNtuple anchor checksum doesn't match");
    let number = |at: usize| u64::from_be_bytes(fields[8 + 8 * at..][..8].try_into().expect("eight bytes")) as usize;
    assert_eq!((fields[1], fields[3]), (1, 0), "version 1.0 of the format");
    let blob = |at: usize| unpack(&file[number(at)..number(at) + number(at + 1)], number(at + 2));
    let (header, footer) = (blob(0), blob(3));
    let (mut little, sum) = envelope(&header);
    little.u64();
    (0..3).for_each(|_| drop(little.text()));
    let (mut fields, mut columns) = schema(&mut little);
    let (mut little, _) = envelope(&footer);
    little.u64();
    assert_eq!(little.u64(), sum, "header and footer don't go together");
    let (start, size) = (little.at, little.i64());
    assert!(size >= 0);
    let (more, others) = schema(&mut little);
    little.at = start + size as usize;
    fields.extend(more);
    columns.extend(others);
    let groups = little.list(|little| {
        little.take(8 + 8 + 4);
        let plain = little.u64() as usize;
        let (stored, at) = little.locator();
        unpack(&file[at..at + stored], plain)
    });
    let clusters = groups.iter().flat_map(|pages| clusters(file, pages, sum, &columns)).collect();
    Ntuple { fields, columns, clusters }
}

fn schema(little: &mut Little) -> (Vec<Field>, Vec<Column>) {
    let fields = little.list(|little| {
        little.u64();
        let (parent, role, flags) = (little.u32(), little.u16(), little.u16());
        let (name, type_name) = (little.text(), little.text());
        little.text();
        little.text();
        let repetition = if flags & 1 != 0 { little.i64() } else { 0 };
        Field { parent, role, name, type_name, repetition }
    });
    let columns = little.list(|little| {
        let (kind, bits, field) = (little.u16(), little.u16(), little.u32());
        assert_eq!((little.u16(), little.u16()), (0, 0), "no flags and one representation");
        Column { kind, bits, field }
    });
    assert!(little.list(|_| ()).is_empty() && little.list(|_| ()).is_empty(), "aliases, or more about types");
    (fields, columns)
}

fn clusters(file: &[u8], pages: &[u8], header: u64, columns: &[Column]) -> Vec<(i64, Vec<Vec<u8>>)> {
    let (mut little, _) = envelope(pages);
    assert_eq!(little.u64(), header);
    let rows = little.list(|little| {
        little.i64();
        little.i64()
    });
    let elements = little.plain(|little| {
        let mut at = 0;
        little.plain(|little| {
            let column = &columns[at];
            at += 1;
            let pages = little.plain(|little| (little.i32(), little.locator()));
            elements(file, column, &pages)
        })
    });
    rows.into_iter().zip(elements).collect()
}

/// The elements of a column in a cluster.
fn elements(file: &[u8], column: &Column, pages: &[(i32, (usize, usize))]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, (number, (stored, seek))) in pages.iter().enumerate() {
        assert!(*number < 0, "Pages without checksum (positive num_elements) are not supported");
        let number = number.unsigned_abs() as usize;
        // Bits of several pages are put together byte by byte.
        assert!(
            column.bits != 1 || number.is_multiple_of(8) || at + 1 == pages.len(),
            "a page that ends within a byte"
        );
        let size = (number * usize::from(column.bits)).div_ceil(8);
        let stored = &file[*seek..*seek + *stored];
        // What has the size of the page is not packed.
        let plain = unpack(stored, size);
        out.extend(decoded(column, &plain, number));
    }
    out
}

/// Planes put together, and integers unfolded.
fn decoded(column: &Column, plain: &[u8], number: usize) -> Vec<u8> {
    let width = usize::from(column.bits) / 8;
    let (split, zigzag, delta) = (
        matches!(column.kind, 0x11..=0x1b),
        matches!(column.kind, 0x11 | 0x13 | 0x15),
        matches!(column.kind, 0x1a | 0x1b),
    );
    assert!(column.kind <= 0x0f || split, "a column of type {:#x}", column.kind);
    if !split {
        return plain.to_vec();
    }
    let mut before = 0u64;
    let mut out = Vec::with_capacity(plain.len());
    for at in 0..number {
        let mut value =
            (0..width).fold(0u64, |value, plane| value | u64::from(plain[plane * number + at]) << (8 * plane));
        if delta {
            before = before.wrapping_add(value);
            value = before;
        } else if zigzag {
            value = value >> 1 ^ (value & 1).wrapping_neg();
        }
        out.extend(&value.to_le_bytes()[..width]);
    }
    out
}
