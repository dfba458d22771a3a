//! In which order candidates are offered: what fits the place first, then what this notebook uses, then what people need
//! first.

use super::chain::parameter;
use super::entry::Entry;
use super::index::owner_of;
use crate::variables::Known;
use std::collections::{BTreeMap, BTreeSet};

/// How often a name stands in the cells that have run.
pub(super) type Used = BTreeMap<String, u32>;
/// A candidate and its kind.
pub(super) type Candidate = (String, String);

/// Methods in the order in which people need them.
const METHODS: [&str; 32] = [
    "group",
    "query",
    "define",
    "oneCandOnly",
    "weight",
    "hist",
    "count",
    "cutflow",
    "head",
    "columns",
    "groups",
    "processes",
    "collect",
    "hist2d",
    "hists",
    "agg",
    "group_by",
    "select",
    "best_candidate",
    "luminosity",
    "write_parquet",
    "data",
    "ratio",
    "title",
    "x_label",
    "y_label",
    "fit",
    "plot",
    "save",
    "values",
    "errors",
    "sum",
];
/// Names of their own that people need first.
const WORDS: [&str; 16] = [
    "load",
    "let",
    "for",
    "query",
    "histogram",
    "stack",
    "overlay",
    "display",
    "count",
    "mean",
    "sum",
    "Gaussian",
    "Line",
    "Axis",
    "hipo",
    "events",
];
/// What people never call: of the room's own, or of the way in which a cell is run.
const INTERNAL: [&str; 4] = ["names_after_steps", "recoil_cell_failed", "recoil_take_text", "runtime"];
const SHAPES: [&str; 13] = [
    "Gaussian",
    "Line",
    "Polynomial",
    "Exponential",
    "CrystalBall",
    "DoubleCrystalBall",
    "BreitWigner",
    "Voigt",
    "Constant",
    "Chebyshev",
    "Argus",
    "Johnson",
    "Template",
];
/// What an argument of a type can be, where the signature names a trait or a type that is made in several ways.
const VALUES: [(&str, &[&str]); 9] = [
    ("IntoOrder", &["Lowest", "Highest"]),
    ("Order", &["Lowest", "Highest"]),
    ("Model", &SHAPES),
    ("Fit", &SHAPES),
    ("Aggregation", &["count", "sum", "mean", "std", "min", "max", "median", "quantile", "n_unique", "first", "last"]),
    ("Direction", &["Up", "Down"]),
    ("Window", &["row_number", "rank", "cumulative_sum", "cumulative_count", "lag", "difference"]),
    ("IntoVariation", &["Norm", "Sample", "Replicas", "Envelope"]),
    ("IntoBins", &["Axis"]),
];

/// Whether a name is nobody's business who writes cells.
pub(super) fn is_internal(name: &str) -> bool {
    INTERNAL.contains(&name) || name.starts_with("recoil_") || name.starts_with("r#") || name.starts_with("__")
}

/// Fields and methods: groups first, then by use and need; the rest in the order in which it was found, the type's own
/// before those of its traits.
pub(super) fn members(found: &mut Vec<Candidate>, used: &Used) {
    found.retain(|(name, _)| !is_internal(name));
    found.sort_by_key(|(name, kind)| {
        let times = used.get(name).copied().unwrap_or(0);
        (kind != "group", kind != "field", std::cmp::Reverse(times), place(&METHODS, name))
    });
    // A group and a method of one name are one word to type.
    let mut seen = BTreeSet::new();
    found.retain(|(name, _)| seen.insert(name.clone()));
}

/// Words of their own: what the argument wants, variables, then by use and need, the rest by name.
pub(super) fn words(found: &mut Vec<Candidate>, used: &Used, wanted: &dyn Fn(&Candidate) -> bool) {
    found.retain(|(name, _)| !is_internal(name));
    let key = |candidate: &Candidate| {
        let (name, kind) = candidate;
        let times = used.get(name).copied().unwrap_or(0);
        let rest = (kind != "variable", std::cmp::Reverse(times), place(&WORDS, name), kind == "keyword");
        (!wanted(candidate), rest, name.clone())
    };
    found.sort_by_cached_key(key);
}

