//! What is known of a tree from its own record: branches, leaves, clusters.

use super::basket::{Disk, Embedded};
use super::index::Index;
use crate::error::{Error, Result};
use std::collections::HashMap;

/// What a tree says of itself.
#[derive(Debug)]
pub(crate) struct Record {
    pub entries: u64,
    /// Rows per cluster, or bytes when negative.
    pub flush: i64,
    /// Ends of ranges of clusters, and rows per cluster in each.
    pub ranges: Vec<(i64, i64)>,
    pub branches: Vec<Branch>,
    pub leaves: Vec<Leaf>,
    /// The index that the tree was given, or why it cannot be read.
    pub index: Result<Option<Index>>,
}

impl Default for Record {
    fn default() -> Self {
        let (branches, leaves) = (Vec::new(), Vec::new());
        Self { entries: 0, flush: 0, ranges: Vec::new(), branches, leaves, index: Ok(None) }
    }
}

/// Objects that may be pointed at.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub leaves: HashMap<u32, usize>,
}

/// A branch. All branches of a tree stand in one list; parents before children.
#[derive(Debug, Clone, Default)]
pub(crate) struct Branch {
    /// Class of the branch itself: `TBranch`, `TBranchElement` and so on.
    pub sort: String,
    pub name: String,
    pub title: String,
    pub parent: Option<usize>,
    pub children: usize,
    pub entries: u64,
    /// Bytes of the table of offsets that baskets have; 0: none.
    pub offsets: i32,
    pub leaves: Vec<usize>,
    /// Where the baskets on disk are, in order.
    pub baskets: Vec<Disk>,
    /// Entry behind the last basket on disk; unknown when the table is too short.
    pub disk_end: Option<u64>,
    /// Baskets that were in memory when the tree was written.
    pub embedded: Vec<Embedded>,
    /// The file that has the baskets; empty: this one.
    pub file: String,
    /// Of a TBranchElement: class of the values (or of the class they are members of), and its version.
    pub class: String,
    pub parent_class: String,
    pub version: i32,
    /// Which member of the class.
    pub id: i32,
    /// 0 leaf, 1 base, 2 object, 3 and 31 TClonesArray and its members, 4 and 41 collection and its members.
    pub kind: i32,
    /// Type of the member, or a negative number.
    pub streamer: i32,
    /// What went wrong when the branch was read.
    pub broken: Option<Error>,
}

/// A leaf of a branch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leaf {
    pub class: String,
    pub name: String,
    /// With dimensions: `pt[nMuon]`, `m[2][3]`.
    pub title: String,
    /// Fixed elements per entry.
    pub length: i32,
    pub unsigned: bool,
    /// The leaf that counts the elements of an entry.
    pub count: Option<usize>,
    /// Type of a TLeafElement.
    pub kind: i32,
    /// The branch it belongs to; unknown while that has not been read.
    pub branch: Option<usize>,
}
