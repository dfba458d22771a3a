use super::*;
use crate::Axis;

/// Numbers that look random, the same in every run.
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..count).map(|_| next() * 1.4 - 0.2).collect()
}

fn with_threads(threads: usize, values: &[f64], weights: &[f64], axes: &[Axis], storage: Storage) -> Hist {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut h = Hist::with(axes, storage).unwrap();
        let columns = vec![values; axes.len()];
        let samples = (storage == Storage::WeightedMean).then_some(weights);
        h.fill_slices(&columns, Some(weights), samples).unwrap();
        h
    })
}

#[test]
fn the_result_is_the_same_bit_for_bit_with_any_number_of_threads() {
    let (values, weights) = (numbers(3_500_000, 1), numbers(3_500_000, 2));
    let regular = Axis::regular(100, 0.0, 1.0).unwrap();
    let fine = Axis::regular(3000, 0.0, 1.0).unwrap();
    for (axes, storage) in [
        (vec![regular.clone()], Storage::Weight),
        (vec![fine, regular.clone()], Storage::Weight),
        (vec![regular], Storage::WeightedMean),
    ] {
        let one = with_threads(1, &values, &weights, &axes, storage);
        for threads in [2, 8] {
            // `==` on floats: no weight is NaN or zero, so this is equality of bits.
            assert!(one == with_threads(threads, &values, &weights, &axes, storage), "{threads} threads, {storage:?}");
        }
    }
}

#[test]
fn chunks_of_a_series_do_not_change_the_result() {
    let values = numbers(3000, 3);
    let whole = Series::new("x".into(), &values);
    let mut parts = Series::new("x".into(), &values[..7]);
    for part in [&values[7..1500], &values[1500..1501], &values[1501..1501], &values[1501..]] {
        parts.append(&Series::new("x".into(), part)).unwrap();
    }
    assert!(parts.n_chunks() > 1);
    let fill = |series: &Series| {
        let mut h = Hist::weighted(Axis::regular(10, 0.0, 1.0).unwrap()).unwrap();
        h.fill_series(&[series], Some(series)).unwrap();
        h
    };
    assert_eq!(fill(&whole), fill(&parts));
}

#[test]
fn every_type_of_number_is_filled_and_missing_is_missing() {
    let values = [Some(1_i32), Some(2), None, Some(7), Some(2)];
    let column = Series::new("n".into(), values);
    use DataType::*;
    for dtype in [Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float32, Float64, Int128] {
        let mut h = Hist::new(Axis::regular(3, 0.0, 3.0).unwrap()).unwrap();
        h.fill_series(&[&column.cast(&dtype).unwrap()], None).unwrap();
        assert_eq!((h.counts(), h.overflow(), h.nan()), (vec![0.0, 1.0, 2.0], 1.0, 1.0), "{dtype}");
        let mut h = Hist::new(Axis::integer_category([2, 1]).unwrap()).unwrap();
        h.fill_series(&[&column.cast(&dtype).unwrap()], None).unwrap();
        assert_eq!((h.counts(), h.overflow(), h.nan()), (vec![2.0, 1.0], 1.0, 1.0), "{dtype}");
    }
}

#[test]
fn texts_and_truths_have_their_bins() {
    let texts = Series::new("who".into(), [Some("mu"), Some("e"), None, Some("pi"), Some("mu")]);
    let mut h = Hist::new(Axis::category(["e", "mu"]).unwrap()).unwrap();
    h.fill_series(&[&texts], None).unwrap();
    assert_eq!((h.counts(), h.overflow(), h.nan()), (vec![1.0, 2.0], 1.0, 1.0));
    let truths = Series::new("ok".into(), [Some(true), None, Some(false), Some(true)]);
    let mut h = Hist::new(Axis::boolean()).unwrap();
    h.fill_series(&[&truths], None).unwrap();
    assert_eq!((h.counts(), h.nan()), (vec![1.0, 2.0], 1.0));
    let error = h.fill_series(&[&texts], None).unwrap_err().to_string();
    assert!(error.contains("`who` is str"), "{error}");
}

#[test]
fn every_axis_knows_its_flow() {
    let values = [f64::NEG_INFINITY, -1.0, 0.0, 0.5, 1.0, 2.5, f64::INFINITY, f64::NAN];
    let fill = |axis: Axis| {
        let mut h = Hist::new(axis).unwrap();
        h.fill(&values).unwrap();
        (h.underflow(), h.counts(), h.overflow(), h.nan())
    };
    assert_eq!(fill(Axis::regular(2, 0.0, 1.0).unwrap()), (2.0, vec![1.0, 1.0], 3.0, 1.0));
    assert_eq!(fill(Axis::regular_closed(2, 0.0, 1.0).unwrap()), (2.0, vec![1.0, 2.0], 2.0, 1.0));
    assert_eq!(fill(Axis::variable([0.0, 0.7, 1.0]).unwrap()), (2.0, vec![2.0, 0.0], 3.0, 1.0));
    assert_eq!(fill(Axis::log(2, 0.5, 2.0).unwrap()), (3.0, vec![1.0, 1.0], 2.0, 1.0));
    assert_eq!(fill(Axis::integer(0, 2).unwrap()), (2.0, vec![2.0, 1.0], 2.0, 1.0));
    // Infinite values have no place on a circle.
    assert_eq!(fill(Axis::circular(2, 0.0, 1.0).unwrap()), (0.0, vec![3.0, 2.0], 0.0, 3.0));
}