fn place(list: &[&str], name: &str) -> usize {
    list.iter().position(|known| *known == name).unwrap_or(list.len())
}

/// What the argument of a call wants, by the signatures of the functions that it may be.
pub(super) struct Wanted {
    kinds: Vec<String>,
    values: Vec<&'static str>,
}

impl Wanted {
    pub fn of(called: &[&Entry], argument: usize) -> Self {
        let mut wanted = Self { kinds: Vec::new(), values: Vec::new() };
        for kind in called.iter().filter_map(|entry| parameter(entry, argument)) {
            let names = kind.split(|c: char| !super::scan::is_word(c)).filter(|name| !name.is_empty());
            for name in names {
                let values = VALUES.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, values)| values);
                wanted.values.extend(values);
                wanted.kinds.push(name.to_owned());
            }
        }
        wanted
    }

    /// Whether a candidate is of the type that is wanted.
    pub fn fits(&self, (name, kind): &Candidate, variables: &BTreeMap<String, Known>) -> bool {
        if kind != "variable" {
            return self.values.contains(&name.as_str());
        }
        let Some(known) = variables.get(name) else { return false };
        let of = owner_of(&known.kind);
        let has = |kind: &str| self.kinds.iter().any(|wanted| wanted == kind);
        has(&of)
            // What the traits of plots and comparisons take.
            || (matches!(of.as_str(), "Histogram" | "Hist") && ["Part", "Parts", "Hist"].iter().any(|kind| has(kind)))
            || (matches!(of.as_str(), "String" | "str") && has("str"))
            || (is_number(&of) && (has("Number") || has("TryInto")))
    }
}

/// Whether a type is one of Rust's numbers.
pub(super) fn is_number(kind: &str) -> bool {
    matches!(kind, "usize" | "isize")
        || (kind.starts_with(['i', 'u', 'f']) && kind.len() > 1 && kind[1..].bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &[Candidate]) -> Vec<&str> {
        found.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn candidates(of: &[(&str, &str)]) -> Vec<Candidate> {
        of.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
    }

    #[test]
    fn methods_are_ordered_by_use_and_need() {
        let mut found = candidates(&[
            ("anti_join", "method"),
            ("count", "method"),
            ("names_after_steps", "method"),
            ("query", "method"),
            ("sample", "method"),
            ("mumu", "group"),
            ("all", "method"),
            ("all", "group"),
        ]);
        members(&mut found, &Used::from([("sample".into(), 3)]));
        assert_eq!(names(&found), ["mumu", "all", "sample", "query", "count", "anti_join"]);
    }

    #[test]
    fn an_argument_wants_values_of_its_type() {
        let entry = |signature: &str| Entry { signature: signature.into(), ..Entry::default() };
        let order = entry("fn best_candidate(&self, by: impl Into<Selection>, order: impl IntoOrder) -> Self");
        let mut found = candidates(&[("let", "keyword"), ("Highest", "enum"), ("n", "variable"), ("Lowest", "enum")]);
        let wanted = Wanted::of(&[&order], 1);
        words(&mut found, &Used::new(), &|candidate| wanted.fits(candidate, &BTreeMap::new()));
        assert_eq!(names(&found), ["Highest", "Lowest", "n", "let"]);

        let stack = entry("pub fn stack(parts: impl Parts) -> Plot");
        let known = |kind: &str| Known { kind: kind.into(), ..Known::default() };
        let variables = BTreeMap::from([("a".into(), known("f64")), ("h".into(), known("recoil::Histogram"))]);
        let mut found = candidates(&[("a", "variable"), ("h", "variable")]);
        let wanted = Wanted::of(&[&stack], 0);
        words(&mut found, &Used::new(), &|candidate| wanted.fits(candidate, &variables));
        assert_eq!(names(&found), ["h", "a"]);
    }
}
