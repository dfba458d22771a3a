//! What holds for all histograms.

use crate::axis::Axis;
use crate::bins::RangeFinder;
use crate::cells::Storage;
use crate::compare;
use crate::compare::Comparison;
use crate::hist::Hist;
use crate::locate::loc;
use proptest::prelude::*;

fn axis() -> impl Strategy<Value = Axis> {
    let ends = (1_usize..20, -10.0..10.0_f64, 0.1..20.0_f64);
    prop_oneof![
        ends.clone().prop_map(|(bins, low, width)| Axis::regular(bins, low, low + width).unwrap()),
        ends.clone().prop_map(|(bins, low, width)| Axis::regular_closed(bins, low, low + width).unwrap()),
        ends.clone().prop_map(|(bins, low, width)| Axis::circular(bins, low, low + width).unwrap()),
        ends.prop_map(|(bins, low, width)| Axis::log(bins, low.abs() + 0.1, low.abs() + 0.1 + width).unwrap()),
        prop::collection::vec(0.001..3.0_f64, 1..15).prop_map(|widths| {
            let steps = widths.iter().scan(-5.0, |at, width| {
                *at += width;
                Some(*at)
            });
            Axis::variable(std::iter::once(-5.0).chain(steps).collect::<Vec<_>>()).unwrap()
        }),
        (-5_i64..5, 1_i64..12).prop_map(|(from, count)| Axis::integer(from, from + count).unwrap()),
        Just(Axis::boolean()),
    ]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -15.0..30.0_f64,
        2 => (-10_i32..20).prop_map(f64::from),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0), Just(1e300)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_row_is_lost(axis in axis(), values in prop::collection::vec(value(), 0..200)) {
        let mut h = Hist::new(axis).unwrap();
        h.fill(&values).unwrap();
        let parts = h.sum() + h.underflow() + h.overflow() + h.nan();
        prop_assert_eq!((h.total(), parts, h.entries() as usize), (values.len() as f64, parts, values.len()));
        prop_assert_eq!(parts, values.len() as f64);
    }

    #[test]
    fn a_value_lies_between_the_edges_of_its_bin(axis in axis(), x in value()) {
        let edges = axis.edges();
        if let (Some(bin), false, None) = (axis.index(x), axis.is_circular(), axis.categories()) {
            // Edges and positions are rounded apart.
            let little = 1e-12 * (edges[edges.len() - 1] - edges[0]).max(x.abs());
            prop_assert!(edges[bin] - little <= x && x <= edges[bin + 1] + little, "{x} in bin {bin} of {edges:?}");
        }
    }

    #[test]
    fn variable_bins_are_exact(axis in axis(), x in value()) {
        if axis.is_circular() || axis.categories().is_some() || !axis.has_underflow() {
            return Ok(());
        }
        let edges = axis.edges();
        let same = Axis::variable(edges.clone()).unwrap();
        let expected = edges.windows(2).position(|pair| pair[0] <= x && x < pair[1]);
        prop_assert_eq!(same.index(x), expected);
    }

    #[test]
    fn automatic_bins_are_those_of_numpy(bins in 1_usize..50, values in prop::collection::vec(value(), 1..200)) {
        let mut finder = RangeFinder::new();
        finder.see(&values);
        let Ok(axis) = finder.axis(bins) else {
            // The range of equal values is half a unit to each side, which is nothing beside a large one.
            let mut finite = values.iter().filter(|x| x.is_finite());
            let first = finite.next().copied().unwrap_or_default();
            prop_assert!(first + 0.5 == first && finite.all(|x| *x == first), "{values:?}");
            return Ok(());
        };
        let edges = axis.edges();
        let mut h = Hist::new(axis).unwrap();
        h.fill(&values).unwrap();
        let inside = |x: &&f64| x.is_finite() && **x >= edges[0] && **x <= edges[bins];
        let mut expected = vec![0.0; bins];
        for x in values.iter().filter(inside) {
            let bin = edges.partition_point(|edge| edge <= x);
            expected[bin.min(bins) - 1] += 1.0;
        }
        prop_assert_eq!(h.counts(), expected);
        prop_assert_eq!(h.sum() as usize, values.iter().filter(|x| x.is_finite()).count());
    }

    #[test]
    fn parts_filled_apart_add_up(axis in axis(), values in prop::collection::vec(value(), 0..200), at in 0_usize..200) {
        let fill = |values: &[f64]| {
            let mut h = Hist::new(axis.clone()).unwrap();
            h.fill(values).unwrap();
            h
        };
        let (left, right) = values.split_at(at.min(values.len()));
        prop_assert_eq!((&fill(left) + &fill(right)).unwrap(), fill(&values));
    }

    #[test]
    fn joining_and_projecting_keep_the_total(
        axes in prop::collection::vec(axis(), 1..4),
        rows in prop::collection::vec(prop::array::uniform4(value()), 0..60),
        join in 1_usize..4,
    ) {
        let mut h = Hist::with(axes, Storage::Weight).unwrap();
        let columns: Vec<Vec<f64>> =
            (0..h.dimensions()).map(|at| rows.iter().map(|row| row[at]).collect()).collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let weights = vec![0.5; rows.len()];
        h.fill_slices(&columns, Some(&weights), None).unwrap();
        prop_assert_eq!(h.total(), 0.5 * rows.len() as f64);
        let mut alone = Hist::weighted(h.axes()[0].clone()).unwrap();
        alone.fill_weighted(columns[0], &weights).unwrap();
        prop_assert_eq!(h.project([0]).unwrap(), alone);
        if let Ok(joined) = h.rebin(join) {
            prop_assert_eq!(joined.total(), h.total());
        }
        if let Ok(slice) = h.slice(0, loc(0.0)..loc(4.0)) {
            prop_assert_eq!(slice.total(), h.total());
        }
        prop_assert_eq!(Hist::from_json(&h.to_json()).unwrap(), h);
    }

    #[test]
    fn a_damaged_document_is_an_error_or_a_histogram(at in 0.0..1.0_f64, byte in 32_u8..127, cut in any::<bool>()) {
        let axes = [Axis::regular(2, 0.0, 1.0).unwrap(), Axis::category(["a", "b"]).unwrap()];
        let mut bytes = Hist::with(axes, Storage::WeightedMean).unwrap().to_json().into_bytes();
        let at = (at * bytes.len() as f64) as usize;
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        match Hist::from_json(&String::from_utf8(bytes).unwrap()) {
            Ok(h) => prop_assert_eq!(Hist::from_json(&h.to_json()).unwrap().shape(), h.shape()),
            Err(error) => prop_assert!(error.to_string().contains("UHI")),
        }
    }

    #[test]
    fn comparisons_are_never_infinite(counts in prop::collection::vec((0_u8..4, 0_u8..4), 1..20)) {
        let fill = |which: fn(&(u8, u8)) -> u8| {
            let mut h = Hist::new(Axis::regular(counts.len(), 0.0, counts.len() as f64).unwrap()).unwrap();
            for (bin, pair) in counts.iter().enumerate() {
                h.fill(&vec![bin as f64; usize::from(which(pair))]).unwrap();
            }
            h
        };
        let (a, b) = (fill(|pair| pair.0), fill(|pair| pair.1));
        for how in [Comparison::Ratio, Comparison::SplitRatio, Comparison::Pull, Comparison::Asymmetry] {
            for bin in compare(&a, &b, how).unwrap() {
                prop_assert!(!bin.value.is_infinite() && !bin.low.is_infinite() && !bin.high.is_infinite());
            }
        }
    }
}