#[test]
fn a_mask_leaves_rows_out() {
    let (x, w) = (numbers(2500, 4), numbers(2500, 5));
    let keep: Vec<bool> = x.iter().zip(&w).map(|(x, w)| x > w).collect();
    let some =
        |values: &[f64]| values.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(x, _)| *x).collect::<Vec<_>>();
    let axis = Axis::regular(7, 0.0, 1.0).unwrap();
    let (mut masked, mut chosen) = (Hist::weighted(axis.clone()).unwrap(), Hist::weighted(axis).unwrap());
    let (columns, weight) = (Series::new("x".into(), &x), Series::new("w".into(), &w));
    let mask = BooleanChunked::from_slice("keep".into(), &keep);
    masked
        .fill_entries(&Entries { columns: &[&columns], weight: Some(&weight), mask: Some(&mask), sample: None })
        .unwrap();
    chosen.fill_weighted(&some(&x), &some(&w)).unwrap();
    assert_eq!(masked.entries(), chosen.entries());
    for (a, b) in masked.counts().iter().zip(chosen.counts()) {
        assert!((a - b).abs() < 1e-9);
    }
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let mut h = Hist::new(Axis::regular(2, 0.0, 1.0).unwrap()).unwrap();
    assert!(h.fill_weighted(&[1.0], &[1.0]).unwrap_err().to_string().contains("Storage::Weight"));
    assert!(h.fill_slices(&[], None, None).unwrap_err().to_string().contains("1 axes, but 0 columns"));
    assert!(h.fill_slices(&[&[1.0]], None, Some(&[1.0])).unwrap_err().to_string().contains("Storage::Mean"));
    let frame = df!("mu1P" => [1.0]).unwrap();
    let error = h.fill_frame(&frame, &["mu1p"], None).unwrap_err().to_string();
    assert_eq!(error, "no column `mu1p`; did you mean `mu1P`?");
    let mut h = Hist::weighted(Axis::regular(2, 0.0, 1.0).unwrap()).unwrap();
    assert!(h.fill_weighted(&[1.0, 2.0], &[1.0]).unwrap_err().to_string().contains("2 and 1 rows"));
    assert_eq!(h.entries(), 0);
}

#[test]
fn a_row_without_a_sample_is_missing_and_spoils_no_mean() {
    let axis = || Axis::regular(2, 0.0, 2.0).unwrap();
    for axes in [vec![axis()], vec![axis(), axis()]] {
        let mut h = Hist::with(axes.clone(), Storage::Mean).unwrap();
        let x: &[f64] = &[0.5, 0.5, 0.5, 1.5, f64::NAN];
        h.fill_slices(&vec![x; axes.len()], None, Some(&[1.0, f64::NAN, 3.0, f64::NAN, 7.0])).unwrap();
        let counts = h.counts();
        assert_eq!((h.values()[0], counts[0], counts[counts.len() - 1], h.nan(), h.entries()), (2.0, 2.0, 0.0, 3.0, 5));
    }
}

/// Values on, just below and just above every edge, and what is no place on any axis.
fn around(edges: &[f64]) -> Vec<f64> {
    let near = edges.iter().flat_map(|&edge| {
        let (mut below, mut above, mut all) = (edge, edge, vec![edge]);
        for _ in 0..3 {
            (below, above) = (below.next_down(), above.next_up());
            all.extend([below, above]);
        }
        all
    });
    near.chain([0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 5e-324]).collect()
}

#[test]
fn the_bin_of_a_value_is_that_of_the_division_wherever_it_lies() {
    for (bins, lower, upper) in [
        (100, 0.0, 3.0),
        (7, -0.1, 0.3),
        (1, 1e15, 1e15 + 1.0),
        (1000, -1e300, 1e300),
        (3, 0.0, 1e-310),
        (10, 0.0, f64::MAX),
        (1 << 20, 0.1, 0.7),
        (50, -999.0, 1e-3),
    ] {
        let axis = Axis::regular(bins, lower, upper).unwrap();
        let edges = axis.edges();
        let step = edges.len().div_ceil(500);
        let mut values = around(&edges.iter().copied().step_by(step).collect::<Vec<_>>());
        values.extend(numbers(1000, 5).iter().map(|share| lower + share * (upper - lower)));
        let expected = |x: f64| {
            let at = (x - lower) / (upper - lower) * bins as f64;
            match x {
                x if x.is_nan() => bins + 2,
                _ if at < 0.0 => 0,
                _ if at >= bins as f64 || at.is_nan() => bins + 1,
                _ => at as usize + 1,
            }
        };
        let mut h = Hist::new(axis).unwrap();
        h.fill(&values).unwrap();
        let mut cells = vec![0.0; bins + 3];
        values.iter().for_each(|&x| cells[expected(x)] += 1.0);
        assert!(h.parts.cells == Cells::Count(cells), "{bins} bins from {lower} to {upper}");
    }
}
