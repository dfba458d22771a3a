//! Names by tokens: whatever tokens make a name, their parts come back, and no sample is taken for one it contains.

use belle2::names::{Grammar, bare};
use proptest::prelude::*;

const BEAMS: [(&str, &str); 4] = [("", "4S_on"), ("4S", "4S_on"), ("off", "4S_offres"), ("5S", "5S_scan")];
const GROUPS: [(&str, &str); 14] = [
    ("mumu", "mumu"),
    ("ee", "ee"),
    ("eeee", "llYY"),
    ("eemumu", "llYY"),
    ("llXX", "llYY"),
    ("gg", "gg"),
    ("taupair", "taupair"),
    ("uubar", "qqbar"),
    ("ddbar", "qqbar"),
    ("ssbar", "qqbar"),
    ("ccbar", "qqbar"),
    ("charged", "BBbar"),
    ("mixed", "BBbar"),
    ("hhISR", "hhISR"),
];

proptest! {
    #[test]
    fn the_parts_of_a_name_come_back(
        proc in 0_u32..99, campaign in 0_u32..99, dependent in any::<bool>(), beam in 0_usize..4, sample in 0_usize..15,
        stream in prop::option::of(0_u32..99), version in prop::option::of(0_u32..99), quote in 0_usize..4,
    ) {
        let (beam, energy) = BEAMS[beam];
        let group = GROUPS.get(sample);
        let kind = if group.is_some() { format!("mc{beam}_{}", GROUPS[sample].0) } else { format!("data{beam}") };
        let stream = stream.map_or("prompt".to_owned(), |n| format!("p{n}"));
        let version = version.map_or("COMBINED".to_owned(), |n| format!("v{n}"));
        let name = format!("P{proc}M{campaign}{}_{kind}_{stream}_{version}", if dependent { "rd" } else { "ri" });
        let written = [name.clone(), format!("sample_name={name}"), format!("'sample_name={name}'"), format!("sample_name=\"{name}\"")];
        prop_assert_eq!(bare(&written[quote]), &name);
        let parsed = Grammar::default().parse(&written[quote]).unwrap();
        prop_assert_eq!((parsed.proc, parsed.mc_campaign, parsed.run_dependent), (Some(proc), Some(campaign), Some(dependent)));
        prop_assert_eq!((parsed.is_data, parsed.sample.as_deref()), (group.is_none(), group.map(|(sample, _)| *sample)));
        prop_assert_eq!((parsed.energy.as_deref(), parsed.stream, parsed.version), (Some(energy), Some(stream), Some(version)));
        prop_assert_eq!(parsed.group.as_str(), group.map_or("data", |(_, group)| group));
    }

    #[test]
    fn any_text_is_a_name_or_an_error_that_shows_it(name in "[PMrdimcdatoff0-9_'=v -]{0,40}|\\PC{0,20}") {
        match Grammar::default().parse(&name) {
            Ok(parsed) => prop_assert!(!parsed.group.is_empty() && bare(&name) == parsed.name),
            Err(error) => prop_assert!(error.to_string().contains(bare(&name))),
        }
    }
}
