//! What comes next: while workers decode their units, the source is told of the units after them, so that the disk reads
//! while the cores work. At most so many bytes and units, only columns that are needed for certain, and only what no cache
//! has already.

use crate::memory::cache::Key;
use crate::plan::row::ROW;
use crate::run::execute::Worker;
use crate::run::input::Input;
use crate::run::stage::Unit;
use crate::sink::Sink;
use polars::prelude::PlSmallStr;
use sources::Source;

impl<S: Sink> Worker<'_, S> {
    /// Tells the source that a unit is going to be read.
    pub fn expect_unit(&self, at: usize) {
        let (Input::Source(source), unit) = (self.input, &self.units[at]) else { return };
        if !unit.parts.iter().all(|(segment, _)| self.sink.wants(&source.segments()[*segment])) {
            return;
        }
        let wanted = self.wanted_first(source, unit);
        for (segment, columns) in &unit.parts {
            let identity = source.segments()[*segment].identity;
            let (start, rows) = (unit.local.start, unit.local.len());
            let is_cached = |column: &PlSmallStr| {
                self.run.cache.is_some_and(|cache| cache.has(&Key { identity, column: column.clone(), start, rows }))
            };
            let columns: Vec<_> =
                columns.iter().filter(|name| wanted.contains(name) && !is_cached(name)).cloned().collect();
            if !columns.is_empty() {
                source.expect(*segment, &columns, unit.local.clone());
            }
        }
    }

    /// The columns of a unit that are read even when its filters keep no row.
    fn wanted_first(&self, source: &dyn Source, unit: &Unit) -> Vec<PlSmallStr> {
        let open = self.open(unit);
        let known = |cache: &crate::memory::Cache| {
            self.asked(source, unit, &open).is_some_and(|asked| cache.selections.has(&asked))
        };
        let mut wanted = if open.is_empty() {
            self.stage.columns.clone()
        } else if self.run.cache.is_some_and(known) {
            self.stage.steps[self.lead - 1].keep.clone()
        } else {
            self.asked_first(&open)
        };
        wanted.retain(|name| name != ROW);
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::cache::Cache;
    use crate::plan::clause::Query;
    use crate::plan::options::Options;
    use crate::run::engine::Streaming;
    use crate::run::expected::{Ahead, PART};
    use crate::run::scan::Scan;
    use parking_lot::Mutex;
    use polars::prelude::*;
    use sources::SegmentInfo;
    use sources::memory::{Cutting, Memory};
    use std::ops::Range;
    use std::sync::Arc;

    #[derive(Debug, Clone, PartialEq)]
    enum Heard {
        Expect(usize, Vec<PlSmallStr>),
        Read(usize, Vec<PlSmallStr>),
    }

    /// A table that listens.
    #[derive(Debug)]
    struct Listening(Memory, Mutex<Vec<Heard>>);

    impl Source for Listening {
        fn name(&self) -> &str {
            "listening"
        }

        fn schema(&self) -> &SchemaRef {
            self.0.schema()
        }

        fn segments(&self) -> &[SegmentInfo] {
            self.0.segments()
        }

        fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> segment::Result<DataFrame> {
            self.1.lock().push(Heard::Read(segment, columns.to_vec()));
            self.0.read(segment, columns, rows)
        }

        fn expect(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) {
            assert_eq!(rows, 0..self.0.segments()[segment].len());
            self.1.lock().push(Heard::Expect(segment, columns.to_vec()));
        }
    }

    fn table(segments: usize) -> Arc<Listening> {
        let values: Vec<f64> = (0..segments * 100).map(|row| (row % 100) as f64).collect();
        let frame = df!("x" => &values, "y" => &values, "z" => &values).unwrap();
        let cutting = Cutting { rows: 100, ..Cutting::default() };
        Arc::new(Listening(Memory::cut("listening", frame, None, &cutting).unwrap(), Mutex::default()))
    }

    /// What was heard, and the answer's rows.
    fn heard(table: &Arc<Listening>, scan: impl Fn(Scan) -> Scan) -> (Vec<Heard>, u64) {
        let cut = cut::parse("x >= 50").unwrap();
        let scan = scan(Query::new().filter(cut).over(table.clone()).options(Options::default().threads(1)));
        let rows = scan.collect().unwrap().0.height() as u64;
        (std::mem::take(&mut *table.1.lock()), rows)
    }

    #[test]
    fn units_are_expected_before_they_are_read() {
        let (heard, rows) = heard(&table(12), |scan| scan.engine(Streaming));
        assert_eq!(rows, 600);
        let expects = |heard: &Heard| matches!(heard, Heard::Expect(..));
        let asked: Vec<&Heard> = heard.iter().filter(|heard| expects(heard)).collect();
        // Once each, in order, and only the column that is needed for certain.
        let wanted: Vec<_> = (1..12).map(|segment| Heard::Expect(segment, vec!["x".into()])).collect();
        assert!(asked.into_iter().eq(&wanted));
        for segment in 1..12 {
            let told = heard.iter().position(|heard| *heard == wanted[segment - 1]).unwrap();
            let read = |heard: &Heard| matches!(heard, Heard::Read(at, _) if *at == segment - 1);
            assert!(told < heard.iter().position(read).unwrap(), "before the unit before it is read: {heard:?}");
            let far = |heard: &Heard| matches!(heard, Heard::Read(at, _) if at + Ahead::UNITS < segment);
            assert!(heard[told..].iter().all(|heard| !far(heard)), "not too far ahead: {heard:?}");
        }
    }

    #[test]
    fn what_a_budget_has_no_room_for_is_not_read_ahead() {
        // 2,400 bytes each: there is room for one.
        let options = Options { memory_budget: 2_400 * PART, ..Options::default() }.threads(1);
        let (heard, _) = heard(&table(5), |scan| scan.options(options.clone()).engine(Streaming));
        let second = heard.iter().position(|heard| matches!(heard, Heard::Read(1, _))).unwrap();
        let told = |heard: &&Heard| matches!(heard, Heard::Expect(..));
        assert_eq!(heard[..second].iter().filter(told).count(), 2, "{heard:?}");
    }

    #[test]
    fn what_a_cache_has_is_not_expected() {
        let table = table(4);
        Cache::shared().set_budget(1 << 20);
        let count = |heard: &[Heard]| heard.iter().filter(|heard| matches!(heard, Heard::Expect(..))).count();
        let (first, _) = heard(&table, |scan| scan);
        let (again, rows) = heard(&table, |scan| scan);
        assert_eq!((count(&first), rows), (3, 200));
        // Under pressure the engine that chooses keeps nothing.
        if crate::memory::pressure() < 0.8 {
            assert!(again.is_empty(), "{again:?}");
        }
    }
}
