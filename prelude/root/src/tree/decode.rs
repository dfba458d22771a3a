//! The bytes of a basket as rows of a column.

use super::basket::Basket;
use super::layout::Layout;
use super::leaves;
use super::plan::{How, Planned};
use crate::columns::{Prim, Text, Values};
use crate::error::{Error, Result};
use crate::stream::Cursor;

/// All rows of a basket. `counts` gives the numbers of values of its entries where the basket does not say them.
pub(super) fn basket(
    column: &Planned,
    basket: &Basket,
    counts: &dyn Fn(usize) -> Result<Vec<usize>>,
) -> Result<Values> {
    match &column.how {
        // Values of one size are put into their places by `slots`.
        How::Flat { .. } => Err(Error::unknown("values of one size")),
        How::Counted { prim, inner, count } => counted(column, *prim, *inner, *count, basket, counts),
        How::Behind { prim, skip, count } => behind(column, *prim, *skip, *count, basket, counts),
        How::Text => texts(basket),
        How::Leaves { parts, wanted } => {
            bytes_for_all(basket)?;
            let (offsets, values) = leaves::decode(parts, *wanted, basket, counts)?;
            Ok(arranged(&column.of, offsets, values))
        }
        How::Entry(layout) => entries(column, layout, basket),
    }
}

/// Fills a slot with the rows of a basket from row `from`.
pub(super) fn slots(
    prim: Prim,
    number: usize,
    offset: usize,
    stride: usize,
    basket: &Basket,
    from: usize,
    slot: crate::columns::Slot,
) -> Result<()> {
    let need = (basket.entries as usize).checked_mul(stride);
    if need != Some(basket.data.len()) {
        let text = format!("{} entries of {stride} bytes in {} bytes", basket.entries, basket.data.len());
        return Err(Error::damaged(text));
    }
    let bytes = &basket.data[from * stride..];
    if number == 1 || stride == number * prim.width() {
        let stride = if number == 1 { stride } else { prim.width() };
        prim.fill(bytes, offset, stride, slot);
        return Ok(());
    }
    // Arrays among other leaves: one entry after another.
    let mut slot = slot;
    for entry in bytes.chunks_exact(stride) {
        let (one, rest) = slot.split(number);
        prim.fill(&entry[offset..offset + number * prim.width()], 0, prim.width(), one);
        slot = rest;
    }
    Ok(())
}

fn counted(
    column: &Planned,
    prim: Prim,
    inner: usize,
    count: Option<usize>,
    basket: &Basket,
    counts: &dyn Fn(usize) -> Result<Vec<usize>>,
) -> Result<Values> {
    let each = prim.width() * inner;
    // Without a table nothing says yet that there are so many entries.
    let mut offsets = Vec::with_capacity(basket.starts.as_ref().map_or(1, Vec::len));
    offsets.push(0);
    match (&basket.starts, count) {
        (Some(starts), _) => {
            if starts[0] != 0 || starts.iter().any(|start| !(*start as usize).is_multiple_of(each)) {
                return Err(Error::damaged(format!("entries whose bytes are not whole values of {each} bytes")));
            }
            offsets.extend(starts[1..].iter().map(|start| i64::from(*start) / each as i64));
        }
        (None, Some(leaf)) => {
            let counts = counts(leaf)?;
            let mut end = 0i64;
            offsets.extend(counts.iter().map(|count| {
                end = end.saturating_add(*count as i64);
                end
            }));
        }
        (None, None) => return Err(Error::unknown("entries of several sizes and nothing that says where each begins")),
    }
    let number = basket.data.len() / each;
    if offsets.last() != Some(&(number as i64))
        || offsets.len() as u64 != basket.entries + 1
        || !basket.data.len().is_multiple_of(each)
    {
        let text = format!("{} bytes of values where the counts of the entries say another number", basket.data.len());
        return Err(Error::damaged(text));
    }
    Ok(listed(column, offsets, number, |values| prim.append(basket.data, 0, values), prim, inner))
}

/// A list column of numbers, or of fixed arrays of numbers.
fn listed(
    column: &Planned,
    offsets: Vec<i64>,
    number: usize,
    fill: impl FnOnce(&mut Values),
    prim: Prim,
    inner: usize,
) -> Values {
    let mut flat = Values::with_capacity(&prim.of(), number * inner);
    fill(&mut flat);
    match &column.of {
        of @ crate::columns::Type::List(_) => arranged(of, offsets, flat),
        _ => Values::List { offsets, values: Box::new(flat) },
    }
}

/// Numbers as rows of a type; of a list, the ends of the rows are needed.
fn arranged(of: &crate::columns::Type, offsets: Vec<i64>, flat: Values) -> Values {
    match of {
        crate::columns::Type::List(of) => Values::List { offsets, values: Box::new(nested(of, flat)) },
        of => nested(of, flat),
    }
}

/// Numbers as fixed arrays of a type.
fn nested(of: &crate::columns::Type, flat: Values) -> Values {
    let crate::columns::Type::Fixed(inner, size) = of else { return flat };
    let values = nested(inner, flat);
    Values::Fixed { size: *size, rows: values.len() / size, values: Box::new(values) }
}

/// Bytes of the header of a collection: count, version, size.
const COLLECTION: usize = 10;

