//! Where values live: one per row of the table, one per object of a row, one per combination of objects.
//!
//! A domain is a list for each lane of its parent; the parent of all is [`ROWS`]. A value of the parent can be repeated for
//! the list, and a list can be folded to a value of the parent.

use crate::syntax::expr::Name;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) type DomainId = usize;

/// One lane per row of the table.
pub(crate) const ROWS: DomainId = 0;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Domain {
    pub parent: DomainId,
    pub kind: Kind,
    /// Whether all of it must be there at once for the lanes of its parent, because something looks into it by position.
    pub whole: bool,
    pub seen: Seen,
}

/// How many lanes have been looked at since it was last asked; no part of what a domain is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<AtomicU64>);

impl PartialEq for Seen {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Seen {
    pub fn add(&self, lanes: usize) {
        self.0.fetch_add(lanes as u64, Ordering::Relaxed);
    }

    pub fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Rows,
    /// The objects of a collection of the table; their numbers are told by any of these columns.
    Objects {
        name: Name,
        sources: Vec<usize>,
    },
    /// For each lane of the parent the lanes of another domain that belong to the same lane of `outer`.
    Items {
        of: DomainId,
        outer: DomainId,
    },
    /// Pairs or triples of different lanes, in order.
    Combinations {
        of: DomainId,
        size: usize,
    },
    /// The lanes for which a condition holds, which is a node.
    Filter {
        of: DomainId,
        mask: usize,
    },
    /// The lanes from one position to another.
    Slice {
        of: DomainId,
        from: Option<i64>,
        to: Option<i64>,
    },
    /// The lanes of several domains, one after another.
    Concat(Vec<DomainId>),
    /// The objects of a combination, where it is there: nodes of the parent with their positions.
    InList(Vec<usize>),
    /// The same lanes in another order.
    Sorted(DomainId),
}

impl Kind {
    /// The domains its lanes are taken from.
    pub fn others(&self) -> Vec<DomainId> {
        match self {
            Self::Rows | Self::Objects { .. } | Self::InList(_) => vec![],
            Self::Items { of, .. }
            | Self::Combinations { of, .. }
            | Self::Filter { of, .. }
            | Self::Slice { of, .. }
            | Self::Sorted(of) => vec![*of],
            Self::Concat(parts) => parts.clone(),
        }
    }

    /// The nodes its lanes depend on.
    pub fn nodes(&self) -> &[usize] {
        match self {
            Self::Filter { mask, .. } => std::slice::from_ref(mask),
            Self::InList(positions) => positions,
            _ => &[],
        }
    }
}
