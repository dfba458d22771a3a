//! What takes the segments that come out of a stage.

use crate::error::Result;
use polars::prelude::*;
use segment::Segment;
use sources::SegmentInfo;

/// A terminal: each morsel of consecutive segments goes into a part of its own, and parts are merged in the order of
/// the rows. What morsels there are does not depend on the number of workers or on time, so the answer never does.
pub trait Sink: Sync {
    /// What is gathered over a morsel of segments.
    type Part: Send + 'static;

    /// An empty part.
    fn part(&self) -> Self::Part;

    /// Takes a segment into a part. Called by one worker at a time for each part.
    ///
    /// # Errors
    /// Whatever ends the query.
    fn take(&self, part: &mut Self::Part, segment: Segment) -> Result<()>;

    /// Adds the part that follows.
    ///
    /// # Errors
    /// Whatever ends the query.
    fn merge(&self, whole: &mut Self::Part, next: Self::Part) -> Result<()>;

    /// Into how many morsels the rows are cut at most.
    fn morsels(&self) -> usize {
        64
    }

    /// Whether rows of a segment of the source can change the answer, by what is known before it is read. Asked when its turn
    /// comes, so that what was seen meanwhile may count: whatever the answer is, that of the query must not depend on it.
    fn wants(&self, _segment: &SegmentInfo) -> bool {
        true
    }

    /// What it does with the segments, in words that are equal only when the answers are: so that a pass can go on in another
    /// process ([`Options::checkpoint`](crate::Options::checkpoint)). `None`: it cannot.
    fn identity(&self) -> Option<String> {
        None
    }

    /// A part as bytes, where there is an [`identity`](Sink::identity).
    fn save(&self, _part: &Self::Part) -> Vec<u8> {
        Vec::new()
    }

    /// The part of these bytes, bit for bit; `None` when they are not of a part.
    fn restore(&self, _bytes: &[u8]) -> Option<Self::Part> {
        None
    }

    /// Whether `whole` needs no further segments.
    fn enough(&self, _whole: &Self::Part) -> bool {
        false
    }
}

/// Collects frames in order, up to a number of rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Collect {
    /// Rows after which no more are wanted.
    pub limit: Option<u64>,
}

impl Sink for Collect {
    type Part = (Vec<DataFrame>, u64);

    fn part(&self) -> Self::Part {
        (Vec::new(), 0)
    }

    fn take(&self, part: &mut Self::Part, segment: Segment) -> Result<()> {
        let wanted = self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(part.1));
        let rows = (segment.frame.height() as u64).min(wanted);
        if rows > 0 {
            part.0.push(if rows < segment.frame.height() as u64 {
                segment.frame.head(Some(rows as usize))
            } else {
                segment.frame
            });
            part.1 += rows;
        }
        Ok(())
    }

    fn merge(&self, whole: &mut Self::Part, next: Self::Part) -> Result<()> {
        whole.0.extend(next.0);
        whole.1 += next.1;
        Ok(())
    }

    fn morsels(&self) -> usize {
        usize::MAX
    }

    fn enough(&self, whole: &Self::Part) -> bool {
        self.limit.is_some_and(|limit| whole.1 >= limit)
    }
}

/// Counts rows.
///
/// ```
/// # use flow::Query;
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
/// # use sources::memory::{Cutting, Memory};
/// # use std::sync::Arc;
/// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
/// assert_eq!(Query::new().over(table).run(&flow::Count)?.0, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Count;

impl Sink for Count {
    type Part = u64;

    fn part(&self) -> u64 {
        0
    }

    fn take(&self, part: &mut u64, segment: Segment) -> Result<()> {
        *part += segment.frame.height() as u64;
        Ok(())
    }

    fn merge(&self, whole: &mut u64, next: u64) -> Result<()> {
        *whole += next;
        Ok(())
    }

    fn identity(&self) -> Option<String> {
        Some("count".into())
    }

    fn save(&self, part: &u64) -> Vec<u8> {
        part.to_le_bytes().to_vec()
    }

    fn restore(&self, bytes: &[u8]) -> Option<u64> {
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }
}

/// A sink of three closures: a new part, what takes a frame, and what merges the part that follows.
pub struct Each<N, T, M> {
    /// Makes an empty part.
    pub new: N,
    /// Takes a segment.
    pub take: T,
    /// Merges.
    pub merge: M,
}

impl<P, N, T, M> Sink for Each<N, T, M>
where
    P: Send + 'static,
    N: Fn() -> P + Sync,
    T: Fn(&mut P, Segment) -> Result<()> + Sync,
    M: Fn(&mut P, P) -> Result<()> + Sync,
{
    type Part = P;

    fn part(&self) -> P {
        (self.new)()
    }

    fn take(&self, part: &mut P, segment: Segment) -> Result<()> {
        (self.take)(part, segment)
    }

    fn merge(&self, whole: &mut P, next: P) -> Result<()> {
        (self.merge)(whole, next)
    }
}
