//! Compares columns with the answers of uproot in `expected.json`: per branch the SHA-1 over the counts of each level
//! (i64, little-endian) and the values.

mod hash;

use hash::hash;
use root::Values;
use std::collections::BTreeMap;
use std::path::Path;

/// Where uproot and ROOT disagree, ROOT's answer, computed with ROOT 6.40: packed floats are rounded once, counts are of the
/// type of the field, an empty text of a TLeafC has no byte.
const ROOT_SAYS: [(&str, &str, &str); 12] = [
    ("uproot-double32-float16.root", "double32_32", "4e322cfab74e92aeed1f72d8f088757047d6260f"),
    ("uproot-double32-float16.root", "double32_30", "0a889fe3eae5b1844aad75ba4b703ad42da04b03"),
    ("uproot-double32-float16.root", "double32_20", "9eeaf832fc01ebaf39f37fad055ec83d99d8b184"),
    ("uproot-double32-float16.root", "double32_10", "d0ff8788d136a49bacd39ca8ea4d93565643b994"),
    ("uproot-double32-float16.root", "double32_5", "6be87451fe6ada7eac4b34714008e584ab64d371"),
    ("uproot-double32-float16.root", "float16_16", "2aff1ca36676cbcdfaafee127ba97d75b2fb0987"),
    ("uproot-double32-float16.root", "float16_10", "778520e6f4f57f4be08eb63b297a56a8a5be9356"),
    ("uproot-double32-float16.root", "float16_5", "2328b58adc856935bb72626f8daa32f7f9aabf9d"),
    ("uproot-double32-float16.root", "float16_3", "5a8b9ca19b6afa40309d320181ec0ab882595511"),
    ("uproot-double32-float16.root", "array_30", "d5e28f39ac4398760ecea67d9f1a5ad4bcf366e0"),
    ("uproot-double32-float16.root", "array_10", "f509e0909a315b79199a8a26726fb1369e79a67f"),
    ("strings.root", "c", "75096cd19714accfcc9af22098d8c3de7d03b0d9"),
];

/// What came out of the comparison.
#[derive(Debug, Default)]
pub struct Outcome {
    pub right: usize,
    /// Branches with other values, or with an error where uproot has values.
    pub wrong: Vec<String>,
    /// Branches that uproot reads and that are listed with a reason.
    pub refused: Vec<String>,
    /// Branches that are neither a column nor listed.
    pub vanished: Vec<String>,
}

/// Branches with values in uproot that are listed with a reason instead.
const REFUSED: [&str; 3] = [
    // The tree has no rows, its branch two entries.
    "string-example.root: Refs;1: Params",
    "test_emptystruct_invalidvar_rntuple_v1-0-0-0.root: ntuple;1: empty_struct",
    // Sixty entries of a hundred.
    "branches_differ.root: ntuple;1: y",
];

impl Outcome {
    /// Everything is right, or refused as it should be.
    pub fn judge(&self) {
        let unexpected = |line: &&String| !REFUSED.iter().any(|known| line.contains(known));
        let refused: Vec<_> = self.refused.iter().filter(unexpected).collect();
        println!("{} branches are right, {} are refused with a reason", self.right, self.refused.len());
        assert!(self.right > 0, "nothing was compared");
        assert!(
            self.wrong.is_empty() && self.vanished.is_empty() && refused.is_empty(),
            "wrong: {:#?}\nvanished: {:#?}\nrefused: {refused:#?}",
            self.wrong,
            self.vanished
        );
    }
}

/// Compares all files of a folder with its `expected.json`.
pub fn compare(folder: &Path) -> Outcome {
    let text = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json");
    // Python writes numbers that JSON does not have; they are not used here.
    let text =
        ["-Infinity", "Infinity", "NaN"].iter().fold(text, |text, word| text.replace(&format!(":{word}"), ":null"));
    let answers: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).expect("expected.json is JSON");
    let mut outcome = Outcome::default();
    for (name, answer) in &answers {
        let file = match root::File::open(folder.join(name)) {
            Ok(file) => file,
            Err(error) => {
                if answer["error"].is_null() {
                    outcome.wrong.push(format!("{name}: {error}"));
                }
                continue;
            }
        };
        for (key, tree) in answer["trees"].as_object().into_iter().flatten() {
            if tree["error"].is_null() {
                table(&file, name, key, tree, &mut outcome);
            }
        }
    }
    outcome
}

fn table(file: &root::File, name: &str, key: &str, tree: &serde_json::Value, outcome: &mut Outcome) {
    let table = match file.table(key) {
        Ok(table) => table,
        Err(error) => return outcome.wrong.push(format!("{name}: {key}: {error}")),
    };
    if Some(table.rows()) != tree["entries"].as_u64() {
        outcome.wrong.push(format!("{name}: {key}: {} rows instead of {}", table.rows(), tree["entries"]));
    }
    for branch in tree["branches"].as_array().into_iter().flatten() {
        let own = branch["name"].as_str().unwrap_or_default();
        let full = branch["full"].as_str().unwrap_or(own);
        let label =
            format!("{name}: {key}: {full} ({}, {})", branch["kind"].as_str().unwrap_or(""), branch["typename"]);
        let clean = |text: &str| text.split('[').next().unwrap_or(text).trim_end_matches('.').to_owned();
        let names = [clean(full), clean(own)];
        let column = names.iter().find_map(|name| table.columns().iter().position(|column| column.name == *name));
        let Some(column) = column else {
            let listed = table.skipped().iter().find(|skipped| names.contains(&skipped.name));
            let parts = |column: &root::Column| names.iter().any(|name| column.name.starts_with(&format!("{name}.")));
            match listed {
                Some(skipped) if !branch["check"]["sha"].is_null() => {
                    outcome.refused.push(format!("{label}: {}", skipped.reason));
                }
                Some(_) => {}
                None if table.columns().iter().any(parts) => {}
                None => outcome.vanished.push(label),
            }
            continue;
        };
        // uproot has flat values of most, not of all.
        let Some(sha) = branch["check"]["sha"].as_str() else { continue };
        let pinned = ROOT_SAYS.iter().find(|(file, branch, _)| name.ends_with(file) && own == *branch);
        let sha = pinned.map_or(sha, |(_, _, sha)| sha);
        let widen = branch["typename"].as_str().is_some_and(|name| name.contains("RNTupleCardinality"));
        match table.read(&[column], 0..table.rows()) {
            Ok(values) if hash(&if widen { wide(&values[0]) } else { values[0].clone() }) == sha => outcome.right += 1,
            Ok(values) => {
                outcome.wrong.push(format!("{label}: other values: {} of {}", values[0].of(), branch["check"]["type"]))
            }
            Err(error) => outcome.wrong.push(format!("{label}: {error}")),
        }
    }
}

/// uproot gives counts as i64 whatever the field says.
fn wide(values: &Values) -> Values {
    match values {
        Values::U32(all) => Values::I64(all.iter().map(|value| i64::from(*value)).collect()),
        Values::U64(all) => Values::I64(all.iter().map(|value| *value as i64).collect()),
        other => other.clone(),
    }
}
