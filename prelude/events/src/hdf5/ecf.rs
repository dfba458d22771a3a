//! ECF, the chunk codec of Prophesee HDF5 files: times as nibbles, then places packed or as runs.

/// Bytes of a row: x u16 at 0, y u16 at 2, polarity i16 at 4, t i64 at 8.
pub(crate) const ROW: usize = 16;
/// No encoder writes more events into one chunk.
const MOST: usize = 65535;

/// The cells of a row.
pub(crate) fn row(row: &[u8]) -> (u16, u16, i8, i64) {
    let two = |at: usize| u16::from_le_bytes([row[at], row[at + 1]]);
    let t = row[8..].first_chunk::<8>().map_or(0, |raw| i64::from_le_bytes(*raw));
    (two(0), two(2), i8::from(two(4) != 0), t)
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let raw = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        let raw = raw.ok_or_else(|| format!("an ECF chunk that is cut {} bytes in", self.bytes.len()))?;
        self.at += N;
        Ok(*raw)
    }

    fn u8(&mut self) -> Result<u8, String> {
        Ok(self.take::<1>()?[0])
    }

    fn u16(&mut self) -> Result<u16, String> {
        Ok(u16::from_le_bytes(self.take()?))
    }

    fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.take()?))
    }
}

/// Unpacks a chunk to rows of [`ROW`] bytes.
pub(crate) fn decode(chunk: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let mut reader = Reader { bytes: chunk, at: 0 };
    let head = reader.u32()?;
    let (count, flags) = ((head >> 2) as usize, head & 3);
    if count > MOST {
        return Err(format!("an ECF chunk of {count} events, at most {MOST} are possible"));
    }
    let from = out.len();
    out.resize(from + count * ROW, 0);
    if count == 0 {
        return Ok(());
    }
    let rows = &mut out[from..];
    times(&mut reader, rows)?;
    if flags & 2 != 0 {
        return packed_places(&mut reader, rows);
    }
    runs_of_y(&mut reader, rows)?;
    if flags & 1 != 0 {
        return packed_x(&mut reader, rows);
    }
    masks_of_x(&mut reader, rows)?;
    runs_of_polarity(&mut reader, rows)
}

fn set_u16(row: &mut [u8], at: usize, value: u16) {
    row[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

/// A start, then bytes of two nibbles: a step and how often it repeats; `F` as step gathers a long one.
fn times(reader: &mut Reader<'_>, rows: &mut [u8]) -> Result<(), String> {
    let count = rows.len() / ROW;
    let mut t = u64::from_le_bytes(reader.take()?);
    let mut done = 0;
    while done < count {
        let byte = reader.u8()?;
        if byte >> 4 == 0xF {
            let (mut step, mut shift, mut byte) = (0u64, 0, byte);
            loop {
                step |= u64::from(byte & 15).checked_shl(shift).unwrap_or(0);
                shift += 4;
                match reader.bytes.get(reader.at) {
                    Some(next) if next >> 4 == 0xF && shift < 64 => byte = reader.u8()?,
                    _ => break,
                }
            }
            t = t.wrapping_add(step);
            continue;
        }
        t = t.wrapping_add(u64::from(byte >> 4));
        let repeat = match byte & 15 {
            15 => usize::from(reader.u16()?),
            few => usize::from(few),
        };
        if repeat > count - done {
            return Err(format!("an ECF chunk with times for {} events, it has {count}", done + repeat));
        }
        for row in rows[done * ROW..(done + repeat) * ROW].chunks_exact_mut(ROW) {
            row[8..].copy_from_slice(&t.to_le_bytes());
        }
        done += repeat;
    }
    Ok(())
}

/// Four events of 24 bits in three words of 32.
fn packed_places(reader: &mut Reader<'_>, rows: &mut [u8]) -> Result<(), String> {
    for group in rows.chunks_mut(4 * ROW) {
        let (a, b, c) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let four = [a >> 8, (a & 0xFF) | (b >> 16) << 8, (b & 0xFFFF) | (c >> 24) << 16, c & 0xFF_FFFF];
        for (row, place) in group.chunks_exact_mut(ROW).zip(four) {
            set_u16(row, 0, ((place >> 1) & 0x7FF) as u16);
            set_u16(row, 2, ((place >> 12) & 0xFFF) as u16);
            set_u16(row, 4, (place & 1) as u16);
        }
    }
    Ok(())
}

fn runs_of_y(reader: &mut Reader<'_>, rows: &mut [u8]) -> Result<(), String> {
    let count = rows.len() / ROW;
    let mut done = 0;
    while done < count {
        let word = reader.u16()?;
        let repeat = match word & 31 {
            31 => usize::from(reader.u16()?),
            few => usize::from(few),
        };
        if repeat == 0 || repeat > count - done {
            return Err(format!("an ECF chunk with a run of {repeat} rows where {} are left", count - done));
        }
        for row in rows[done * ROW..(done + repeat) * ROW].chunks_exact_mut(ROW) {
            set_u16(row, 2, word >> 5);
        }
        done += repeat;
    }
    Ok(())
}

/// Four events of 12 bits in three words of 16.
fn packed_x(reader: &mut Reader<'_>, rows: &mut [u8]) -> Result<(), String> {
    for group in rows.chunks_mut(4 * ROW) {
        let (a, b, c) = (reader.u16()?, reader.u16()?, reader.u16()?);
        let four = [a >> 4, (a & 15) | (b >> 8) << 4, (b & 0xFF) | (c >> 12) << 8, c & 0xFFF];
        for (row, place) in group.chunks_exact_mut(ROW).zip(four) {
            set_u16(row, 0, place >> 1);
            set_u16(row, 4, place & 1);
        }
    }
    Ok(())
}

/// A column and a mask of the five after it; the last word may go beyond the chunk.
fn masks_of_x(reader: &mut Reader<'_>, rows: &mut [u8]) -> Result<(), String> {
    let mut left = rows.chunks_exact_mut(ROW);
    while left.len() > 0 {
        let word = reader.u16()?;
        let x = word >> 5;
        for step in 0..=5u16 {
            let set = step == 0 || word >> (5 - step) & 1 == 1;
            if set && let Some(row) = left.next() {
                set_u16(row, 0, x + step);
            }
        }
    }
    Ok(())
}

fn runs_of_polarity(reader: &mut Reader<'_>, rows: &mut [u8]) -> Result<(), String> {
    let count = rows.len() / ROW;
    let mut done = 0;
    while done < count {
        let byte = reader.u8()?;
        let repeat = match byte & 127 {
            127 => usize::from(reader.u16()?),
            few => usize::from(few),
        };
        if repeat == 0 || repeat > count - done {
            return Err(format!("an ECF chunk with a run of {repeat} polarities where {} are left", count - done));
        }
        for row in rows[done * ROW..(done + repeat) * ROW].chunks_exact_mut(ROW) {
            set_u16(row, 4, u16::from(byte >> 7));
        }
        done += repeat;
    }
    Ok(())
}
