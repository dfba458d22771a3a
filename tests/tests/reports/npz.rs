//! Columns of integers in NumPy's `.npz` files, as `np.savez` writes them: a zip file whose members are not compressed.

use std::path::Path;

/// The column `name` of a file.
pub(super) fn column(file: &Path, name: &str) -> Result<Vec<i64>, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let found = member(&bytes, &format!("{name}.npy")).and_then(array);
    found.ok_or_else(|| format!("{}: no column {name} of integers that is stored plainly", file.display()))
}

fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte)))
}

/// The bytes of a stored member, found by the directory at the end.
fn member<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let end = bytes.windows(4).rposition(|four| four == b"PK\x05\x06")?;
    let mut at = number(bytes, end + 16, 4)?;
    while bytes.get(at..at + 4)? == b"PK\x01\x02" {
        let (method, size, local) =
            (number(bytes, at + 10, 2)?, number(bytes, at + 24, 4)?, number(bytes, at + 42, 4)?);
        let (names, extra, comment) =
            (number(bytes, at + 28, 2)?, number(bytes, at + 30, 2)?, number(bytes, at + 32, 2)?);
        if bytes.get(at + 46..at + 46 + names)? == name.as_bytes() {
            let start = local + 30 + number(bytes, local + 26, 2)? + number(bytes, local + 28, 2)?;
            return if method == 0 { bytes.get(start..start + size) } else { None };
        }
        at += 46 + names + extra + comment;
    }
    None
}

/// The values of a `.npy` file of one dimension.
fn array(bytes: &[u8]) -> Option<Vec<i64>> {
    let start = 10 + number(bytes, 8, 2)?;
    let head = std::str::from_utf8(bytes.get(10..start)?).ok()?;
    let kind = head.split("'descr': '").nth(1)?.split('\'').next()?;
    let width: usize = kind.get(2..)?.parse().ok()?;
    let signed = match kind.get(1..2)? {
        "i" => true,
        "u" | "b" => false,
        _ => return None,
    };
    let values = bytes.get(start..)?.chunks_exact(width);
    Some(values.map(|bytes| widened(bytes, signed)).collect())
}

fn widened(bytes: &[u8], signed: bool) -> i64 {
    let negative = signed && bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    i64::from_le_bytes(wide)
}