fn behind(
    column: &Planned,
    prim: Prim,
    skip: usize,
    count: Option<usize>,
    basket: &Basket,
    counts: &dyn Fn(usize) -> Result<Vec<usize>>,
) -> Result<Values> {
    let width = prim.width();
    let computed;
    let starts = match &basket.starts {
        Some(starts) => starts,
        None if skip == COLLECTION => {
            computed = collections(basket, width)?;
            &computed
        }
        None => {
            let leaf = count.ok_or_else(|| Error::unknown("entries of several sizes and nothing that counts them"))?;
            computed = sums(&counts(leaf)?, skip, width);
            &computed
        }
    };
    let wrong = |row: usize| Error::damaged(format!("entry {row} of the basket has not the bytes that it says"));
    if starts.len() as u64 != basket.entries + 1 || starts.last().is_none_or(|end| *end as usize > basket.data.len()) {
        return Err(wrong(0));
    }
    let mut offsets = Vec::with_capacity(starts.len());
    offsets.push(0);
    let mut flat = Values::with_capacity(&prim.of(), basket.data.len() / width);
    let mut total = 0;
    for (row, pair) in starts.windows(2).enumerate() {
        let entry = &basket.data[pair[0] as usize..pair[1] as usize];
        let numbers = numbers(entry, skip, width).ok_or_else(|| wrong(row))?;
        prim.append(numbers, 0, &mut flat);
        total += numbers.len() / width;
        offsets.push(total as i64);
    }
    Ok(listed(column, offsets, total, |values| *values = flat, prim, 1))
}

/// The numbers of an entry, behind its header; none when it has other bytes than it says.
#[inline]
fn numbers(entry: &[u8], skip: usize, width: usize) -> Option<&[u8]> {
    let numbers = match entry.get(skip..) {
        Some(numbers) => numbers,
        None if entry.is_empty() && skip == 1 => entry,
        None => return None,
    };
    let fits = if skip == COLLECTION {
        let said = u32::from_be_bytes([entry[6], entry[7], entry[8], entry[9]]) as usize;
        said.checked_mul(width) == Some(numbers.len())
    } else {
        numbers.len() % width == 0
    };
    fits.then_some(numbers)
}

/// Where collections of numbers begin that follow one another.
fn collections(basket: &Basket, width: usize) -> Result<Vec<u32>> {
    bytes_for_all(basket)?;
    let mut cursor = Cursor::new(basket.data);
    let mut starts = vec![0];
    for _ in 0..basket.entries {
        cursor.skip(6)?;
        let number = cursor.count(width, "a collection")?;
        cursor.skip(number * width)?;
        starts.push(cursor.at() as u32);
    }
    Ok(starts)
}

fn sums(counts: &[usize], skip: usize, width: usize) -> Vec<u32> {
    let mut end = 0usize;
    let next = |count: &usize| {
        end = end.saturating_add(count.saturating_mul(width).saturating_add(skip));
        u32::try_from(end).unwrap_or(u32::MAX)
    };
    std::iter::once(0).chain(counts.iter().map(next)).collect::<Vec<_>>()
}

/// Texts of a TLeafC. An empty one may have no byte: only the offsets say so.
fn texts(basket: &Basket) -> Result<Values> {
    bytes_for_all(basket)?;
    let mut text = Text { offsets: Vec::with_capacity(basket.entries as usize + 1), bytes: Vec::new() };
    text.offsets.push(0);
    let mut cursor = Cursor::new(basket.data);
    for row in 0..basket.entries as usize {
        if let Some(starts) = &basket.starts {
            if starts[row] == starts[row + 1] {
                text.offsets.push(text.bytes.len() as i64);
                continue;
            }
            cursor.back(starts[row] as usize);
        }
        text.bytes.extend_from_slice(cursor.text_bytes()?);
        text.offsets.push(text.bytes.len() as i64);
    }
    Ok(Values::Text(text))
}

/// Entries of which no table says where they begin have at least a byte each.
fn bytes_for_all(basket: &Basket) -> Result<()> {
    if basket.starts.is_none() && basket.entries > basket.data.len() as u64 {
        return Err(Error::damaged(format!("{} entries in {} bytes", basket.entries, basket.data.len())));
    }
    Ok(())
}

fn entries(column: &Planned, layout: &Layout, basket: &Basket) -> Result<Values> {
    bytes_for_all(basket)?;
    let mut values = Values::with_capacity(&column.of, basket.entries as usize);
    let mut cursor = Cursor::new(basket.data);
    for row in 0..basket.entries as usize {
        let place = |error: Error| Error::damaged(format!("entry {row} of the basket: {}", error.kind));
        let Some(starts) = &basket.starts else {
            layout.decode(&mut cursor, Some(&mut values)).map_err(place)?;
            continue;
        };
        let entry = &basket.data[starts[row] as usize..starts[row + 1] as usize];
        let mut cursor = Cursor::new(entry);
        layout.decode(&mut cursor, Some(&mut values)).map_err(place)?;
        if cursor.left() > 0 {
            let text = format!("entry {row} of the basket has {} bytes more than its type says", cursor.left());
            return Err(Error::damaged(text));
        }
    }
    if basket.starts.is_none() && cursor.left() > 0 {
        return Err(Error::damaged(format!("the basket has {} bytes more than its entries", cursor.left())));
    }
    Ok(values)
}
