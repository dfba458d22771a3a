//! Clusters and where their pages are.

use super::anchor::Blob;
use super::envelope::{self, Little};
use crate::error::{Error, Result};
use crate::file::Bytes;

/// A cluster: rows, and the pages of each column.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub first: u64,
    pub rows: u64,
    pub columns: Vec<ColumnPages>,
}

/// The pages of a column in a cluster.
#[derive(Debug, Default)]
pub(crate) struct ColumnPages {
    pub pages: Vec<Page>,
    /// Another representation has the values.
    pub suppressed: bool,
}

/// A page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub elements: u32,
    pub at: u64,
    pub stored: u64,
    /// A checksum of eight bytes follows it.
    pub sum: bool,
}

/// Reads the list of cluster groups of a footer, and the list of pages of each.
pub(crate) fn clusters(little: &mut Little, bytes: &Bytes, most: u64, header: u64) -> Result<Vec<Cluster>> {
    let groups = little.frame()?;
    let mut blobs = Vec::new();
    for _ in 0..groups.items {
        let frame = little.frame()?;
        little.u64()?;
        little.u64()?;
        little.u32()?;
        let plain = little.u64()?;
        let (at, stored) = little.locator()?;
        little.go(frame)?;
        blobs.push(Blob { at, stored, plain });
    }
    little.go(groups)?;
    let _held = bytes.hold(blobs.iter().map(Blob::range).collect())?;
    let mut clusters = Vec::new();
    for blob in blobs {
        group(bytes, blob, most, header, &mut clusters).map_err(|error| error.at(blob.at))?;
    }
    // Groups may stand in any order.
    clusters.sort_by_key(|cluster| cluster.first);
    let mut next = 0;
    for cluster in &clusters {
        if cluster.first != next {
            return Err(Error::damaged(format!("a cluster begins at row {} instead of {next}", cluster.first)));
        }
        next = cluster
            .first
            .checked_add(cluster.rows)
            .ok_or_else(|| Error::damaged("more rows than there are numbers"))?;
    }
    Ok(clusters)
}

fn group(bytes: &Bytes, place: Blob, most: u64, header: u64, clusters: &mut Vec<Cluster>) -> Result<()> {
    let plain = envelope::blob(bytes, place, most, "a list of pages")?;
    let (mut little, _) = envelope::open(&plain, 3, "a list of pages")?;
    if little.u64()? != header {
        return Err(Error::damaged("a list of pages belongs to another ntuple"));
    }
    let before = clusters.len();
    let list = little.frame()?;
    for _ in 0..list.items {
        let frame = little.frame()?;
        let first = little.u64()?;
        let rows = little.u64()?;
        if rows >> 56 != 0 {
            return Err(Error::unknown(format!(
                "clusters with flags {:#x}, which this reader does not know",
                rows >> 56
            )));
        }
        clusters.push(Cluster { first, rows: rows & ((1 << 56) - 1), columns: Vec::new() });
        little.go(frame)?;
    }
    little.go(list)?;
    let list = little.frame()?;
    if list.items != clusters.len() - before {
        return Err(Error::damaged("as many lists of pages as clusters are needed"));
    }
    for cluster in &mut clusters[before..] {
        let frame = little.frame()?;
        for _ in 0..frame.items {
            cluster.columns.push(column(&mut little)?);
        }
        little.go(frame)?;
    }
    Ok(())
}

fn column(little: &mut Little) -> Result<ColumnPages> {
    let frame = little.frame()?;
    let mut pages = Vec::with_capacity(frame.items);
    for _ in 0..frame.items {
        let elements = little.i32()?;
        let (at, stored) = little.locator()?;
        pages.push(Page { elements: elements.unsigned_abs(), at, stored, sum: elements < 0 });
    }
    let suppressed = little.i64()? < 0;
    little.go(frame)?;
    Ok(ColumnPages { pages, suppressed })
}
