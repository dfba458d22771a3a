//! Groups put together: union, difference, and the processes of two data sets as one.

use crate::catalog::{Catalog, Process};
use crate::dataset::Data;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::steps::chain::Chain;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::{Add, Sub};
use std::sync::Arc;

impl Group {
    /// The processes of both groups. Both must have the same steps behind them.
    ///
    /// ```
    /// # use polars::df;
    /// # let mumu = df!("x" => [1.0, 2.0])?;
    /// # let data = data::Data::from_frames([("mumu", mumu.clone()), ("taupair", mumu)])?;
    /// let all = data.group("mumu").union(&data.group("taupair"));
    /// assert_eq!(all.count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut members: Vec<_> = self.parts.members.iter().chain(other.parts.members.iter()).copied().collect();
        members.sort_unstable();
        members.dedup();
        self.combined(other, "+", members)
    }

    /// The processes of this group that are not in the other.
    ///
    /// ```
    /// # use polars::df;
    /// # let mumu = df!("x" => [1.0, 2.0])?;
    /// # let data = data::Data::from_frames([("mumu", mumu.clone()), ("taupair", mumu)])?;
    /// let rest = data.difference(&data.group("mumu"));
    /// assert_eq!(rest.process_names(), ["taupair"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let members = self.parts.members.iter().filter(|at| !other.parts.members.contains(at)).copied().collect();
        self.combined(other, "-", members)
    }

    /// The processes of both groups, each with the steps it has so far; of one data set or of two. A process that is in both
    /// has the rows of this group and then those of the other, if the steps behind them are the same; the same rows twice
    /// are an error. Weights and limits are those of this group.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let more = data::Data::from_frames([("taupair", df!("x" => [5.0])?)])?;
    /// assert_eq!(data.query("x < 2").concat(&more).column("x")?, [1.0, 5.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn concat(&self, other: &Self) -> Self {
        let label = Arc::<str>::from(format!("{}, {}", self.parts.label, other.parts.label));
        let error = match (self.parts.broken.as_ref().or(other.parts.broken.as_ref()), Catalog::joined(self, other)) {
            (Some(error), _) => (**error).clone(),
            (None, Err(error)) => error,
            (None, Ok(_))
                if other.parts.settings.luminosity.is_some()
                    && !self.parts.settings.weighs_as(&other.parts.settings) =>
            {
                Error::request(format!("{label}: other luminosities; put the data together first, then weight them"))
            }
            (None, Ok(catalog)) => {
                let all = Self::all(Arc::new(catalog), Arc::clone(&self.parts.settings));
                return all.changed(|parts| parts.label = label);
            }
        };
        self.broken_by(label, error)
    }

    fn combined(&self, other: &Self, sign: &str, members: Vec<usize>) -> Self {
        let label = Arc::<str>::from(format!("{} {sign} {}", self.parts.label, other.parts.label));
        if let Some(error) = self.parts.broken.as_ref().or(other.parts.broken.as_ref()) {
            return self.broken_by(label, (**error).clone());
        }
        let error = if !Arc::ptr_eq(&self.parts.catalog, &other.parts.catalog) {
            Some("these are groups of two data sets; `a.concat(&b)` puts their processes together")
        } else if !self.parts.chain.is_same(&other.parts.chain) {
            Some("these groups have different steps; combine first and then add steps, or use `a.concat(&b)`")
        } else if members.is_empty() {
            Some("no process is left")
        } else {
            None
        };
        match error {
            Some(why) => self.broken_by(label.clone(), Error::request(format!("{label}: {why}"))),
            None => self.changed(|parts| (parts.label, parts.members) = (label, members.into())),
        }
    }
}

