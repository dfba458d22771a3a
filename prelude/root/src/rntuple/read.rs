//! An ntuple that is open.

use super::anchor::Anchor;
use super::envelope;
use super::page;
use super::pages::{self, Cluster, Page};
use super::plan::{Node, Plan};
use super::schema::Schema;
use crate::block::can_hold;
use crate::columns::{Column, Skipped, Text, Type, Values};
use crate::error::{Error, Result};
use crate::file::{File, Key};
use rayon::prelude::*;
use recoil_bytes::Held;
use std::ops::Range;

/// An RNTuple.
#[derive(Debug)]
pub(crate) struct Ntuple {
    file: File,
    path: String,
    schema: Schema,
    plan: Plan,
    clusters: Vec<Cluster>,
}

/// Elements of a cluster that are not stored, because their column came later; a cluster has far fewer rows.
const MOST_ABSENT: u64 = 1 << 28;

impl Ntuple {
    pub(crate) fn open(file: &File, key: &Key, path: &str) -> Result<Self> {
        Self::parse(file, key, path).map_err(|error| error.in_file(file.name()).in_object(path))
    }

    fn parse(file: &File, key: &Key, path: &str) -> Result<Self> {
        let bytes = file.bytes();
        let anchor = Anchor::parse(&key.unpacked(bytes)?)?;
        let _held = bytes.hold(vec![anchor.header.range(), anchor.footer.range()])?;
        let plain = envelope::blob(bytes, anchor.header, anchor.most, "the header of the ntuple")?;
        let (mut little, sum) = envelope::open(&plain, 1, "the header of the ntuple")?;
        little.features("header")?;
        (0..3).try_for_each(|_| little.text().map(|_| ()))?;
        let mut schema = Schema::default();
        schema.read(&mut little)?;
        let plain = envelope::blob(bytes, anchor.footer, anchor.most, "the footer of the ntuple")?;
        let (mut little, _) = envelope::open(&plain, 2, "the footer of the ntuple")?;
        little.features("footer")?;
        if little.u64()? != sum {
            return Err(Error::damaged("the footer belongs to another header"));
        }
        let extension = little.frame()?;
        schema.read(&mut little)?;
        little.go(extension)?;
        schema.check()?;
        let clusters = pages::clusters(&mut little, bytes, anchor.most, sum)?;
        let plan = Plan::new(&schema);
        Ok(Self { file: file.clone(), path: path.to_owned(), schema, plan, clusters })
    }

    pub(crate) fn rows(&self) -> u64 {
        self.clusters.last().map_or(0, |last| last.first + last.rows)
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.plan.columns
    }

    pub(crate) fn skipped(&self) -> &[Skipped] {
        &self.plan.skipped
    }

    pub(crate) fn clusters(&self) -> Vec<u64> {
        self.clusters.iter().filter(|cluster| cluster.rows > 0).map(|cluster| cluster.first).collect()
    }

    /// Bytes on disk of some rows of a column.
    pub(crate) fn stored(&self, column: usize, rows: &Range<u64>) -> u64 {
        self.pages(column, rows).iter().map(|page| page.stored).sum()
    }

    /// The pages of the clusters in which rows of a column lie.
    fn pages(&self, column: usize, rows: &Range<u64>) -> Vec<Page> {
        let mut fields = Vec::new();
        self.plan.nodes[column].fields(&mut fields);
        let columns: Vec<_> = fields.iter().flat_map(|field| self.schema.columns_of(*field)).flatten().collect();
        let clusters = self.overlapping(rows);
        let pages = clusters.flat_map(|cluster| columns.iter().filter_map(|column| cluster.columns.get(*column)));
        pages.flat_map(|column| &column.pages).copied().collect()
    }

    /// Brings the pages of some rows into memory.
    pub(crate) fn hold(&self, columns: &[usize], rows: &Range<u64>) -> Result<Held> {
        if !self.file.bytes().are_elsewhere() {
            return Ok(Held::default());
        }
        self.file.bytes().hold(self.ranges(columns, rows)).map_err(|error| error.in_file(self.file.name()))
    }

    /// Begins to fetch them.
    pub(crate) fn expect(&self, columns: &[usize], rows: &Range<u64>) {
        if self.file.bytes().are_elsewhere() {
            self.file.bytes().expect(self.ranges(columns, rows));
        }
    }

    pub(crate) fn ranges(&self, columns: &[usize], rows: &Range<u64>) -> Vec<Range<u64>> {
        // Behind a page stands its checksum, if it has one.
        let end = |page: &Page| page.at.saturating_add(page.stored).saturating_add(if page.sum { 8 } else { 0 });
        let pages = columns.iter().flat_map(|column| self.pages(*column, rows));
        pages.map(|page| page.at..end(&page)).collect()
    }

