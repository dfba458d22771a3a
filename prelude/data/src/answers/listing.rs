//! Names of processes, groups and columns: lists of text that display as tables.

use crate::group::Group;
use crate::steps::chain::{How, Step};
use polars::prelude::{DataType, Field, Schema};
use segment::collections::{Collection, collections};
use segment::counted;
use show::{Cell, Table};
use std::collections::BTreeMap;
use std::ops::Deref;

/// Notes that a listing has room for.
const MOST_NOTES: usize = 12;

/// Names, and what is known of them.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let processes = data.processes();
/// assert_eq!(processes[..], ["mumu"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Listing {
    names: Vec<String>,
    table: Table,
}

impl Listing {
    /// Names, and the table as which they display.
    ///
    /// ```
    /// let names = vec!["a".to_string(), "b".to_string()];
    /// let listing = data::Listing::of(names, show::Table::new(["name"]));
    /// assert_eq!(listing[..], ["a", "b"]);
    /// ```
    pub fn of(names: Vec<String>, table: Table) -> Self {
        Self { names, table }
    }
}

impl Deref for Listing {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.names
    }
}

impl IntoIterator for Listing {
    type Item = String;
    type IntoIter = std::vec::IntoIter<String>;

    fn into_iter(self) -> Self::IntoIter {
        self.names.into_iter()
    }
}

impl flow::Names for &Listing {
    fn names(self) -> Vec<String> {
        self.names.clone()
    }
}

impl flow::Names for Listing {
    fn names(self) -> Vec<String> {
        self.names
    }
}

impl<'a> IntoIterator for &'a Listing {
    type Item = &'a String;
    type IntoIter = std::slice::Iter<'a, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.names.iter()
    }
}

impl<const N: usize> PartialEq<[&str; N]> for Listing {
    fn eq(&self, other: &[&str; N]) -> bool {
        self.names == other
    }
}

impl PartialEq<[&str]> for Listing {
    fn eq(&self, other: &[&str]) -> bool {
        self.names == other
    }
}

impl show::Display for Listing {
    fn bundle(&self) -> show::Bundle {
        self.table.bundle()
    }
}

/// A collection on one line: its name, the types of its fields, and their names.
fn described(of: &Collection) -> [Cell; 4] {
    let names: Vec<_> = of.fields.iter().map(|field| field.name.as_str()).collect();
    let mut types: Vec<String> = of.fields.iter().map(|field| field.dtype.to_string()).collect();
    if types.windows(2).all(|pair| pair[0] == pair[1]) {
        types.truncate(1);
    }
    let kind = format!("{} lists: {}", of.fields.len(), types.join(" "));
    [Cell::text(of.short()), Cell::text(kind), Cell::text(""), Cell::text(names.join(" "))]
}