impl Catalog {
    /// The processes of two groups, each with the steps it has; positions are new. A process that is in both has the rows
    /// of the first and then those of the second.
    ///
    /// # Errors
    /// A process in both whose rows would count twice, whose columns differ, or which has other steps in one.
    pub(crate) fn joined(one: &Group, two: &Group) -> Result<Self> {
        let of = |group: &'_ Group, at: usize| Joined {
            process: group.parts.catalog.processes[at].clone(),
            groups: group
                .parts
                .catalog
                .groups
                .iter()
                .filter(|(_, all)| all.contains(&at))
                .map(|(name, _)| name.clone())
                .collect(),
            before: group.parts.catalog.before(at).then(&group.parts.chain),
        };
        let members =
            one.parts.members.iter().map(|&at| of(one, at)).chain(two.parts.members.iter().map(|&at| of(two, at)));
        let mut by_name: BTreeMap<Arc<str>, Joined> = BTreeMap::new();
        for member in members {
            let name = member.process.name.clone();
            let member = match by_name.remove(&name) {
                Some(first) => first.and(member)?,
                None => member,
            };
            by_name.insert(name, member);
        }
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, member) in by_name.values().enumerate() {
            member.groups.iter().for_each(|name| groups.entry(name.clone()).or_default().push(at));
        }
        let path = match one.parts.catalog.path == two.parts.catalog.path {
            true => one.parts.catalog.path.clone(),
            false => format!("{} and {}", one.parts.catalog.path, two.parts.catalog.path).into(),
        };
        let mut skipped = one.parts.catalog.skipped.clone();
        skipped
            .extend(two.parts.catalog.skipped.iter().filter(|file| !one.parts.catalog.skipped.contains(file)).cloned());
        let (processes, before) = by_name.into_values().map(|member| (member.process, member.before)).unzip();
        Ok(Self { path, processes, groups, skipped, before })
    }
}

/// A process on its way from one catalogue into another.
struct Joined {
    process: Arc<Process>,
    groups: BTreeSet<String>,
    before: Chain,
}

impl Joined {
    /// Its rows, and then those of the same process in another group.
    fn and(self, other: Self) -> Result<Self> {
        let (one, two) = (&self.process, &other.process);
        let name = &one.name;
        if let Some(file) = shared(one, two) {
            return Err(Error::request(format!("process `{name}` is in both with {file}; its rows would count twice")));
        }
        let steps = self.before.steps();
        let why = match steps.iter().find(|step| !step.is_row_by_row()) {
            _ if !self.before.is_same(&other.before) => Some("with other steps in each".to_owned()),
            Some(step) => Some(format!("and `{step}` looks at more than one row")),
            None => None,
        };
        if let Some(why) = why {
            let text = format!("process `{name}` is in both, {why}; put the data together first, then add steps");
            return Err(Error::request(text));
        }
        let source = sources::chain(vec![one.source.clone(), two.source.clone()]);
        let source = source.map_err(|error| Error::from(error).of(name))?;
        let files = one.files + two.files;
        let notes = one.notes.iter().chain(&two.notes).cloned().collect();
        let process = Process { name: name.clone(), parsed: one.parsed.clone(), source, files, notes };
        let groups = self.groups.into_iter().chain(other.groups).collect();
        Ok(Self { process: Arc::new(process), groups, before: self.before })
    }
}

/// Rows that are in both processes: the name of their file, or of the frame.
fn shared(one: &Process, two: &Process) -> Option<String> {
    let known: HashSet<_> = one.source.segments().iter().map(|segment| segment.identity).collect();
    let shared = two.source.segments().iter().find(|segment| known.contains(&segment.identity));
    match shared {
        Some(segment) => Some(format!("{}", segment.place.file)),
        // A table without rows has no segments.
        None => Arc::ptr_eq(&one.source, &two.source).then(|| one.source.name().to_owned()),
    }
}

macro_rules! operators {
    ($($left:ty, $right:ty;)*) => {$(
        impl Add<$right> for $left {
            type Output = Group;

            fn add(self, other: $right) -> Group {
                self.union(&other)
            }
        }

        impl Sub<$right> for $left {
            type Output = Group;

            fn sub(self, other: $right) -> Group {
                self.difference(&other)
            }
        }
    )*};
}
operators! { Group, Group; Group, &Group; &Group, Group; &Group, &Group; &Data, Group; &Data, &Group; }