    fn overlapping<'a>(&'a self, rows: &'a Range<u64>) -> impl Iterator<Item = &'a Cluster> {
        let wanted = |cluster: &&Cluster| cluster.first < rows.end && rows.start < cluster.first + cluster.rows;
        self.clusters.iter().filter(wanted)
    }

    pub(crate) fn read(&self, column: usize, rows: Range<u64>) -> Result<Values> {
        let node = &self.plan.nodes[column];
        let place = |error: Error| {
            error.in_branch(&self.plan.columns[column].name).in_object(&self.path).in_file(self.file.name())
        };
        let wanted: Vec<_> = self.overlapping(&rows).collect();
        let parts = wanted.par_iter().map(|cluster| {
            let from = rows.start.max(cluster.first) - cluster.first;
            let to = rows.end.min(cluster.first + cluster.rows) - cluster.first;
            Ok(self.node(node, cluster, cluster.rows)?.slice(from as usize..to as usize))
        });
        let parts: Vec<Values> = parts.collect::<Result<_>>().map_err(place)?;
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_else(|| Values::empty(&node.of()));
        parts.for_each(|part| all.append(part));
        Ok(all)
    }

    /// How many values the lists of some rows have, from the ends alone; `None` of what is no list.
    pub(crate) fn lengths(&self, column: usize, rows: Range<u64>) -> Result<Option<Vec<u32>>> {
        let Node::List { field, .. } = &self.plan.nodes[column] else { return Ok(None) };
        let place = |error: Error| {
            error.in_branch(&self.plan.columns[column].name).in_object(&self.path).in_file(self.file.name())
        };
        let mut all = Vec::with_capacity((rows.end - rows.start) as usize);
        for cluster in self.overlapping(&rows) {
            let from = (rows.start.max(cluster.first) - cluster.first) as usize;
            let to = (rows.end.min(cluster.first + cluster.rows) - cluster.first) as usize;
            let ends = self.ends(*field, cluster, cluster.rows).map_err(place)?;
            all.extend(ends[from..=to].windows(2).map(|pair| u32::try_from(pair[1] - pair[0]).unwrap_or(u32::MAX)));
        }
        Ok(Some(all))
    }

    /// The values of a node in a cluster: `number` of them.
    fn node(&self, node: &Node, cluster: &Cluster, number: u64) -> Result<Values> {
        match node {
            Node::Leaf { field, of } => page::cast(self.elements(*field, 0, cluster, Some(number))?, of),
            Node::Text { field } => {
                let offsets = self.ends(*field, cluster, number)?;
                let number = offsets.last().copied().unwrap_or(0) as u64;
                let bytes = match self.elements(*field, 1, cluster, Some(number))? {
                    Values::U8(bytes) => bytes,
                    Values::I8(bytes) => bytes.into_iter().map(|byte| byte as u8).collect(),
                    other => return Err(Error::damaged(format!("characters that are {}", other.of()))),
                };
                Ok(Values::Text(Text { offsets, bytes }))
            }
            Node::List { field, inner } => {
                let offsets = self.ends(*field, cluster, number)?;
                let number = offsets.last().copied().unwrap_or(0) as u64;
                Ok(Values::List { offsets, values: Box::new(self.node(inner, cluster, number)?) })
            }
            Node::Variant { field, tag, inner } => {
                let offsets = self.chosen(*field, *tag, cluster, number)?;
                let number = offsets.last().copied().unwrap_or(0) as u64;
                Ok(Values::List { offsets, values: Box::new(self.node(inner, cluster, number)?) })
            }
            Node::Count { field, of } => {
                let offsets = self.ends(*field, cluster, number)?;
                let counts = offsets.windows(2).map(|pair| (pair[1] - pair[0]) as u64).collect();
                page::cast(Values::U64(counts), of)
            }
            Node::Fixed { size, inner } => {
                let all = number.checked_mul(*size as u64).ok_or_else(|| Error::damaged("too many elements"))?;
                let values = self.node(inner, cluster, all)?;
                Ok(Values::Fixed { size: *size, rows: number as usize, values: Box::new(values) })
            }
        }
    }

