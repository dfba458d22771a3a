use crate::{Axis, Hist, Storage, loc};
use polars::prelude::{NamedFrom, Series};

fn line() -> Hist {
    let mut h = Hist::new(Axis::regular(10, 0.0, 1.0).unwrap().named("x")).unwrap();
    // Twenty in each bin, five below, six above, one missing.
    let inside = (0..200).map(|at| (f64::from(at) + 0.5) / 200.0);
    h.fill(&inside.chain([-1.0; 5]).chain([2.0; 6]).chain([f64::NAN]).collect::<Vec<_>>()).unwrap();
    h
}

fn plane() -> Hist {
    let axes = [Axis::regular(2, 0.0, 2.0).unwrap().named("x"), Axis::category(["a", "b"]).unwrap().named("who")];
    let mut h = Hist::with(axes, Storage::Weight).unwrap();
    let x = Series::new("x".into(), [0.5, 1.5, 1.5, 7.0, f64::NAN, 0.5]);
    let who = Series::new("who".into(), ["a", "b", "b", "a", "b", "c"]);
    h.fill_series(&[&x, &who], Some(&Series::new("w".into(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))).unwrap();
    h
}

#[test]
fn a_slice_moves_the_rest_to_the_flow() {
    let h = line();
    for part in [h.slice(0, loc(0.25)..loc(0.75)).unwrap(), h.slice("x", 2..7).unwrap()] {
        assert_eq!(part.counts(), [20.0; 5]);
        assert_eq!((part.underflow(), part.overflow(), part.nan()), (45.0, 66.0, 1.0));
        assert_eq!((part.edges()[0], part.edges()[5], part.entries()), (0.2, 0.7, 212));
    }
    assert_eq!(h.slice(0, loc(0.25)..).unwrap().counts().len(), 8);
    assert_eq!(h.slice(0, loc(0.25) + 1..=loc(0.75)).unwrap().counts().len(), 5);
    assert_eq!(h.slice(0, ..loc(5.0)).unwrap(), h);
    assert!(h.slice(0, loc(0.75)..loc(0.25)).unwrap_err().to_string().contains("no bins"));
    assert!(h.slice("y", 1..2).unwrap_err().to_string().contains("no axis is called `y`"));
}

#[test]
fn bins_are_joined() {
    let h = line();
    assert_eq!(h.rebin(2).unwrap().counts(), [40.0; 5]);
    let three = h.rebin(3).unwrap();
    assert_eq!((three.counts(), three.overflow()), (vec![60.0; 3], 26.0));
    let uneven = h.rebin_edges("x", &[0.1, 0.3, 0.9]).unwrap();
    assert_eq!((uneven.counts(), uneven.underflow(), uneven.overflow()), (vec![40.0, 120.0], 25.0, 26.0));
    assert!(h.rebin_edges(0, &[0.15, 0.3]).unwrap_err().to_string().contains("0.15 is not an edge"));
    assert!(h.rebin(0).is_err() && h.rebin(11).is_err());
}

#[test]
fn a_projection_is_what_filling_fewer_columns_gives() {
    let h = plane();
    let x = h.project(["x"]).unwrap();
    assert_eq!((x.counts(), x.overflow(), x.nan()), (vec![7.0, 5.0], 4.0, 5.0));
    let who = h.sum_over(0).unwrap();
    assert_eq!((who.counts(), who.overflow(), who.nan()), (vec![5.0, 10.0], 6.0, 0.0));
    assert_eq!(who.variances(), [17.0, 38.0]);
    let swapped = h.project([1, 0]).unwrap();
    assert_eq!((h.counts(), swapped.counts()), (vec![1.0, 0.0, 0.0, 5.0], vec![1.0, 0.0, 0.0, 5.0]));
    assert_eq!(swapped.axes()[0].name, "who");
    assert!(x.sum_over(0).is_err());
}

#[test]
fn a_bin_is_found_by_value_and_by_category() {
    let h = plane();
    assert_eq!(h.pick("who", loc("b")).unwrap().counts(), [0.0, 5.0]);
    assert_eq!(h.integrate("x", 0..2).unwrap().counts(), [1.0, 5.0]);
    assert_eq!(h.at([loc(1.2), loc("b")]).unwrap(), (5.0, 13.0));
    assert!(h.at([loc(2.0), loc("b")]).unwrap_err().to_string().contains("outside the bins"));
    assert!(h.pick("who", loc("d")).unwrap_err().to_string().contains("no category `d`"));
    let nothing = h.total() - h.sum() - h.underflow() - h.overflow() - h.nan();
    assert_eq!(nothing, 0.0);
}

#[test]
fn categories_outside_a_slice_are_others() {
    let names = ["a", "b", "c", "d"];
    let mut h = Hist::new(Axis::category(names).unwrap()).unwrap();
    let column = Series::new("x".into(), ["a", "a", "b", "c", "d", "d", "d"]);
    h.fill_series(&[&column], None).unwrap();
    let middle = h.slice(0, 1..3).unwrap();
    assert_eq!((middle.counts(), middle.overflow(), middle.total()), (vec![1.0, 1.0], 5.0, 7.0));
}
