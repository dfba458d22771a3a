//! The index of a tree (TTreeIndex): two integers of each row, sorted, and the row that has them.

use super::array::count;
use crate::error::{Error, Result};
use crate::stream::Cursor;

/// The index that ROOT's `BuildIndex("run", "event")` keeps with a tree. By it a friend finds the row that belongs to a row of
/// another tree.
///
/// ```no_run
/// let file = root::File::open("scores.root")?;
/// let table = file.table("scores")?;
/// if let Some(index) = table.index()? {
///     println!("{} rows; that of run 7, event 12: {:?}", index.keys().len(), index.row(7, 12));
/// }
/// # Ok::<(), root::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// What the first number is made from: the name of a column, or an expression of ROOT.
    pub major: String,
    /// The same for the second number; `0` when there is none.
    pub minor: String,
    /// Both numbers and the row, in the order of the numbers.
    keys: Vec<(i64, i64, u64)>,
}

impl Index {
    /// Both numbers and the row of every row that the index has, in the order of the numbers.
    pub fn keys(&self) -> &[(i64, i64, u64)] {
        &self.keys
    }

    /// The row that has both numbers; the first of several in the order of the index, as ROOT takes it.
    pub fn row(&self, major: i64, minor: i64) -> Option<u64> {
        let at = self.keys.partition_point(|(first, second, _)| (*first, *second) < (major, minor));
        self.keys.get(at).filter(|(first, second, _)| (*first, *second) == (major, minor)).map(|(.., row)| *row)
    }

    /// Reads a TTreeIndex of a tree of `rows` rows.
    pub(super) fn read(cursor: &mut Cursor, rows: u64) -> Result<Self> {
        let header = cursor.header()?;
        // TVirtualIndex is a TNamed.
        cursor.pass()?;
        let (major, minor) = (cursor.text()?, cursor.text()?);
        let split = header.version > 1;
        let number = count(cursor.i64()?)?;
        let need = number.saturating_mul(if split { 24 } else { 16 });
        if need > cursor.left() as u64 {
            return Err(Error::short("the index of a tree", need, cursor.left() as u64));
        }
        let number = number as usize;
        let mut numbers = || (0..number).map(|_| cursor.i64()).collect::<Result<Vec<_>>>();
        let first = numbers()?;
        // Old files have both numbers in one.
        let (first, second) = match split {
            true => (first, numbers()?),
            false => first.into_iter().map(|both| (both >> 31, both & 0x7fff_ffff)).unzip(),
        };
        let third = numbers()?.into_iter().map(count).collect::<Result<Vec<_>>>()?;
        cursor.finish(header)?;
        let keys: Vec<_> =
            first.into_iter().zip(second).zip(third).map(|((major, minor), row)| (major, minor, row)).collect();
        if keys.windows(2).any(|pair| (pair[0].0, pair[0].1) > (pair[1].0, pair[1].1)) {
            return Err(Error::damaged("the numbers of the tree's index do not rise"));
        }
        if let Some((.., row)) = keys.iter().find(|(.., row)| *row >= rows) {
            return Err(Error::damaged(format!("the tree's index has row {row} of {rows}")));
        }
        Ok(Self { major, minor, keys })
    }
}
