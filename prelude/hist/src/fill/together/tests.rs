use super::*;
use crate::axis::Axis;
use crate::cells::Storage;
use polars::prelude::NamedFrom;

fn number(at: usize, k: usize) -> f64 {
    ((at * 7919 + k * 104_729) % 10_007) as f64 / 10_007.0
}

fn column(rows: usize, k: usize) -> Series {
    Series::new("".into(), (0..rows).map(|at| number(at, k)).collect::<Vec<f64>>())
}

/// Two axes and one, and texts; of the rows that masks leave, of which one leaves few and one none.
#[test]
fn layers_are_bit_for_bit_what_their_rows_alone_give() {
    for rows in [0, 5, 900, 1_024, 4_097, 70_001] {
        let (x, y) = (column(rows, 1), column(rows, 2).cast(&DataType::Float32).unwrap());
        let texts = Series::new("".into(), (0..rows).map(|at| ["a", "b", "c"][at * 7 % 3]).collect::<Vec<_>>());
        let holes =
            Series::new("".into(), (0..rows).map(|at| (at % 11 > 0).then(|| number(at, 9))).collect::<Vec<_>>());
        let weights: Vec<Series> = (3..14).map(|k| column(rows, k)).collect();
        let masks: Vec<BooleanChunked> = [2, 5_000, 1, 7]
            .iter()
            .map(|every| (0..rows).map(|at| Some(at * 31 % 10_007 % every == *every / 2)).collect())
            .collect();
        let some_missing: BooleanChunked = (0..rows).map(|at| (at % 13 > 0).then_some(at % 3 > 0)).collect();
        let axis = |bins: usize| Axis::regular(bins, 0.1, 0.9).unwrap();
        let layer = |mask, weight: Option<usize>, more: &[usize]| Layer {
            mask,
            weight: weight.map(|at| &weights[at]),
            // 99: none.
            more: more.iter().map(|at| weights.get(*at)).collect(),
        };
        let layers = [
            layer(None, Some(0), &[1, 2, 3, 4, 5, 6]),
            layer(Some(&masks[0]), Some(0), &[1, 2]),
            layer(Some(&masks[0]), None, &[0]),
            layer(Some(&masks[1]), None, &[3, 99]),
            layer(Some(&masks[2]), None, &[99]),
            layer(Some(&some_missing), Some(2), &[1, 2, 3, 4, 5, 6, 7, 8, 99, 9]),
            layer(Some(&masks[3]), Some(4), &[]),
        ];
        let books: [(Vec<&Series>, Vec<Axis>); 5] = [
            (vec![&x], vec![axis(7)]),
            (vec![&y], vec![axis(3_000)]),
            (vec![&x, &y], vec![axis(20), axis(10)]),
            (vec![&texts], vec![Axis::category(["c", "a"]).unwrap()]),
            (vec![&holes], vec![axis(30)]),
        ];
        let empty = || {
            let made = layers.iter().enumerate().flat_map(|(number, layer)| {
                books.iter().map(move |(columns, axes)| {
                    let hist = layer.weight.map(|_| Hist::with(axes.clone(), Storage::Weight).unwrap());
                    let sums = (!layer.more.is_empty()).then(|| Sums::new(axes.clone(), layer.more.len()).unwrap());
                    (number, columns.clone(), hist, sums)
                })
            });
            made.collect::<Vec<_>>()
        };
        let (mut together, mut alone) = (empty(), empty());
        // What is there already is kept.
        for _ in 0..2 {
            let mut all: Vec<Layered<'_, '_>> = together
                .iter_mut()
                .map(|(layer, columns, hist, sums)| Layered {
                    layer: *layer,
                    columns: columns.clone(),
                    hist: hist.as_mut(),
                    sums: sums.as_mut(),
                })
                .collect();
            fill_together(&layers, &mut all).unwrap();
            for (layer, columns, hist, sums) in &mut alone {
                let (columns, hist, sums) = (columns.clone(), hist.as_mut(), sums.as_mut());
                Layered { layer: *layer, columns, hist, sums }.alone(&layers[*layer]).unwrap();
            }
        }
        for (at, (ours, theirs)) in together.iter().zip(&alone).enumerate() {
            let what = format!("{rows} rows, layer {}, book {}", ours.0, at % books.len());
            let bits = |hist: &Option<Hist>| hist.as_ref().map(|hist| hist.contents());
            assert_eq!(bits(&ours.2), bits(&theirs.2), "{what}");
            assert_eq!(ours.3.as_ref().map(Sums::contents), theirs.3.as_ref().map(Sums::contents), "{what}");
        }
    }
}

#[test]
fn what_does_not_fit_is_said() {
    let (x, short) = (column(10, 1), column(9, 1));
    let axis = || vec![Axis::regular(2, 0.0, 1.0).unwrap()];
    let fill = |layer: Layer<'_>, column: &Series, weighted: bool| {
        let mut hist = weighted.then(|| Hist::with(axis(), Storage::Weight).unwrap());
        let mut sums = Sums::new(axis(), 1).unwrap();
        let one = Layered { layer: 0, columns: vec![column], hist: hist.as_mut(), sums: Some(&mut sums) };
        fill_together(&[layer], &mut [one]).map_err(|error| error.to_string())
    };
    let layer = |weight, more| Layer { mask: None, weight, more };
    assert!(fill(layer(None, vec![None]), &x, false).is_ok());
    assert!(fill(layer(None, vec![None, None]), &x, false).unwrap_err().contains("each universe"));
    assert!(fill(layer(None, vec![None]), &x, true).unwrap_err().contains("a layer with a weight"));
    assert!(fill(layer(Some(&short), vec![None]), &x, true).unwrap_err().contains("equally long"));
    let mask: BooleanChunked = [true, false].into_iter().map(Some).collect();
    assert!(fill(Layer { mask: Some(&mask), ..layer(None, vec![None]) }, &x, false).unwrap_err().contains("2 rows"));
}