    /// Offsets of lists: the ends of a column with a 0 before them. They must not fall.
    fn ends(&self, field: usize, cluster: &Cluster, number: u64) -> Result<Vec<i64>> {
        let Values::U64(ends) = self.elements(field, 0, cluster, Some(number))? else {
            return Err(Error::damaged("ends of lists of another type"));
        };
        let mut offsets = Vec::with_capacity(ends.len() + 1);
        offsets.push(0);
        offsets.extend(ends.iter().map(|end| *end as i64));
        if offsets.windows(2).any(|pair| pair[0] > pair[1]) {
            return Err(Error::damaged("the ends of lists do not rise"));
        }
        Ok(offsets)
    }

    /// Offsets of lists that have one value in the rows whose switch has a tag, and none in others. A switch is the position
    /// of the value among those of its type, and a tag.
    fn chosen(&self, field: usize, tag: u32, cluster: &Cluster, number: u64) -> Result<Vec<i64>> {
        let Values::Fixed { values, .. } = self.elements(field, 0, cluster, Some(number))? else {
            return Err(Error::damaged("switches of another type"));
        };
        let Values::U8(bytes) = *values else { return Err(Error::damaged("switches of another type")) };
        let mut offsets = Vec::with_capacity(number as usize + 1);
        let mut have = 0;
        offsets.push(have);
        for [position @ .., a, b, c, d] in bytes.as_chunks::<{ page::SWITCH }>().0 {
            if u32::from_le_bytes([*a, *b, *c, *d]) == tag {
                if u64::from_le_bytes(*position) != have as u64 {
                    return Err(Error::damaged("the values of a variant do not stand in the order of their rows"));
                }
                have += 1;
            }
            offsets.push(have);
        }
        Ok(offsets)
    }

    /// The elements of the `which`-th column of a field. Where fewer than `number` are there, zeros stand before them.
    fn elements(&self, field: usize, which: usize, cluster: &Cluster, number: Option<u64>) -> Result<Values> {
        let all = self.schema.columns_of(field);
        let has = |list: &&Vec<usize>| {
            list.get(which).and_then(|one| cluster.columns.get(*one)).is_some_and(|one| !one.suppressed)
        };
        let found = all.iter().find(has).or(all.first()).and_then(|list| list.get(which));
        let column = found.ok_or_else(|| Error::damaged("a field without its column"))?;
        let of = page::stored(&self.schema.columns[*column]).map_err(Error::unknown)?;
        let each = if let Type::Fixed(_, bytes) = &of { *bytes } else { 1 };
        let empty = Vec::new();
        let pages = cluster.columns.get(*column).map_or(&empty, |one| &one.pages);
        let have: u64 = pages.iter().map(|page| u64::from(page.elements)).sum();
        let number = number.unwrap_or(have);
        let deferred = self.schema.columns[*column].first > 0 || have == 0;
        if have > number || have < number && !deferred {
            return Err(Error::damaged(format!("{have} elements where {number} are needed")));
        }
        let length = self.file.bytes().length();
        let bits = u64::from(self.schema.columns[*column].bits);
        let holds = |page: &Page| can_hold(page.stored.min(length), u64::from(page.elements).saturating_mul(bits) / 8);
        if !pages.iter().all(holds) || number - have > MOST_ABSENT {
            return Err(Error::damaged(format!("pages that cannot have the {number} elements that they say")));
        }
        let mut values = zeros(&of, number)?;
        let Some(slot) = values.slot() else { return Ok(values) };
        let (_, mut rest) = slot.split((number - have) as usize * each);
        let mut jobs = Vec::with_capacity(pages.len());
        for (position, page) in pages.iter().enumerate() {
            let (one, after) = rest.split(page.elements as usize * each);
            jobs.push((position, *page, one));
            rest = after;
        }
        let fill = |(position, page, slot)| {
            let done = page::fill(self.file.bytes(), &self.schema.columns[*column], page, slot);
            done.map_err(|error| error.in_basket(position as u64))
        };
        jobs.into_par_iter().map(fill).collect::<Result<()>>()?;
        Ok(values)
    }
}

/// Zeros, or an error when there is no memory for so many as a damaged file may say.
fn zeros(of: &Type, number: u64) -> Result<Values> {
    let number = usize::try_from(number).ok();
    number
        .and_then(|number| Values::try_zeros(of, number))
        .ok_or_else(|| Error::damaged("more elements than there is memory"))
}

impl Node {
    /// The fields whose columns are read.
    fn fields(&self, out: &mut Vec<usize>) {
        match self {
            Self::Leaf { field, .. } | Self::Text { field } | Self::Count { field, .. } => out.push(*field),
            Self::List { field, inner } | Self::Variant { field, inner, .. } => {
                out.push(*field);
                inner.fields(out);
            }
            Self::Fixed { inner, .. } => inner.fields(out),
        }
    }
}
