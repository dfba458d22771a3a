//! Linked rows: a column such as `pindex` names the row of another bank in the same event.

use crate::content::columns::BankColumns;
use crate::content::structure::Numbers;
use crate::model::error::Fault;

/// For each row of one bank, the rows of another that point at it.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("run.hipo");
/// # let builder = hipo::Writer::builder().schema(hipo::Schema::parse("{REC::Particle/300/31}{pid/I}")?)?;
/// # let builder = builder.schema(hipo::Schema::parse("{REC::Calorimeter/300/32}{pindex/S}")?)?;
/// # let mut writer = builder.create(&path)?;
/// # let (mut particles, mut clusters) = (writer.bank("REC::Particle", 2)?, writer.bank("REC::Calorimeter", 3)?);
/// # particles.put_column("pid", &hipo::Numbers::I32(vec![11, 2212]))?;
/// # clusters.put_column("pindex", &hipo::Numbers::I16(vec![1, -1, 1]))?;
/// # writer.write(hipo::EventBuilder::new().add_bank(&particles)?.add_bank(&clusters)?)?;
/// # writer.finish()?;
/// # let reader = hipo::Reader::open(&path)?;
/// # let particles = reader.read_columns("REC::Particle", &["pid"])?;
/// # let clusters = reader.read_columns("REC::Calorimeter", &["pindex"])?;
/// let found: hipo::Links = hipo::links(&clusters, "pindex", &particles)?;
/// assert_eq!((found.of(0), found.of(1)), ([].as_slice(), [0, 2].as_slice()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// Links of row `r` are `rows[offsets[r]..offsets[r + 1]]`.
    pub offsets: Vec<i64>,
    /// Rows of the pointing bank, counted over all events.
    pub rows: Vec<i64>,
}

impl Links {
    /// The rows that point at row `row`, counted over all events.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let builder = hipo::Writer::builder().schema(hipo::Schema::parse("{REC::Particle/300/31}{pid/I}")?)?;
    /// # let builder = builder.schema(hipo::Schema::parse("{REC::Calorimeter/300/32}{pindex/S}")?)?;
    /// # let mut writer = builder.create(&path)?;
    /// # let (mut particles, mut clusters) = (writer.bank("REC::Particle", 2)?, writer.bank("REC::Calorimeter", 3)?);
    /// # particles.put_column("pid", &hipo::Numbers::I32(vec![11, 2212]))?;
    /// # clusters.put_column("pindex", &hipo::Numbers::I16(vec![1, -1, 1]))?;
    /// # writer.write(hipo::EventBuilder::new().add_bank(&particles)?.add_bank(&clusters)?)?;
    /// # writer.finish()?;
    /// # let reader = hipo::Reader::open(&path)?;
    /// # let particles = reader.read_columns("REC::Particle", &["pid"])?;
    /// # let clusters = reader.read_columns("REC::Calorimeter", &["pindex"])?;
    /// assert_eq!(hipo::links(&clusters, "pindex", &particles)?.of(1), [0, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(&self, row: usize) -> &[i64] {
        match self.offsets.get(row..row + 2) {
            // Offsets are places in `rows`, never negative.
            Some(&[start, end]) => &self.rows[start as usize..end as usize],
            _ => &[],
        }
    }
}

