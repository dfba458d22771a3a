//! Footers with words that the library does not know, which it would refuse whole: the words are left out.
//!
//! A logical type only says how stored values are meant, and a sorting column only that they are in order, so the values are
//! read without. Nothing else of the footer changes. Bytes are not trusted: contradictions give `None`.

/// What a struct of the footer is, as far as something in it is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Footer,
    SchemaElement,
    RowGroup,
    Chunk,
    ChunkMetadata,
    Other,
}

/// Structs in structs, and lists of lists, that a footer may have.
const DEPTH: usize = 32;

/// The footer (in Thrift's compact protocol) without logical types newer than `FLOAT16`, without sorting columns, and without
/// lists of pages in the place of another field.
pub(super) fn without_unknown_words(footer: &[u8]) -> Option<Vec<u8>> {
    let mut copy = Copy { bytes: footer, out: Vec::with_capacity(footer.len()) };
    copy.structure(Kind::Footer, DEPTH)?;
    Some(copy.out)
}

/// The kind of the structs in a field.
fn within(kind: Kind, field: i16) -> Kind {
    match (kind, field) {
        (Kind::Footer, 2) => Kind::SchemaElement,
        (Kind::Footer, 4) => Kind::RowGroup,
        (Kind::RowGroup, 1) => Kind::Chunk,
        (Kind::Chunk, 3) => Kind::ChunkMetadata,
        _ => Kind::Other,
    }
}

/// A copy on its way: what is still to be read, and what is written.
struct Copy<'a> {
    bytes: &'a [u8],
    out: Vec<u8>,
}

impl Copy<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for at in 0..10 {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn put_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }

    fn copied(&mut self, count: usize) -> Option<()> {
        let (bytes, rest) = self.bytes.split_at_checked(count)?;
        self.out.extend_from_slice(bytes);
        self.bytes = rest;
        Some(())
    }

    fn structure(&mut self, kind: Kind, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let (mut read, mut written) = (0_i16, 0_i16);
        loop {
            let head = self.byte()?;
            if head == 0 {
                self.out.push(0);
                return Some(());
            }
            let value = head & 0x0f;
            read = match head >> 4 {
                0 => i16::try_from(zigzag(self.varint()?)).ok()?,
                step => read.checked_add(i16::from(step))?,
            };
            let (start, ahead) = (self.out.len(), self.bytes);
            match read.checked_sub(written)? {
                step @ 1..=15 => self.out.push((step as u8) << 4 | value),
                _ => {
                    self.out.push(value);
                    self.put_varint((i64::from(read) << 1 ^ i64::from(read) >> 63) as u64);
                }
            }
            self.value(value, within(kind, read), depth, false)?;
            let left_out = match (kind, read) {
                (Kind::SchemaElement, 10) => !is_known(ahead),
                (Kind::RowGroup, 4) => true,
                // The length of a filter is a number of 32 bits; Dremio has a list of pages there.
                (Kind::ChunkMetadata, 15) => value != 5,
                _ => false,
            };
            if left_out { self.out.truncate(start) } else { written = read }
        }
    }

    /// A value of a type; truths in a list have a byte, those in a struct are in the type.
    fn value(&mut self, value: u8, kind: Kind, depth: usize, listed: bool) -> Option<()> {
        match value {
            1 | 2 => self.copied(usize::from(listed)),
            3 => self.copied(1),
            4..=6 => {
                let number = self.varint()?;
                self.put_varint(number);
                Some(())
            }
            7 => self.copied(8),
            8 => {
                let length = self.varint()?;
                self.put_varint(length);
                self.copied(usize::try_from(length).ok()?)
            }
            9 | 10 => self.list(kind, depth.checked_sub(1)?),
            11 => self.map(kind, depth.checked_sub(1)?),
            12 => self.structure(kind, depth),
            16.. | 0 | 13..=15 => None,
        }
    }

    fn list(&mut self, kind: Kind, depth: usize) -> Option<()> {
        let head = self.byte()?;
        self.out.push(head);
        let count = match head >> 4 {
            15 => {
                let count = self.varint()?;
                self.put_varint(count);
                count
            }
            count => count.into(),
        };
        // Every element has a byte at least.
        (count <= self.bytes.len() as u64).then_some(())?;
        (0..count).try_for_each(|_| self.value(head & 0x0f, kind, depth, true))
    }

    fn map(&mut self, kind: Kind, depth: usize) -> Option<()> {
        let count = self.varint()?;
        self.put_varint(count);
        if count == 0 {
            return Some(());
        }
        let types = self.byte()?;
        self.out.push(types);
        (count <= self.bytes.len() as u64).then_some(())?;
        (0..count).try_for_each(|_| {
            self.value(types >> 4, kind, depth, true)?;
            self.value(types & 0x0f, kind, depth, true)
        })
    }
}

/// Whether the union of logical types that begins here is of a type that the library knows.
fn is_known(union: &[u8]) -> bool {
    union.first().is_some_and(|head| head & 0x0f == 12 && matches!(head >> 4, 1..=8 | 10..=15))
}

fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::without_unknown_words;

    /// Schema elements of a footer, each a name (field 4) and, where there is one, a logical type (field 10).
    fn footer(elements: &[(&[u8], Option<u8>)]) -> Vec<u8> {
        let mut bytes = vec![0x15, 0x02, 0x19, (elements.len() as u8) << 4 | 12];
        for (name, logical) in elements {
            bytes.extend([0x48, name.len() as u8]);
            bytes.extend(*name);
            if let Some(field) = logical {
                // A long form for fields above 15.
                let head = if *field < 16 { vec![field << 4 | 12] } else { vec![12, field * 2] };
                bytes.push(0x6c);
                bytes.extend(head);
                bytes.extend([0, 0]);
            }
            bytes.push(0);
        }
        bytes.extend([0x16, 0x06, 0]);
        bytes
    }

    #[test]
    fn only_unknown_logical_types_are_left_out() {
        let known = footer(&[(b"a", Some(1)), (b"b", None), (b"c", Some(15))]);
        assert_eq!(without_unknown_words(&known), Some(known));
        let unknown = footer(&[(b"a", Some(1)), (b"b", Some(17))]);
        assert_eq!(without_unknown_words(&unknown), Some(footer(&[(b"a", Some(1)), (b"b", None)])));
    }

    #[test]
    fn sorting_columns_are_left_out_and_what_follows_stays() {
        // A row group: field 2 (i64), 4 (a list of structs), 5 (i64).
        let with = [0x49, 0x1c, 0x26, 2, 0x29, 0x1c, 0x15, 2, 0, 0x16, 4, 0, 0];
        let without = [0x49, 0x1c, 0x26, 2, 0x36, 4, 0, 0];
        assert_eq!(without_unknown_words(&with), Some(without.to_vec()));
    }

    #[test]
    fn bytes_that_do_not_fit_together_are_refused() {
        let whole = footer(&[(b"a", Some(1)), (b"b", Some(17))]);
        for end in 0..whole.len() {
            assert_eq!(without_unknown_words(&whole[..end]), None, "cut at {end}");
        }
        assert_eq!(without_unknown_words(&[0x1c; 4_000]), None, "too deep");
        assert_eq!(without_unknown_words(&[0x19, 0xf5, 0xff, 0xff, 0xff, 0x7f]), None, "more than there is");
    }
}
