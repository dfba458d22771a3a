//! Several leaves in one branch, some of which have as many values in an entry as another leaf says: `n/I:x[n]/F`. Their
//! values follow one another without gaps.

use super::basket::Basket;
use super::record::Leaf;
use crate::columns::{Prim, Values};
use crate::error::{Error, Result};
use crate::stream::Cursor;
use std::collections::HashMap;

/// A leaf among others.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    prim: Prim,
    /// Values, or values for each that is counted.
    number: usize,
    count: Option<Count>,
}

/// What says how many values there are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Count {
    /// A leaf before it in the same branch.
    Before(usize),
    /// A leaf of another branch.
    Elsewhere(usize),
}

/// The parts of an entry: with each leaf come its number type and its fixed dimensions.
pub(super) fn parts(
    numbers: &[usize],
    leaves: &[(&Leaf, Prim, Vec<usize>, usize)],
) -> Result<Vec<Part>, (String, String)> {
    let mut parts = Vec::new();
    for (at, (leaf, prim, dimensions, _)) in leaves.iter().enumerate() {
        let count = leaf.count.map(|count| match numbers.iter().position(|number| *number == count) {
            Some(before) if before < at && leaves[before].0.count.is_none() && leaves[before].2.is_empty() => {
                Ok(Count::Before(before))
            }
            Some(_) => {
                let text = format!("its leaf `{}` is counted by a leaf that does not stand before it", leaf.name);
                Err((leaf.class.clone(), text))
            }
            None => Ok(Count::Elsewhere(count)),
        });
        parts.push(Part { prim: *prim, number: dimensions.iter().product(), count: count.transpose()? });
    }
    Ok(parts)
}

/// The leaves of other branches that count some of the parts.
pub(super) fn counts(parts: &[Part]) -> Vec<usize> {
    let elsewhere = |part: &Part| match part.count {
        Some(Count::Elsewhere(leaf)) => Some(leaf),
        Some(Count::Before(_)) | None => None,
    };
    let mut leaves: Vec<usize> = parts.iter().filter_map(elsewhere).collect();
    leaves.sort_unstable();
    leaves.dedup();
    leaves
}

/// The number type of a part that is there once, when no part needs the counts of another branch.
pub(super) fn alone(parts: &[Part], wanted: usize) -> Option<Prim> {
    let part = parts.get(wanted).filter(|part| part.count.is_none() && part.number == 1)?;
    counts(parts).is_empty().then_some(part.prim)
}

/// The values of one leaf in all entries of a basket, and where those of each entry end. `counts` gives what leaves of other
/// branches count.
pub(super) fn decode(
    parts: &[Part],
    wanted: usize,
    basket: &Basket,
    counts: &dyn Fn(usize) -> Result<Vec<usize>>,
) -> Result<(Vec<i64>, Values)> {
    let mut elsewhere = HashMap::new();
    for leaf in self::counts(parts) {
        elsewhere.insert(leaf, counts(leaf)?);
    }
    let part = &parts[wanted];
    let mut values = Values::empty(&part.prim.of());
    let mut offsets = vec![0];
    let mut cursor = Cursor::new(basket.data);
    for row in 0..basket.entries as usize {
        let place = |error: Error| Error::damaged(format!("entry {row} of the basket: {}", error.kind));
        let counted = |leaf: usize| elsewhere.get(&leaf).and_then(|all| all.get(row)).copied();
        let bytes = entry(parts, wanted, &mut cursor, counted).map_err(place)?;
        part.prim.append(bytes, 0, &mut values);
        offsets.push((values.len() / part.number) as i64);
        let said = basket.starts.as_ref().map_or(cursor.at(), |starts| starts[row + 1] as usize);
        if said != cursor.at() {
            let text = format!("entry {row} of the basket ends at byte {said}, and its leaves at {}", cursor.at());
            return Err(Error::damaged(text));
        }
    }
    if cursor.left() > 0 {
        return Err(Error::damaged(format!("the basket has {} bytes more than its entries", cursor.left())));
    }
    Ok((offsets, values))
}

/// Goes over an entry and gives the bytes of one of its leaves.
fn entry<'a>(
    parts: &[Part],
    wanted: usize,
    cursor: &mut Cursor<'a>,
    counted: impl Fn(usize) -> Option<usize>,
) -> Result<&'a [u8]> {
    let mut found: &[u8] = &[];
    let mut all: Vec<&[u8]> = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let count = match part.count {
            None => Some(1),
            Some(Count::Elsewhere(leaf)) => counted(leaf),
            Some(Count::Before(before)) => {
                all.get(before).and_then(|bytes| integer(parts[before].prim, bytes)?.try_into().ok())
            }
        };
        let count = count.ok_or_else(|| Error::damaged("a number of values that cannot be"))?;
        let need = count.checked_mul(part.number).and_then(|number| number.checked_mul(part.prim.width()));
        let need = need.ok_or_else(|| Error::damaged(format!("{count} values in one entry")))?;
        let bytes = cursor.take(need, "the values of a leaf")?;
        all.push(bytes);
        if at == wanted {
            found = bytes;
        }
    }
    Ok(found)
}

/// The integer of some bytes; none of what is no integer.
fn integer(prim: Prim, bytes: &[u8]) -> Option<i64> {
    let mut one = Values::empty(&prim.of());
    prim.append(bytes, 0, &mut one);
    match one {
        Values::I8(all) => all.first().map(|one| i64::from(*one)),
        Values::U8(all) => all.first().map(|one| i64::from(*one)),
        Values::I16(all) => all.first().map(|one| i64::from(*one)),
        Values::U16(all) => all.first().map(|one| i64::from(*one)),
        Values::I32(all) => all.first().map(|one| i64::from(*one)),
        Values::U32(all) => all.first().map(|one| i64::from(*one)),
        Values::I64(all) => all.first().copied(),
        Values::U64(all) => all.first().and_then(|one| i64::try_from(*one).ok()),
        _ => None,
    }
}
