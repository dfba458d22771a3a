use crate::{Axis, Hist, Sample, Storage};

fn every_axis() -> Vec<Axis> {
    vec![
        Axis::regular(2, 0.0, 1.0).unwrap().named("x").labelled("momentum").with_unit("GeV/c"),
        Axis::log(2, 1.0, 100.0).unwrap(),
        Axis::variable(vec![0.0, 0.5, 3.0]).unwrap(),
        Axis::circular(3, 0.0, 6.0).unwrap(),
        Axis::integer(0, 2).unwrap(),
        Axis::boolean(),
    ]
}

#[test]
fn what_is_written_reads_back_the_same() {
    for storage in [Storage::Count, Storage::Weight, Storage::Mean, Storage::WeightedMean] {
        let mut h = Hist::with(every_axis(), storage).unwrap();
        let values: Vec<Vec<f64>> = (0..6)
            .map(|axis| {
                (0..50)
                    .map(|row| f64::from((row * (axis + 3)) % 7) / 2.0 - 0.5)
                    .map(|x| if x == 1.5 { f64::NAN } else { x })
                    .collect()
            })
            .collect();
        let columns: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
        let weights: Vec<f64> = (0..50).map(|row| f64::from(row) * 0.25).collect();
        let weighted = matches!(storage, Storage::Weight | Storage::WeightedMean);
        let profile = matches!(storage, Storage::Mean | Storage::WeightedMean);
        h.fill_slices(&columns, weighted.then_some(&weights), profile.then_some(&weights)).unwrap();
        let again = Hist::from_json(&h.to_json()).unwrap();
        assert_eq!(again.axes(), h.axes());
        assert_eq!(again.entries(), 50);
        assert_eq!(again.counts(), h.counts());
        assert_eq!(again.nan(), h.nan());
        for (a, b) in again.variances().iter().zip(h.variances()) {
            assert!((a - b).abs() <= 1e-12 * b.abs() || (a.is_nan() && b.is_nan()), "{storage:?}: {a} {b}");
        }
        if !profile {
            assert_eq!(again, h);
        }
    }
}

#[test]
fn a_profile_remembers_what_it_is_the_mean_of() {
    let sample = Sample { name: "mu2P".into(), label: "p_2".into(), unit: "GeV/c".into() };
    let h = Hist::with([Axis::boolean(), Axis::boolean()], Storage::Mean).unwrap().with_sample(sample.clone());
    for same in [h.clone(), Hist::from_json(&h.to_json()).unwrap(), h.project([0]).unwrap(), h.scaled(2.0)] {
        assert_eq!(same.sample(), &sample);
    }
}

#[test]
fn categories_read_back_the_same() {
    let axes = [Axis::category(["a", "b"]).unwrap(), Axis::integer_category([5, -1]).unwrap()];
    let h = Hist::with(axes, Storage::Weight).unwrap();
    assert_eq!(Hist::from_json(&h.to_json()).unwrap(), h);
}

#[test]
fn a_document_that_is_no_histogram_says_where() {
    let good = Hist::new(Axis::regular(2, 0.0, 1.0).unwrap()).unwrap().to_json();
    let say = |text: &str| Hist::from_json(text).unwrap_err().to_string();
    assert!(say("[").contains("document"));
    assert!(say("{}").contains("uhi_schema: is not there"));
    assert!(say(&good.replace("\"uhi_schema\":1", "\"uhi_schema\":2")).contains("only version 1"));
    assert!(
        say(&good.replace("\"bins\":2", "\"bins\":3")).contains("storage.values: has 4 cells where the axis has 5")
    );
    assert!(say(&good.replace("\"upper\":1.0", "\"upper\":-1.0")).contains("axes[0]"));
    assert!(say(&good.replace("regular", "hexagonal")).contains("axes[0].type: `hexagonal`"));
    assert!(say(&good.replace("\"int\"", "\"weighted\"")).contains("storage.variances: is not there"));
}