impl Group {
    /// The processes, with what their names say, their rows and files; displays as a table.
    ///
    /// ```
    /// # use polars::df;
    /// # let mumu = df!("x" => [1.0, 2.0])?;
    /// # let data = data::Data::from_frames([("mumu", mumu.clone()), ("taupair", mumu)])?;
    /// assert_eq!(data.processes().iter().count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn processes(&self) -> Listing {
        let luminosity = self.parts.settings.luminosity.as_ref();
        let heads = ["process", "group", "energy", "stream", "version", "rows", "columns", "files"];
        let mut table = Table::new(heads.into_iter().chain(luminosity.map(|_| "weight"))).caption(format!(
            "{} of {}",
            counted(self.parts.members.len(), ["process", "processes"]),
            self.parts.catalog.path
        ));
        let said = |part: Option<&String>| Cell::text(part.map_or("", String::as_str));
        for &at in self.parts.members.iter() {
            let process = &self.parts.catalog.processes[at];
            let parsed = process.parsed.as_ref();
            // A process whose name follows no grammar has no luminosity; `luminosity` refuses it.
            let weight = luminosity.map(|table| match parsed.map(|parsed| table.weight(parsed)) {
                Some(Ok(weight)) => Cell::number(weight),
                _ => Cell::text(""),
            });
            let cells = [
                Cell::text(&*process.name),
                said(parsed.map(|parsed| &parsed.group)),
                said(parsed.and_then(|parsed| parsed.energy.as_ref())),
                said(parsed.and_then(|parsed| parsed.stream.as_ref())),
                said(parsed.and_then(|parsed| parsed.version.as_ref())),
                Cell::count(process.source.rows()),
                Cell::count(process.source.schema().len() as u64),
                Cell::count(process.files as u64),
            ];
            table.push(cells.into_iter().chain(weight));
        }
        for note in self.decided() {
            table = table.note(note);
        }
        for (why, files) in self.left_out() {
            table = table.note(format!("left out as {why}: {files}"));
        }
        Listing { names: self.process_names(), table }
    }

    /// What was decided about files when they were opened.
    fn decided(&self) -> Vec<String> {
        let notes = self.parts.members.iter().flat_map(|&at| self.parts.catalog.processes[at].notes.iter().cloned());
        let mut notes: Vec<String> = notes.collect();
        if notes.len() > MOST_NOTES {
            let rest = notes.split_off(MOST_NOTES).len();
            notes.push(format!("and so of {rest} more"));
        }
        notes
    }

    /// Files that were not opened, by reason.
    fn left_out(&self) -> BTreeMap<&'static str, String> {
        let mut by_reason: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for (file, why) in &self.parts.catalog.skipped {
            by_reason.entry(why).or_default().push(file.display().to_string());
        }
        let said = |files: Vec<String>| match files.as_slice() {
            [first, second, third, rest @ ..] if !rest.is_empty() => {
                format!("{first}, {second}, {third} and {} more", rest.len())
            }
            files => files.join(", "),
        };
        by_reason.into_iter().map(|(why, files)| (why, said(files))).collect()
    }

    /// The groups that have a process here, with their processes and rows; displays as a table.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert!(data.groups().iter().all(|group| data.group(group).count().is_ok()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn groups(&self) -> Listing {
        let names = self.group_names();
        let mut table = Table::new(["group", "processes", "rows"]).caption(counted(names.len(), ["group", "groups"]));
        for name in &names {
            let members: Vec<_> = self.parts.catalog.groups[name]
                .iter()
                .filter(|at| self.parts.members.contains(at))
                .map(|&at| &self.parts.catalog.processes[at])
                .collect();
            let rows = members.iter().map(|process| process.source.rows()).sum();
            let processes = members.iter().map(|process| &*process.name).collect::<Vec<_>>().join(", ");
            table.push([Cell::text(name), Cell::text(processes), Cell::count(rows)]);
        }
        Listing { names, table }
    }

    /// The columns of all processes before any step, with types, units and who lacks them; displays as a table.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert!(data.columns().iter().any(|name| name == "k"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn columns(&self) -> Listing {
        let mut found: Vec<(String, DataType, usize)> = Vec::new();
        let mut position = BTreeMap::new();
        for &at in self.parts.members.iter() {
            for (name, dtype) in self.parts.catalog.processes[at].source.schema().iter() {
                let at = *position.entry(name.to_string()).or_insert_with(|| {
                    found.push((name.to_string(), dtype.clone(), 0));
                    found.len() - 1
                });
                found[at].2 += 1;
            }
        }
        let recognised = self.is_recognised();
        let schema: Schema = found.iter().map(|(name, dtype, _)| Field::new(name.into(), dtype.clone())).collect();
        let collections = collections(&schema);
        let with = |count: usize| if count > 0 { format!(", of which {count} collections") } else { String::new() };
        let caption = format!("{} columns{}", found.len(), with(collections.len()));
        let mut table = Table::new(["column", "type", "unit", "meaning"]).caption(caption);
        for (name, dtype, processes) in &found {
            if let Some(of) = collections.iter().find(|of| of.has(name)) {
                if of.fields[0].column == name.as_str() {
                    table.push(described(of));
                }
                continue;
            }
            let decoded = belle2::escape::decode(name);
            let mut meaning = if decoded == *name { String::new() } else { decoded };
            if *processes < self.parts.members.len() {
                meaning =
                    format!("{meaning} (in {processes} of {} processes)", self.parts.members.len()).trim().to_owned();
            }
            let unit = crate::lower::ranges::unit(name, show::variables::unit(name).unwrap_or_default(), recognised);
            table.push([Cell::text(name), Cell::text(dtype.to_string()), Cell::text(unit), Cell::text(meaning)]);
        }
        for column in self.unreadable() {
            table = table.note(column);
        }
        Listing { names: found.into_iter().map(|(name, _, _)| name).collect(), table }
    }

    /// Columns that files have and that cannot be read, each once.
    fn unreadable(&self) -> Vec<String> {
        let sources = self.parts.members.iter().map(|&at| &self.parts.catalog.processes[at].source);
        let mut said: Vec<String> = sources.flat_map(|source| source.unreadable()).map(ToString::to_string).collect();
        said.sort();
        said.dedup();
        said
    }

    /// The columns that a further step can name: those that are read, and those that steps have made or left.
    #[doc(hidden)]
    pub fn names_after_steps(&self) -> Vec<String> {
        let mut names: Vec<String> = self.columns().names;
        for step in self.parts.chain.steps() {
            let made: Vec<String> = match step {
                Step::Define { name, .. } | Step::DefineWith { name, .. } => vec![name.clone()],
                Step::Join { how: How::Anti, .. } => continue,
                Step::Join { frame, .. } => frame.get_column_names().into_iter().map(ToString::to_string).collect(),
                Step::Select(columns) => {
                    names.retain(|name| columns.contains(name));
                    continue;
                }
                Step::Drop(columns) => {
                    names.retain(|name| !columns.contains(name));
                    continue;
                }
                Step::Rename(renamed) => {
                    for (old, new) in renamed {
                        names.iter_mut().filter(|name| *name == old).for_each(|name| *name = new.clone());
                    }
                    continue;
                }
                Step::ByEvent(name) => {
                    let own = &self.parts.settings.event_keys;
                    let usual = |key: &String| belle2::event::KEYS.contains(&key.as_str());
                    let is_key = |key: &String| if own.is_empty() { usual(key) } else { own.contains(key) };
                    let (keys, rest): (Vec<_>, Vec<_>) = names.into_iter().partition(is_key);
                    names = keys;
                    names.push(format!("n{name}"));
                    names.extend(rest.into_iter().map(|column| format!("{name}_{column}")));
                    continue;
                }
                Step::Attach { name, other } => {
                    let theirs = other.schema().unwrap_or_default();
                    let lists = theirs.iter_names().map(|column| format!("{name}_{column}"));
                    std::iter::once(format!("n{name}")).chain(lists).collect()
                }
                Step::Resample(resample) => {
                    names = resample.aggregations.iter().map(|one| one.output.to_string()).collect();
                    continue;
                }
                _ => continue,
            };
            names.retain(|name| !made.contains(name));
            names.extend(made);
        }
        names
    }
}
