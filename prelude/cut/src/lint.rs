//! What the numbers of a run say about a cut.

/// How many rows a cut has seen and kept.
///
/// ```
/// let counts = cut::Counts { total: 10, kept: 0, missing: 0 };
/// assert!(cut::lint("x > 100", counts).is_some(), "nothing is left");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows that came in.
    pub total: u64,
    /// Rows that were kept.
    pub kept: u64,
    /// Rows that were removed and in which a column of the cut is missing; 0 when they were not counted.
    pub missing: u64,
}

/// What is odd about a cut after it has run, for people; `None` when nothing is.
///
/// ```
/// let odd = cut::lint("x > -1", cut::Counts { total: 10, kept: 10, missing: 0 });
/// assert_eq!(odd.unwrap(), "the cut `x > -1` removed nothing: all 10 rows are kept");
/// ```
pub fn lint(text: &str, counts: Counts) -> Option<String> {
    let Counts { total, kept, missing } = counts;
    let removed = total.saturating_sub(kept);
    if total == 0 {
        return None;
    }
    if removed == 0 {
        return Some(format!("the cut `{text}` removed nothing: all {total} rows are kept"));
    }
    if missing >= removed {
        return Some(format!("the cut `{text}` removed only rows with missing values: {removed} of {total}"));
    }
    if kept == 0 {
        return Some(format!("the cut `{text}` removed everything: none of {total} rows is left"));
    }
    None
}
