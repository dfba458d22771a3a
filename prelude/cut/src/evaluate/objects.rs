//! Positions of objects: where an element is, whether it is there, whether two are the same.

use crate::evaluate::gather::NOWHERE;
use crate::evaluate::lane::{Data, Lane};

/// Positions as they are held.
pub(crate) fn positions<'l>(lane: &'l Lane<'_>) -> &'l [u32] {
    match &lane.data {
        Data::U32(values) => values,
        _ => &[],
    }
}

/// The positions of elements of lists. An index that is `counted` counts from the end when it is negative.
pub(crate) fn at<'a>(counted: bool, index: &Lane, start: &Lane, end: &Lane, rows: usize) -> Lane<'a> {
    let (starts, ends) = (positions(start), positions(end));
    let indices = index.i64();
    let one = |row: usize| {
        let (start, end) = (starts[row], ends[row]);
        let length = i64::from(end - start);
        let mut at = indices.get(row);
        if at < 0 && counted {
            at += length;
        }
        if index.is_valid(row) && (0..length).contains(&at) { start + at as u32 } else { NOWHERE }
    };
    Lane::new(Data::U32((0..rows).map(one).collect()))
}

pub(crate) fn present(lane: &Lane, rows: usize) -> Vec<u8> {
    let positions = positions(lane);
    (0..rows).map(|row| u8::from(positions[row] != NOWHERE)).collect()
}

pub(crate) fn same(a: &Lane, b: &Lane, rows: usize) -> Vec<u8> {
    let (a, b) = (positions(a), positions(b));
    (0..rows).map(|row| u8::from(a[row] == b[row] && a[row] != NOWHERE)).collect()
}
