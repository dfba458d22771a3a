//! What a difference comes from: two fingerprints of one cell, compared part by part.

use crate::proof::{Content, Fingerprint, Input};
use std::collections::BTreeMap;

/// The cells of the notebook as it is now, from top to bottom, by the hashes of their code.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    /// One for each cell that is run.
    pub codes: Vec<String>,
    /// Contents of inputs, by path, where any fingerprint has a hash of them.
    hashed: BTreeMap<String, Content>,
}

impl Cells {
    /// The cells with these codes, and the fingerprints that they have.
    pub fn new(codes: impl Iterator<Item = String>, fingerprints: &[(u32, Fingerprint)]) -> Self {
        let inputs = fingerprints.iter().flat_map(|(_, fingerprint)| &fingerprint.inputs);
        let hashed = inputs.filter(|input| !matches!(input.content, Content::Modified(_)));
        let hashed = hashed.map(|input| (input.path.clone(), input.content.clone())).collect();
        Self { codes: codes.collect(), hashed }
    }

    /// The content of an input that was made before it was hashed, from another fingerprint of the notebook.
    fn content<'a>(&'a self, input: &'a Input) -> &'a Content {
        match input.content {
            Content::Modified(_) => self.hashed.get(&input.path).unwrap_or(&input.content),
            _ => &input.content,
        }
    }

    /// The numbers of the cells with this code.
    fn of<'a>(&'a self, code: &'a str) -> impl Iterator<Item = u32> + 'a {
        (1..).zip(&self.codes).filter(move |(_, have)| *have == code).map(|(number, _)| number)
    }

    /// Whether a cell above `number` has this code.
    fn above(&self, number: u32, code: &str) -> bool {
        self.of(code).any(|other| other < number)
    }
}

/// What has changed for cell `number` since its outputs were made: code, order of runs, inputs, seeds, options. Empty when
/// nothing has.
pub fn changes(cells: &Cells, number: u32, was: &Fingerprint, is: Option<&Fingerprint>) -> Vec<String> {
    let mut reasons = code(cells, number, was);
    if let Some(is) = is {
        reasons.extend(inputs(cells, was, is));
        reasons.extend(seeds(was, is));
        reasons.extend(options(was, is));
    }
    reasons
}

/// What a difference of cell `number` comes from: [`changes`], and if there are none, commands whose files are not known,
/// or the program.
pub fn explain(cells: &Cells, number: u32, was: &Fingerprint, is: Option<&Fingerprint>) -> Vec<String> {
    let mut reasons = changes(cells, number, was, is);
    if was.shell && reasons.is_empty() {
        reasons.push("a shell command ran before it, whose files are not known".to_owned());
    }
    if let Some(is) = is
        && reasons.is_empty()
    {
        let program = unlike(&Some(was.clone()), &Some(is.clone()));
        reasons.extend((!program.is_empty()).then(|| format!("same data and code; {}", program.join(", "))));
    }
    reasons
}

/// Changed code, and cells that were run in another order than they stand in.
fn code(cells: &Cells, number: u32, was: &Fingerprint) -> Vec<String> {
    let mut reasons = Vec::new();
    if cells.codes.get(number as usize - 1).is_some_and(|now| now != was.code()) {
        reasons.push(format!("cell {number} was changed after it was run"));
    }
    let mut named = Vec::new();
    for (name, run) in &was.uses {
        let Some(code) = was.code_of(*run).filter(|code| !cells.above(number, code)) else { continue };
        named.push(*run);
        reasons.push(match cells.of(code).next() {
            Some(other) if other == number => format!("cell {number} used `{name}` of an earlier run of itself"),
            Some(other) => {
                format!("cell {number} used `{name}` of cell {other}, which stands below it and was run before it")
            }
            None => format!("cell {number} used `{name}` of a cell that was changed or removed after it was run"),
        });
    }
    let gone = was.needs.iter().filter(|run| !named.contains(run)).filter_map(|run| was.code_of(*run));
    let gone = gone.filter(|code| !cells.above(number, code)).count();
    if gone > 0 && named.is_empty() {
        reasons
            .push(format!("{gone} of the cells that it needs {} changed, removed or run in another order", were(gone)));
    }
    reasons.extend(order(cells, was).filter(|_| reasons.is_empty()));
    reasons
}

