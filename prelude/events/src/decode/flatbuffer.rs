//! Just enough of flatbuffers to read DV files: every offset is checked before it is followed.

/// A table in a buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'b> {
    bytes: &'b [u8],
    at: usize,
    vtable: usize,
    vtable_len: usize,
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.first_chunk::<N>().copied()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(number(bytes, at)?) as usize)
}

impl<'b> Table<'b> {
    /// The root table of a buffer, when its identifier is `id`.
    pub(crate) fn root(bytes: &'b [u8], id: &[u8; 4]) -> Option<Self> {
        if number::<4>(bytes, 4)? != *id {
            return None;
        }
        Self::at(bytes, u32_at(bytes, 0)?)
    }

    /// The root table of a buffer that starts with its own size.
    pub(crate) fn sized_root(bytes: &'b [u8], id: &[u8; 4]) -> Option<Self> {
        Self::root(bytes.get(4..)?, id)
    }

    fn at(bytes: &'b [u8], at: usize) -> Option<Self> {
        let back = i32::from_le_bytes(number(bytes, at)?);
        let vtable = usize::try_from(i64::try_from(at).ok()? - i64::from(back)).ok()?;
        let vtable_len = usize::from(u16::from_le_bytes(number(bytes, vtable)?));
        Some(Self { bytes, at, vtable, vtable_len })
    }

    /// Where field `field` is; `None` when the table does not have it.
    fn field(&self, field: usize) -> Option<usize> {
        let entry = 4 + field * 2;
        if entry + 2 > self.vtable_len {
            return None;
        }
        let offset = usize::from(u16::from_le_bytes(number(self.bytes, self.vtable + entry)?));
        (offset != 0).then_some(self.at + offset)
    }

    pub(crate) fn i32(&self, field: usize) -> Option<i32> {
        Some(i32::from_le_bytes(number(self.bytes, self.field(field)?)?))
    }

    pub(crate) fn i64(&self, field: usize) -> Option<i64> {
        Some(i64::from_le_bytes(number(self.bytes, self.field(field)?)?))
    }

    pub(crate) fn i8(&self, field: usize) -> Option<i8> {
        Some(i8::from_le_bytes(number(self.bytes, self.field(field)?)?))
    }

    /// Two numbers of 32 bits stored in place.
    pub(crate) fn pair(&self, field: usize) -> Option<(i32, i32)> {
        let at = self.field(field)?;
        Some((i32::from_le_bytes(number(self.bytes, at)?), i32::from_le_bytes(number(self.bytes, at + 4)?)))
    }

    pub(crate) fn text(&self, field: usize) -> Option<&'b str> {
        std::str::from_utf8(self.structs(field, 1)?).ok()
    }

    /// The bytes of a vector of structs of `size` bytes.
    pub(crate) fn structs(&self, field: usize, size: usize) -> Option<&'b [u8]> {
        let (start, count) = self.vector(field)?;
        self.bytes.get(start..start.checked_add(count.checked_mul(size)?)?)
    }

    /// The tables of a vector of tables.
    pub(crate) fn tables(&self, field: usize) -> Option<Vec<Table<'b>>> {
        let (start, count) = self.vector(field)?;
        // A count that the buffer cannot hold must not reserve memory.
        if count > self.bytes.len() / 4 {
            return None;
        }
        (0..count)
            .map(|k| Self::at(self.bytes, (start + k * 4).checked_add(u32_at(self.bytes, start + k * 4)?)?))
            .collect()
    }

    fn vector(&self, field: usize) -> Option<(usize, usize)> {
        let at = self.field(field)?;
        let vector = at.checked_add(u32_at(self.bytes, at)?)?;
        Some((vector + 4, u32_at(self.bytes, vector)?))
    }
}
