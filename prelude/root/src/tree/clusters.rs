//! Rows that were written together.

use super::read::Tree;

impl Tree {
    /// Rows with which clusters begin: all columns begin a new basket there.
    pub(crate) fn clusters(&self) -> Vec<u64> {
        self.said().unwrap_or_else(|| self.largest())
    }

    /// The clusters that the tree says; none when it does not, or when it says more than there are baskets.
    fn said(&self) -> Option<Vec<u64>> {
        let rows = self.rows();
        let most = self.spans.values().map(Vec::len).max().unwrap_or(0) as u64 + self.record.ranges.len() as u64 + 1;
        if self.record.ranges.is_empty() && self.record.flush <= 0 {
            return None;
        }
        let mut starts = Vec::new();
        let mut start = 0;
        // The end of a range is its last row; what is behind all of them has the tree's own size.
        let ends =
            self.record.ranges.iter().map(|(end, size)| (u64::try_from(*end).unwrap_or(0).saturating_add(1), *size));
        for (end, size) in ends.chain([(rows, self.record.flush)]) {
            let end = end.min(rows);
            while start < end {
                starts.push(start);
                let size = u64::try_from(size).ok().filter(|size| *size > 0).unwrap_or(end - start);
                start = start.saturating_add(size).min(end);
                if starts.len() as u64 > most {
                    return None;
                }
            }
        }
        Some(starts)
    }

    /// The starts of the baskets of the branch with the fewest: others have their baskets within, or nearly so.
    fn largest(&self) -> Vec<u64> {
        let read = self.planned.iter().filter_map(|planned| self.spans.get(&planned.branch));
        let fewest = read.filter(|spans| !spans.is_empty()).min_by_key(|spans| spans.len());
        let mut starts: Vec<u64> = fewest.into_iter().flatten().map(|span| span.rows.start).collect();
        starts.dedup();
        starts.retain(|start| *start < self.rows());
        if starts.is_empty() && self.rows() > 0 {
            starts.push(0);
        }
        starts
    }
}