fn were(count: usize) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

/// The order in which cells were run, where it is not from top to bottom; nothing while the first ones are not known. A cell
/// that has another code now is no sign of it.
fn order(cells: &Cells, was: &Fingerprint) -> Option<String> {
    const MOST: usize = 20;
    let mut last = 0;
    let mut downwards = true;
    let mut place = |code: &String| {
        // Of cells with one code, the next below the last run.
        let below = cells.of(code).find(|number| *number > last);
        downwards &= below.is_some() || cells.of(code).next().is_none();
        last = below.or_else(|| cells.of(code).next()).unwrap_or(last);
        cells.of(code).next().map_or_else(|| "?".to_owned(), |_| last.to_string())
    };
    let runs: Vec<String> = was.history.iter().map(&mut place).collect();
    if downwards || was.history.len() < was.run {
        return None;
    }
    let shown = runs[runs.len().saturating_sub(MOST)..].join(", ");
    Some(format!("cells were run in the order {}{shown}", if runs.len() > MOST { ".., " } else { "" }))
}

fn inputs(cells: &Cells, was: &Fingerprint, is: &Fingerprint) -> Vec<String> {
    let by_path = |fingerprint: &Fingerprint| -> BTreeMap<String, Input> {
        fingerprint.inputs.iter().map(|input| (input.path.clone(), input.clone())).collect()
    };
    let (before, now) = (by_path(was), by_path(is));
    let cut = was.more.is_some() || is.more.is_some();
    let mut reasons = Vec::new();
    for (path, was) in &before {
        match now.get(path) {
            // What the notebook makes follows from the rest.
            Some(is) if was.made && is.made => {}
            Some(is) => reasons.extend(changed(was, cells.content(was), is)),
            None if cut || was.made => {}
            None => reasons.push(format!("input `{path}` was not read")),
        }
    }
    let new = now.values().filter(|input| !before.contains_key(&input.path) && !cut && !input.made);
    reasons.extend(new.map(|input| format!("input `{}` is new", input.path)));
    if let (Some(was), Some(is)) = (&was.more, &is.more)
        && was != is
        && before.keys().eq(now.keys())
    {
        reasons.push(match was.files == is.files {
            true => format!("one or more of {} further inputs changed (hash)", was.files),
            false => format!("{} further inputs -> {}", was.files, is.files),
        });
    }
    reasons
}

fn changed(was: &Input, content: &Content, is: &Input) -> Option<String> {
    let name = &was.path;
    let rows = match (was.rows, is.rows) {
        (Some(was), Some(is)) if was != is => format!(", rows {was} -> {is}"),
        _ => String::new(),
    };
    if content.differs(&is.content) {
        return Some(format!("input `{name}` changed (hash){rows}"));
    }
    (was.size != is.size).then(|| format!("input `{name}` changed ({} -> {} bytes){rows}", was.size, is.size))
}

fn seeds(was: &Fingerprint, is: &Fingerprint) -> Vec<String> {
    let text =
        |seeds: &std::collections::BTreeSet<u64>| seeds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let steps = was.seeds.keys().chain(is.seeds.keys().filter(|step| !was.seeds.contains_key(*step)));
    let differing = steps.filter(|step| was.seeds.get(*step) != is.seeds.get(*step));
    let said = |step: &String| {
        let of = |fingerprint: &Fingerprint| fingerprint.seeds.get(step).map_or_else(|| "none".to_owned(), text);
        format!("seed of {step} {} -> {}", of(was), of(is))
    };
    differing.map(said).collect()
}

fn options(was: &Fingerprint, is: &Fingerprint) -> Vec<String> {
    let names = was.options.keys().chain(is.options.keys().filter(|name| !was.options.contains_key(*name)));
    let of = |fingerprint: &Fingerprint, name: &String| {
        fingerprint.options.get(name).cloned().unwrap_or_else(|| "unset".into())
    };
    let differing = names.filter(|name| was.options.get(*name) != is.options.get(*name));
    differing.map(|name| format!("{name} {} -> {}", of(was, name), of(is, name))).collect()
}

