use crate::{Axis, Entries, Hist, Storage, loc};
use polars::prelude::{BooleanChunked, NamedFrom, NewChunkedArray, Series};
use proptest::prelude::*;

/// Mean and standard deviation in two passes.
fn reference(values: &[f64], weights: &[f64]) -> (f64, f64) {
    let rows: Vec<(f64, f64)> =
        values.iter().copied().zip(weights.iter().copied()).filter(|(x, _)| x.is_finite()).collect();
    let sum: f64 = rows.iter().map(|(_, w)| w).sum();
    let mean = rows.iter().map(|(x, w)| x * w).sum::<f64>() / sum;
    let variance = rows.iter().map(|(x, w)| w * (x - mean).powi(2)).sum::<f64>() / sum;
    (mean, variance.sqrt())
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * b.abs().max(1.0) || (a.is_nan() && b.is_nan())
}

fn agrees(h: &Hist, axis: usize, wanted: (f64, f64)) -> bool {
    close(h.mean_of(axis).unwrap(), wanted.0) && close(h.std_dev_of(axis).unwrap(), wanted.1)
}

#[test]
fn an_integer_axis_has_the_mean_of_its_integers() {
    let mut h = Hist::new(Axis::integer(0, 10).unwrap()).unwrap();
    h.fill(&[2.0, 3.0, 3.0, 4.0]).unwrap();
    assert_eq!((h.mean(), h.binned_mean(), h.std_dev()), (3.0, 3.0, 0.5_f64.sqrt()));
    let mut h = Hist::new(Axis::boolean()).unwrap();
    h.fill(&[0.0, 1.0, 1.0, 1.0]).unwrap();
    assert_eq!((h.mean(), h.binned_mean()), (0.75, 0.75));
    let mut h = Hist::new(Axis::integer_category([11, -13]).unwrap()).unwrap();
    h.fill(&[11.0, 11.0, -13.0, -13.0]).unwrap();
    assert_eq!((h.mean(), h.is_unbinned()), (-1.0, false));
}

#[test]
fn a_large_offset_costs_no_digits() {
    // Nanoseconds of an epoch: the square of a value has no digits left for the spread.
    let start = 1.7e18;
    let values: Vec<f64> = (0..1000).map(|at| start + 1024.0 * f64::from(at)).collect();
    let mut h = Hist::new(Axis::regular(10, start, start + 2e6).unwrap()).unwrap();
    h.fill(&values).unwrap();
    let wanted = 1024.0 * ((1000.0_f64.powi(2) - 1.0) / 12.0).sqrt();
    assert!((h.std_dev() / wanted - 1.0).abs() < 1e-12, "{} {wanted}", h.std_dev());
}

#[test]
fn moments_are_the_same_bit_for_bit_with_any_number_of_threads() {
    let values: Vec<f64> = (0..3_000_000).map(|at| f64::from(at).sin()).collect();
    let weights: Vec<f64> = (0..3_000_000).map(|at| 1.0 + f64::from(at).cos()).collect();
    let fill = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut h = Hist::weighted(Axis::regular(100, -0.5, 1.0).unwrap()).unwrap();
            h.fill_weighted(&values, &weights).unwrap();
            (h.mean().to_bits(), h.std_dev().to_bits())
        })
    };
    assert_eq!(fill(1), fill(8));
}

#[test]
fn what_loses_rows_loses_their_moments() {
    let axes = [Axis::regular(2, 0.0, 2.0).unwrap().named("x"), Axis::regular(2, 0.0, 2.0).unwrap().named("y")];
    let mut h = Hist::with(axes, Storage::Count).unwrap();
    h.fill_slices(&[&[0.1, 0.2, 1.9], &[0.5, 1.5, 7.0]], None, None).unwrap();
    assert!(h.project(["y"]).unwrap().is_unbinned() && h.project(["y"]).unwrap().mean() == 3.0);
    let picked = h.pick("y", loc(0.5)).unwrap();
    assert_eq!((picked.is_unbinned(), picked.mean()), (false, 0.5));
    let x = h.project(["x"]).unwrap();
    assert!(!x.cumulative().unwrap().is_unbinned());
    assert_eq!(Hist::from_json(&x.to_json()).unwrap().mean().to_bits(), x.mean().to_bits());
    let foreign = x.to_json().replace("moments", "others");
    assert!(!Hist::from_json(&foreign).unwrap().is_unbinned());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn moments_follow_the_rows(
        rows in prop::collection::vec((prop_oneof![9 => -20.0..20.0_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)], 0.1..3.0_f64, any::<bool>()), 1..400),
        bins in 1_usize..9,
        at in 0_usize..400,
    ) {
        let values: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let weights: Vec<f64> = rows.iter().map(|row| row.1).collect();
        let axes = [Axis::regular(6, -5.0, 5.0).unwrap(), Axis::regular(bins, -1.0, 3.0).unwrap()];
        let mut h = Hist::with(axes.clone(), Storage::Weight).unwrap();
        h.fill_slices(&[&values, &weights], Some(&weights), None).unwrap();
        let wanted = reference(&values, &weights);
        prop_assert!(agrees(&h, 0, wanted), "{} {} {wanted:?}", h.mean(), h.std_dev());
        prop_assert!(agrees(&h, 1, reference(&weights, &weights)));
        prop_assert!(agrees(&h.project([1, 0]).unwrap(), 1, wanted) && agrees(&h.scaled(0.3), 0, wanted));
        prop_assert!(agrees(&h.slice(0, loc(-2.0)..loc(3.0)).unwrap(), 0, wanted) && agrees(&h.rebin(3).unwrap(), 0, wanted));
        prop_assert!(agrees(&Hist::from_json(&h.to_json()).unwrap(), 0, wanted));
        let empty = h.empty_like();
        prop_assert_eq!(empty.with_contents(&h.contents()).unwrap().mean().to_bits(), h.mean().to_bits());
        // Parts filled apart, and a mask.
        let at = at.min(values.len());
        let part = |from: usize, until: usize| {
            let mut part = Hist::with(axes.clone(), Storage::Weight).unwrap();
            part.fill_slices(&[&values[from..until], &weights[from..until]], Some(&weights[from..until]), None).unwrap();
            part
        };
        prop_assert!(agrees(&(part(0, at) + part(at, values.len())).unwrap(), 0, wanted));
        let keep: Vec<bool> = rows.iter().map(|row| row.2).collect();
        let mut masked = Hist::new(axes[0].clone()).unwrap();
        let (column, mask) = (Series::new("x".into(), &values), BooleanChunked::from_slice("keep".into(), &keep));
        masked.fill_entries(&Entries { columns: &[&column], mask: Some(&mask), ..Entries::default() }).unwrap();
        let kept: Vec<f64> = rows.iter().filter(|row| row.2).map(|row| row.0).collect();
        prop_assert!(agrees(&masked, 0, reference(&kept, &vec![1.0; kept.len()])));
    }
}
