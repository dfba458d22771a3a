//! The state of a pass as bytes, and back. Whatever the bytes are, reading them ends in a state or in `None`.

use crate::error::Result;
use crate::operators::one_per_event::{KeyOrder, OpenRun, Selection};
use polars::prelude::*;
use std::io::Cursor;

/// Numbers and pieces of bytes, one after another.
#[derive(Debug, Default)]
pub(super) struct Out(pub Vec<u8>);

impl Out {
    pub fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub fn piece(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn words(&mut self, words: &[u64]) {
        self.number(words.len() as u64);
        words.iter().for_each(|&word| self.number(word));
    }

    /// A choice of candidates where morsels are joined: the run that may go on, and the order of keys so far.
    pub fn selection(&mut self, selection: &Selection) -> Result<()> {
        self.number(u64::from(selection.ascents.lost));
        self.number(selection.ascents.spans.len() as u64);
        for (first, last) in &selection.ascents.spans {
            self.words(first);
            self.words(last);
        }
        self.number(u64::from(selection.open.is_some()));
        let Some(open) = &selection.open else { return Ok(()) };
        self.words(&open.key);
        self.number(u64::from(open.score.0));
        self.number(open.score.1);
        // A row without columns is a row, but the format knows none.
        self.number(open.row.height() as u64);
        let mut row = Vec::new();
        if open.row.width() > 0 {
            IpcWriter::new(&mut row).finish(&mut open.row.clone())?;
        }
        self.piece(&row);
        Ok(())
    }
}

/// What [`Out`] has written.
pub(super) struct In<'a>(pub &'a [u8]);

impl<'a> In<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    pub fn piece(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    fn words(&mut self) -> Option<Vec<u64>> {
        let count = self.number()?;
        // Not more than there can be: nothing is taken on trust.
        (0..count.min(self.0.len() as u64 / 8 + 1)).map(|_| self.number()).collect()
    }

    pub fn selection(&mut self) -> Option<Selection> {
        let mut selection = Selection::joining();
        let lost = self.number()? != 0;
        let count = self.number()?.min(self.0.len() as u64);
        let spans = (0..count).map(|_| Some((self.words()?, self.words()?))).collect::<Option<Vec<_>>>()?;
        selection.ascents = KeyOrder { spans, lost };
        if self.number()? != 0 {
            let (key, score) = (self.words()?, (self.number()? != 0, self.number()?));
            let height = usize::try_from(self.number()?).ok()?;
            let row = match self.piece()? {
                [] => DataFrame::new(height, Vec::new()).ok()?,
                bytes => IpcReader::new(Cursor::new(bytes.to_vec())).finish().ok()?,
            };
            selection.open = Some(OpenRun { key, row, score });
        }
        Some(selection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file is kept from version 1 of the format. Who changes the format changes what a checkpoint begins with, so that old
    /// files are refused, and adds a file; `RECOIL_WRITE_FIXTURES=1` writes it.
    #[test]
    fn a_selection_of_an_earlier_version_is_read() {
        let row = df!("x" => [f64::NAN], "s" => [Some("a")], "n" => [None::<i32>]).unwrap();
        let mut selection = Selection::joining();
        selection.open = Some(OpenRun { key: vec![7, u64::MAX], row: row.clone(), score: (true, 9) });
        selection.ascents = KeyOrder { spans: vec![(vec![1, 2], vec![3, 4])], lost: true };
        if std::env::var_os("RECOIL_WRITE_FIXTURES").is_some() {
            let mut out = Out::default();
            out.selection(&selection).unwrap();
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/run/checkpoint/selection_v1.bin");
            std::fs::write(path, &out.0).unwrap();
        }
        let back = In(include_bytes!("selection_v1.bin")).selection().unwrap();
        assert_eq!((back.ascents.spans, back.ascents.lost), (selection.ascents.spans, true));
        let open = back.open.unwrap();
        assert_eq!((open.key, open.score), (vec![7, u64::MAX], (true, 9)));
        assert!(open.row.equals_missing(&row));
    }

    #[test]
    fn a_selection_comes_back_and_nonsense_is_none() {
        let row = df!("x" => [f64::NAN], "s" => [Some("a")], "n" => [None::<i32>]).unwrap();
        for row in [row, DataFrame::new(1, Vec::new()).unwrap()] {
            let mut selection = Selection::joining();
            selection.open = Some(OpenRun { key: vec![7, u64::MAX], row: row.clone(), score: (true, 9) });
            selection.ascents =
                KeyOrder { spans: vec![(vec![1, 2], vec![3, 4]), (vec![5, 6], vec![7, 8])], lost: true };
            let mut out = Out::default();
            out.selection(&selection).unwrap();
            let mut bytes = In(&out.0);
            let back = bytes.selection().unwrap();
            assert!(bytes.0.is_empty());
            assert_eq!((back.ascents.spans, back.ascents.lost), (selection.ascents.spans, true));
            let open = back.open.unwrap();
            assert_eq!((open.key, open.score), (vec![7, u64::MAX], (true, 9)));
            assert!(open.row.equals_missing(&row) && open.row.height() == 1);
            for length in 0..out.0.len() {
                assert!(sources::guarded(|| In(&out.0[..length]).selection()).unwrap().is_none(), "{length}");
            }
        }
    }
}
