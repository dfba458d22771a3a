use super::*;
use proptest::prelude::*;

#[test]
fn a_profile_says_moments_quantiles_missing_and_frequent_values() {
    let frame = df![
        "pRecoil" => [Some(1.0), Some(2.0), Some(2.1), Some(2.2), Some(2.0), Some(2.5), Some(3.0), Some(4.0), Some(f64::NAN), None],
        "process" => ["mumu", "ee", "mumu", "mumu", "<i>", "gg", "ee", "mumu", "mumu", "mumu"],
        "good" => [true, true, false, true, true, true, true, true, true, true],
    ]
    .unwrap();
    insta::assert_snapshot!(Profile::of(&frame).table().to_text());
}

#[test]
fn lists_are_described_by_their_lengths_and_then_by_their_values() {
    let lists = |all: &[&[f32]]| {
        let lists: ListChunked = all.iter().map(|list| Some(Series::new("".into(), *list))).collect();
        lists.into_series()
    };
    let pt = lists(&[&[1.0, 2.0], &[], &[6.0]]).with_name("Jet_pt".into());
    let frame = DataFrame::new(3, vec![pt.clone().into(), pt.clone().with_name("Jet_eta".into()).into()]).unwrap();
    let text = Profile::of(&frame).table().to_text();
    assert_eq!(text.matches("len(").count(), 1, "{text}");
    let profile = Profile::of(&frame);
    let lengths = profile.columns[0].lengths.as_deref().unwrap();
    assert_eq!((lengths.rows, lengths.mean(), lengths.range()), (3, 1.0, Some((0.0, 2.0))));
    assert_eq!((profile.columns[0].rows, profile.columns[0].mean()), (3, 3.0));
    let mut counted = frame.clone();
    counted.insert_column(0, Column::new("nJet".into(), [2_u32, 0, 1])).unwrap();
    assert!(!Profile::of(&counted).table().to_text().contains("len("));
    // The same as objects with fields, in two parts.
    let objects = df!("pt" => [1.0_f32, 2.0, 6.0]).unwrap().into_struct("".into()).into_series();
    let jets = Lists::of(&pt).unwrap().unwrap().column("Jet", &objects).unwrap();
    let frame = DataFrame::new(3, vec![jets.into()]).unwrap();
    let mut parts = Profile::of(&frame.head(Some(1)));
    parts.merge(Profile::of(&frame.tail(Some(2))));
    let column = &parts.columns[0];
    assert_eq!((column.name(), column.mean(), column.lengths.as_ref().unwrap().rows), ("Jet.pt", 3.0, 3));
}

#[test]
fn a_column_of_nothing_is_described_too() {
    let frame = df!["x" => [f64::NAN, f64::INFINITY], "n" => [None::<i32>, None]].unwrap();
    let profile = Profile::of(&frame);
    assert_eq!((profile.columns()[0].nans, profile.columns()[0].infinite, profile.columns()[1].nulls), (1, 1, 2));
    assert!(profile.columns()[0].range().is_none() && profile.columns()[0].mean().is_nan());
    assert!(!profile.table().to_text().contains("inf"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn parts_merge_to_the_whole(values in proptest::collection::vec(-1e3f64..1e3, 2..200), cut in 0usize..200) {
        let frame = df!["x" => &values].unwrap();
        let cut = cut.min(values.len());
        let mut parts = Profile::of(&frame.slice(0, cut));
        parts.merge(Profile::of(&frame.slice(cut as i64, values.len() - cut)));
        let (whole, parts) = (&Profile::of(&frame).columns[0], &parts.columns[0]);
        prop_assert_eq!((whole.rows, whole.range()), (parts.rows, parts.range()));
        prop_assert!((whole.mean() - parts.mean()).abs() < 1e-9);
        prop_assert!((whole.deviation() - parts.deviation()).abs() < 1e-7);
        prop_assert_eq!(whole.spark(), parts.spark());
    }
}
