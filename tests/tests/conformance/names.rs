//! Process names: every part of every name, and weights that no substring can mix up.

use belle2::luminosity::Luminosity;
use belle2::names::Grammar;
use serde_json::Value as Json;

#[test]
fn names() {
    let Some(folder) = recoil_tests::cases::folder("names") else { return };
    let text = std::fs::read_to_string(folder.join("cases.json")).expect("cases.json");
    let cases: Json = serde_json::from_str(&text).expect("cases.json is JSON");
    let cases = cases["names"].as_array().expect("names");
    let differ: Vec<String> = cases.iter().filter_map(|case| difference(case).err()).collect();
    assert!(!cases.is_empty());
    assert!(differ.is_empty(), "{} of {} names differ:\n{}", differ.len(), cases.len(), differ.join("\n"));
}

fn difference(case: &Json) -> Result<(), String> {
    let name = case["name"].as_str().expect("a name");
    // As directories have it: with the prefix, and quoted.
    for written in [name.to_owned(), format!("sample_name={name}"), format!("'sample_name={name}'")] {
        let parsed = Grammar::default().parse(&written).map_err(|error| error.to_string())?;
        let parsed = serde_json::to_value(&parsed).map_err(|error| error.to_string())?;
        for (part, expected) in case.as_object().expect("parts") {
            if parsed.get(part) != Some(expected) {
                let got = parsed.get(part).unwrap_or(&Json::Null);
                return Err(format!("{written}: {part} is {got}, not {expected}"));
            }
        }
    }
    Ok(())
}

#[test]
fn weights_of_eeee_and_eemumu_are_their_own() {
    let table = r#"
        [data."4S_offres"]
        proc = 41.642678
        prompt = 17.679
        [simulation."4S_offres"]
        ee = 3.9602
        mumu = 158.4068
        eeee = 38.7110
        eemumu = 38.7110
    "#;
    let table = Luminosity::from_toml(table).expect("a table");
    for (sample, expected) in [("ee", 10.5153), ("mumu", 0.2629), ("eeee", 1.0757), ("eemumu", 1.0757)] {
        let name = Grammar::default().parse(&format!("P16M16rd_mcoff_{sample}_p16_v1")).expect("a name");
        let weight = table.weight(&name).expect("a weight");
        assert!((weight - expected).abs() < 5e-5, "{sample} weighs {weight}, not {expected}");
    }
}