/// For each row of `from`, the row of `to` (counted over all events) that its column `index` names; -1 where the index is
/// negative, which means none.
///
/// # Errors
/// When the banks have not the same events, the column was not read or has no integers, or an index names no row.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("run.hipo");
/// # let builder = hipo::Writer::builder().schema(hipo::Schema::parse("{REC::Particle/300/31}{pid/I}")?)?;
/// # let builder = builder.schema(hipo::Schema::parse("{REC::Calorimeter/300/32}{pindex/S}")?)?;
/// # let mut writer = builder.create(&path)?;
/// # let (mut particles, mut clusters) = (writer.bank("REC::Particle", 2)?, writer.bank("REC::Calorimeter", 3)?);
/// # particles.put_column("pid", &hipo::Numbers::I32(vec![11, 2212]))?;
/// # clusters.put_column("pindex", &hipo::Numbers::I16(vec![1, -1, 1]))?;
/// # writer.write(hipo::EventBuilder::new().add_bank(&particles)?.add_bank(&clusters)?)?;
/// # writer.finish()?;
/// # let reader = hipo::Reader::open(&path)?;
/// # let particles = reader.read_columns("REC::Particle", &["pid"])?;
/// # let clusters = reader.read_columns("REC::Calorimeter", &["pindex"])?;
/// assert_eq!(hipo::linked_rows(&clusters, "pindex", &particles)?, [1, -1, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn linked_rows(from: &BankColumns, index: &str, to: &BankColumns) -> Result<Vec<i64>, Fault> {
    if from.events() != to.events() {
        let (from, to) = (from.events(), to.events());
        return Err(Fault::Argument(format!("linking banks of {from} and {to} events: read them with one query")));
    }
    let indices = integers(from, index)?;
    let mut linked = Vec::with_capacity(indices.len());
    for event in 0..from.events() {
        let (rows, targets) = (from.rows_of(event), to.rows_of(event));
        for value in &indices[rows] {
            match usize::try_from(*value) {
                Err(_) => linked.push(-1),
                Ok(row) if row < targets.len() => linked.push((targets.start + row) as i64),
                Ok(row) => {
                    return Err(Fault::Damaged(format!(
                        "{}.{index} of event {} of those read names row {row} of {}, which has {}",
                        from.bank,
                        event + 1,
                        to.bank,
                        targets.len()
                    )));
                }
            }
        }
    }
    Ok(linked)
}

/// For each row of `to`, the rows of `from` whose column `index` names it.
///
/// # Errors
/// As [`linked_rows`].
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("run.hipo");
/// # let builder = hipo::Writer::builder().schema(hipo::Schema::parse("{REC::Particle/300/31}{pid/I}")?)?;
/// # let builder = builder.schema(hipo::Schema::parse("{REC::Calorimeter/300/32}{pindex/S}")?)?;
/// # let mut writer = builder.create(&path)?;
/// # let (mut particles, mut clusters) = (writer.bank("REC::Particle", 2)?, writer.bank("REC::Calorimeter", 3)?);
/// # particles.put_column("pid", &hipo::Numbers::I32(vec![11, 2212]))?;
/// # clusters.put_column("pindex", &hipo::Numbers::I16(vec![1, -1, 1]))?;
/// # writer.write(hipo::EventBuilder::new().add_bank(&particles)?.add_bank(&clusters)?)?;
/// # writer.finish()?;
/// # let reader = hipo::Reader::open(&path)?;
/// # let particles = reader.read_columns("REC::Particle", &["pid"])?;
/// # let clusters = reader.read_columns("REC::Calorimeter", &["pindex"])?;
/// assert_eq!(hipo::links(&clusters, "pindex", &particles)?.rows, [0, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn links(from: &BankColumns, index: &str, to: &BankColumns) -> Result<Links, Fault> {
    let linked = linked_rows(from, index, to)?;
    let mut offsets = vec![0_i64; to.rows() + 1];
    for target in linked.iter().filter_map(|target| usize::try_from(*target).ok()) {
        offsets[target + 1] += 1;
    }
    for row in 0..to.rows() {
        offsets[row + 1] += offsets[row];
    }
    let mut next = offsets.clone();
    let mut rows = vec![0; offsets[to.rows()] as usize];
    for (row, target) in linked.iter().enumerate() {
        if let Ok(target) = usize::try_from(*target) {
            rows[next[target] as usize] = row as i64;
            next[target] += 1;
        }
    }
    Ok(Links { offsets, rows })
}

fn integers(bank: &BankColumns, name: &str) -> Result<Vec<i64>, Fault> {
    let column = bank.column(name)?;
    let wide = match &column.values {
        Numbers::I8(values) => values.iter().map(|value| i64::from(*value)).collect(),
        Numbers::I16(values) => values.iter().map(|value| i64::from(*value)).collect(),
        Numbers::I32(values) => values.iter().map(|value| i64::from(*value)).collect(),
        Numbers::I64(values) => values.clone(),
        _ => return Err(Fault::Argument(format!("{}.{name} has floats: it names no rows", bank.bank))),
    };
    if column.count == 1 { Ok(wide) } else { Err(Fault::Argument(format!("{}.{name} is an array column", bank.bank))) }
}