/// How the program that made `was` differs from the one that made `is`: `prelude 0.3 -> 0.4: see CHANGELOG`.
pub fn unlike(was: &Option<Fingerprint>, is: &Option<Fingerprint>) -> Vec<String> {
    let (Some(was), Some(is)) = (was, is) else { return Vec::new() };
    let mut parts = Vec::new();
    let (version, build) = was.prelude.split_once('+').unwrap_or((&was.prelude, ""));
    let (now, other) = is.prelude.split_once('+').unwrap_or((&is.prelude, ""));
    if version != now {
        parts.push(format!("prelude {version} -> {now}: see CHANGELOG"));
    } else if build != other {
        parts.push(format!("another build of prelude {version} ({build} -> {other})"));
    }
    for (what, was, is) in [("rustc", &was.rustc, &is.rustc), ("vectors", &was.vectors, &is.vectors)] {
        if was != is {
            parts.push(format!("{what} {was} -> {is}"));
        }
    }
    parts
}

/// What is said of a difference when both fingerprints are alike, or when there is none.
pub(super) fn nothing_changed(code: &str, has_fingerprint: bool) -> String {
    if !has_fingerprint {
        return "no fingerprint says what it was made from: `recoil run` and the kernel write them".to_owned();
    }
    // Words of Rust whose values differ from run to run.
    const MOODS: [(&str, &str); 9] = [
        ("Instant", "the clock"),
        ("SystemTime", "the clock"),
        ("elapsed", "the clock"),
        ("Local::now", "the clock"),
        ("Utc::now", "the clock"),
        ("rand::", "random numbers"),
        ("rng()", "random numbers"),
        ("HashMap", "the order of a hash map"),
        ("HashSet", "the order of a hash set"),
    ];
    match MOODS.iter().find(|(word, _)| code.contains(word)) {
        Some((word, what)) => {
            format!("same data, code and program; the cell uses {what} (`{word}`), which differs in every run")
        }
        None => "same data, code and program: the cell does not give the same in every run".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::code_hash;

    fn input(hash: &str, rows: u64) -> Input {
        let content = Content::Whole(hash.into());
        Input { path: "Zmumu.csv".into(), size: 7, rows: Some(rows), made: false, content }
    }

    /// The third of three cells, which takes `cut` from the first.
    fn third() -> (Cells, Fingerprint) {
        let codes: Vec<String> = ["let cut = 1;", "let other = 2;", "cut + 1"].map(code_hash).into();
        let uses = [("cut".to_owned(), 1)].into();
        let (prelude, rustc, vectors) = ("0.3.0+aa".into(), "1.95.0".into(), "avx2".into());
        let fingerprint = Fingerprint {
            prelude,
            rustc,
            vectors,
            run: 3,
            history: codes.clone(),
            uses,
            needs: [1].into(),
            inputs: vec![input("a", 10583)],
            ..Fingerprint::default()
        };
        (Cells { codes, ..Cells::default() }, fingerprint)
    }

    #[test]
    fn each_kind_of_change_is_named() {
        let (cells, was) = third();
        let because = |was: &Fingerprint, is: &Fingerprint| explain(&cells, 3, was, Some(is)).join("; ");
        assert_eq!(because(&was, &was), "");
        let is = Fingerprint { inputs: vec![input("b", 10587)], ..was.clone() };
        assert_eq!(because(&was, &is), "input `Zmumu.csv` changed (hash), rows 10583 -> 10587");
        let is = Fingerprint { inputs: vec![], ..was.clone() };
        assert_eq!(because(&was, &is), "input `Zmumu.csv` was not read");
        let made = |made: bool| Fingerprint { inputs: vec![Input { made, ..input("b", 10583) }], ..was.clone() };
        let other = Fingerprint { inputs: vec![Input { made: true, ..input("c", 10583) }], ..was.clone() };
        assert_eq!(because(&made(true), &other), "", "products follow from the rest");
        assert_eq!(because(&made(false), &other), "input `Zmumu.csv` changed (hash)");
        assert_eq!(because(&Fingerprint { inputs: vec![], ..was.clone() }, &made(true)), "");
        let is = Fingerprint { seeds: [("sample".to_owned(), [2].into())].into(), ..was.clone() };
        assert_eq!(because(&was, &is), "seed of sample none -> 2");
        assert_eq!(
            because(&Fingerprint { seeds: [("sample".to_owned(), [1].into())].into(), ..was.clone() }, &is),
            "seed of sample 1 -> 2"
        );
        let is = Fingerprint { prelude: "0.4.0+bb".into(), ..was.clone() };
        assert_eq!(because(&was, &is), "same data and code; prelude 0.3.0 -> 0.4.0: see CHANGELOG");
        let is = Fingerprint { prelude: "0.3.0+bb".into(), rustc: "1.96.0".into(), ..was.clone() };
        assert_eq!(
            because(&was, &is),
            "same data and code; another build of prelude 0.3.0 (aa -> bb), rustc 1.95.0 -> 1.96.0"
        );
        let is = Fingerprint { options: [("RAYON_NUM_THREADS".to_owned(), "1".to_owned())].into(), ..was.clone() };
        assert_eq!(because(&was, &is), "RAYON_NUM_THREADS unset -> 1");
    }

    #[test]
    fn hidden_state_is_named() {
        let (cells, was) = third();
        let moved = Cells { codes: [1, 2, 0].map(|at| cells.codes[at].clone()).into(), ..Cells::default() };
        let uses_below =
            Fingerprint { history: [0, 2].map(|at| cells.codes[at].clone()).into(), run: 2, ..was.clone() };
        let because = |cells: &Cells, number: u32, was: &Fingerprint| explain(cells, number, was, Some(was)).join("; ");
        let said = because(&moved, 2, &uses_below);
        assert!(said.starts_with("cell 2 used `cut` of cell 3, which stands below it and was run before it"), "{said}");
        let mut edited = cells.clone();
        edited.codes[0] = code_hash("let cut = 9;");
        assert_eq!(
            because(&edited, 3, &was),
            "cell 3 used `cut` of a cell that was changed or removed after it was run"
        );
        edited.codes[2] = code_hash("cut + 2");
        assert!(because(&edited, 3, &was).starts_with("cell 3 was changed after it was run; cell 3 used `cut`"));
        let twice =
            Fingerprint { history: [0, 1, 1, 2].map(|at| cells.codes[at].clone()).into(), run: 4, ..was.clone() };
        assert_eq!(because(&cells, 3, &twice), "cells were run in the order 1, 2, 2, 3");
        let mut elsewhere = cells.clone();
        elsewhere.codes[1] = code_hash("let other = 3;");
        assert_eq!(because(&elsewhere, 3, &was), "", "a cell that it does not need has changed");
        assert!(nothing_changed("Instant::now()", true).contains("the clock"));
        assert!(nothing_changed("", false).contains("no fingerprint"));
    }

    #[test]
    fn an_input_that_was_not_hashed_yet_is_known_by_another_output() {
        let (cells, was) = third();
        let early = Input { content: Content::Modified("5.0".into()), ..input("a", 3) };
        let before = Fingerprint { inputs: vec![early], ..was.clone() };
        let is = Fingerprint { inputs: vec![input("b", 3)], ..was.clone() };
        assert!(explain(&cells, 3, &before, Some(&is)).is_empty());
        let cells = Cells::new(cells.codes.into_iter(), &[(2, was)]);
        assert_eq!(explain(&cells, 3, &before, Some(&is)), ["input `Zmumu.csv` changed (hash)"]);
    }

    #[test]
    fn inputs_without_room_count_together() {
        let (cells, was) = third();
        let more = |hash: &str| Some(crate::proof::More { files: 40, bytes: 9, hash: hash.into() });
        let (was, is) = (Fingerprint { more: more("a"), ..was.clone() }, Fingerprint { more: more("b"), ..was });
        assert_eq!(explain(&cells, 3, &was, Some(&is)), ["one or more of 40 further inputs changed (hash)"]);
    }
}
