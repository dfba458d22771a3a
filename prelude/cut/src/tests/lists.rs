//! Lists: every fold against the loop that says the same, and parts of any size against the whole.

use crate::tests::{text, typed};
use crate::{Cut, Typed};
use polars::prelude::*;
use segment::random::lot;

/// Objects of one row: pt (may be missing), eta, phi, mass, a number that may be null.
#[derive(Debug, Clone)]
struct Jet {
    pt: f64,
    eta: f64,
    phi: f64,
    mass: f64,
    id: Option<i32>,
}

fn uniform(seed: u64, at: u64) -> f64 {
    lot(seed, at) as f64 / u64::MAX as f64
}

/// Rows with none to many objects; some values are missing.
fn events(rows: usize, most: usize, seed: u64) -> Vec<Vec<Jet>> {
    let mut at = 0;
    let mut next = move || {
        at += 1;
        uniform(seed, at)
    };
    let events = (0..rows).map(|_| {
        let jets = if next() < 0.3 { 0 } else { (next() * (most as f64 + 1.0)) as usize };
        let jets = (0..jets).map(|_| Jet {
            pt: if next() < 0.15 { f64::NAN } else { (next() * 40.0).round() * 2.5 },
            eta: next() * 5.0 - 2.5,
            phi: next() * 6.2 - 3.1,
            mass: next() * 10.0,
            id: (next() > 0.2).then(|| (next() * 7.0) as i32 - 3),
        });
        jets.collect()
    });
    events.collect()
}

fn lists<T>(name: &str, events: &[Vec<Jet>], value: impl Fn(&Jet) -> T) -> Column
where
    Series: FromIterator<T>,
{
    let rows: Vec<Option<Series>> = events.iter().map(|jets| Some(jets.iter().map(&value).collect())).collect();
    let empty: Series = events.iter().flatten().take(0).map(&value).collect();
    let dtype = DataType::List(Box::new(empty.dtype().clone()));
    Series::new(name.into(), rows).cast(&dtype).unwrap().into_column()
}

fn frame(events: &[Vec<Jet>]) -> DataFrame {
    let columns = vec![
        lists("Jet_pt", events, |jet| jet.pt),
        lists("Jet_eta", events, |jet| jet.eta),
        lists("Jet_phi", events, |jet| jet.phi),
        lists("Jet_mass", events, |jet| jet.mass),
        lists("Jet_id", events, |jet| jet.id),
        Column::new("cut".into(), (0..events.len()).map(|row| (row % 7) as f64 * 15.0).collect::<Vec<_>>()),
    ];
    DataFrame::new(events.len(), columns).unwrap()
}

fn floats(text_of: &str, frame: &DataFrame) -> Vec<f64> {
    let values = typed(text(text_of), frame).values(frame).unwrap();
    let values = values.cast(&DataType::Float64).unwrap();
    values.f64().unwrap().iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

fn bits(values: &[f64]) -> Vec<u64> {
    // One NaN is as good as another.
    values.iter().map(|x| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }).collect()
}

fn same(what: &str, frame: &DataFrame, expected: &[f64]) {
    assert_eq!(bits(&floats(what, frame)), bits(expected), "{what}");
}

fn present(jets: &[Jet]) -> impl Iterator<Item = f64> + '_ {
    jets.iter().map(|jet| jet.pt).filter(|pt| !pt.is_nan())
}

/// A value of each row, by a loop.
fn each(events: &[Vec<Jet>], value: impl Fn(&[Jet], f64) -> f64) -> Vec<f64> {
    events.iter().enumerate().map(|(row, jets)| value(jets, (row % 7) as f64 * 15.0)).collect()
}

fn truth(x: bool) -> f64 {
    f64::from(u8::from(x))
}

#[test]
fn folds_are_what_loops_say() {
    let events = events(3000, 9, 5);
    let frame = frame(&events);
    let check = |what: &str, value: &dyn Fn(&[Jet], f64) -> f64| same(what, &frame, &each(&events, value));
    check("len(Jet)", &|jets, _| jets.len() as f64);
    check("sum(Jet.pt)", &|jets, _| present(jets).fold(0.0, |sum, pt| sum + pt));
    check("max(Jet.pt)", &|jets, _| present(jets).reduce(f64::max).unwrap_or(f64::NAN));
    check("min(Jet.pt)", &|jets, _| present(jets).reduce(f64::min).unwrap_or(f64::NAN));
    check("mean(Jet.pt)", &|jets, _| present(jets).fold(0.0, |sum, pt| sum + pt) / present(jets).count() as f64);
    check("count(Jet.pt > cut)", &|jets, cut| jets.iter().filter(|jet| jet.pt > cut).count() as f64);
    check("count(Jet.pt != cut)", &|jets, cut| jets.iter().filter(|jet| jet.pt != cut).count() as f64);
    check("sum(Jet.id)", &|jets, _| f64::from(jets.iter().filter_map(|jet| jet.id).sum::<i32>()));
    check("max(Jet.id)", &|jets, _| jets.iter().filter_map(|jet| jet.id).max().map_or(f64::NAN, f64::from));
    check("count(Jet.id >= 0)", &|jets, _| jets.iter().filter(|jet| jet.id >= Some(0)).count() as f64);
    check("len(Jet[pt > cut & id != 1])", &|jets, cut| {
        jets.iter().filter(|jet| jet.pt > cut && jet.id != Some(1)).count() as f64
    });
    check("sum(Jet[1:].eta) + len(Jet[:2]) * 10", &|jets, _| {
        jets.iter().skip(1).fold(0.0, |sum, jet| sum + jet.eta) + jets.len().min(2) as f64 * 10.0
    });
    check("Jet[-1].eta", &|jets, _| jets.last().map_or(f64::NAN, |jet| jet.eta));
    check("Jet[Jet[0].id].eta", &|jets, _| {
        let at = jets.first().and_then(|jet| usize::try_from(jet.id?).ok());
        at.and_then(|at| jets.get(at)).map_or(f64::NAN, |jet| jet.eta)
    });
    check("argmax(j.pt for j in Jet).eta", &|jets, _| {
        let best = jets.iter().filter(|jet| !jet.pt.is_nan()).reduce(|a, b| if b.pt > a.pt { b } else { a });
        best.map_or(f64::NAN, |jet| jet.eta)
    });
    check("argmin(j.id for j in Jet if j.eta > 0).eta", &|jets, _| {
        let known = jets.iter().filter(|jet| jet.eta > 0.0 && jet.id.is_some());
        known.reduce(|a, b| if b.id < a.id { b } else { a }).map_or(f64::NAN, |jet| jet.eta)
    });
    check("2 in Jet.id", &|jets, _| truth(jets.iter().any(|jet| jet.id == Some(2))));
    check("Jet[0].id not in Jet[1:].id", &|jets, _| {
        let first = jets.first().and_then(|jet| jet.id);
        truth(!jets.iter().skip(1).any(|jet| first.is_some() && jet.id == first))
    });
    check("sort(Jet.pt)[1]", &|jets, _| {
        let mut sorted: Vec<f64> = jets.iter().map(|jet| jet.pt).collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(1).copied().unwrap_or(f64::NAN)
    });
}

#[test]
fn combinations_are_what_loops_say() {
    let events = events(800, 7, 11);
    let frame = frame(&events);
    let check = |what: &str, value: &dyn Fn(&[Jet], f64) -> f64| same(what, &frame, &each(&events, value));
    let pairs = |jets: &[Jet]| -> Vec<(usize, usize)> {
        (0..jets.len()).flat_map(|i| (i + 1..jets.len()).map(move |j| (i, j))).collect()
    };
    check("any(a.pt + b.pt > 120 for a, b in pairs(Jet))", &|jets, _| {
        truth(pairs(jets).into_iter().any(|(i, j)| jets[i].pt + jets[j].pt > 120.0))
    });
    check("all(a.eta * b.eta < 3 for a, b in pairs(Jet) if a.pt > b.pt)", &|jets, _| {
        truth(
            pairs(jets)
                .into_iter()
                .filter(|(i, j)| jets[*i].pt > jets[*j].pt)
                .all(|(i, j)| jets[i].eta * jets[j].eta < 3.0),
        )
    });
    check("sum(a.eta * b.mass for a in Jet for b in Jet if a != b)", &|jets, _| {
        let mut sum = 0.0;
        for (i, a) in jets.iter().enumerate() {
            for (_, b) in jets.iter().enumerate().filter(|(j, _)| *j != i) {
                sum += a.eta * b.mass;
            }
        }
        sum
    });
    check("sum(sum(b.eta for b in Jet if b.pt > a.pt) * a.mass for a in Jet)", &|jets, _| {
        let inner = |a: &Jet| jets.iter().filter(|b| b.pt > a.pt).fold(0.0, |sum, b| sum + b.eta);
        jets.iter().fold(0.0, |sum, a| sum + inner(a) * a.mass)
    });
    check("count(len(Jet[pt > j.pt]) == 1 for j in Jet)", &|jets, _| {
        jets.iter().filter(|j| jets.iter().filter(|jet| jet.pt > j.pt).count() == 1).count() as f64
    });
    check("len([t for t in triples(Jet) if sum(t.mass) > 15])", &|jets, _| {
        let mut count = 0;
        for (i, j) in pairs(jets) {
            count += (j + 1..jets.len()).filter(|k| jets[i].mass + jets[j].mass + jets[*k].mass > 15.0).count();
        }
        count as f64
    });
    check("argmin(abs(a.mass - b.mass) for a, b in pairs(Jet))[1].eta", &|jets, _| {
        let key = |(i, j): (usize, usize)| (jets[i].mass - jets[j].mass).abs();
        let best = pairs(jets).into_iter().reduce(|a, b| if key(b) < key(a) { b } else { a });
        best.map_or(f64::NAN, |(_, j)| jets[j].eta)
    });
    check("count(j not in argmax(a.mass + b.mass for a, b in pairs(Jet)) for j in Jet)", &|jets, _| {
        if jets.len() < 2 { jets.len() as f64 } else { jets.len() as f64 - 2.0 }
    });
    let masses = each(&events, |jets, _| {
        let [a, b, ..] = jets else { return f64::NAN };
        let vector = |jet: &Jet| {
            let (x, y, z) = (jet.pt * jet.phi.cos(), jet.pt * jet.phi.sin(), jet.pt * jet.eta.sinh());
            [x, y, z, (jet.pt * jet.pt + z * z + jet.mass * jet.mass).sqrt()]
        };
        let (a, b) = (vector(a), vector(b));
        let [x, y, z, e] = std::array::from_fn(|at| a[at] + b[at]);
        let square: f64 = e * e - (x * x + y * y + z * z);
        square.abs().sqrt().copysign(square)
    });
    // Sines of many numbers at once differ from the library's in the last digit, of which the difference of squares makes more.
    let found = floats("mass(Jet[0], Jet[1])", &frame);
    let close = |(a, b): (&f64, &f64)| a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-12 * b.abs();
    assert!(found.iter().zip(&masses).all(close), "masses");
    assert!(masses.iter().any(|mass| *mass > 0.0));
}

/// More triples than are looked at together; and rows in parts of every size.
#[test]
fn parts_of_any_size_change_no_bit() {
    let mut events = events(40, 8, 3);
    events[7] = self::events(1, 0, 1)[0].clone();
    let many = self::events(400, 9, 23).concat();
    events[20] = many[..110].to_vec();
    let frame = frame(&events);
    let texts = [
        "sum(sum(t.eta) * t[0].mass for t in triples(Jet))",
        "sum(mass(t) for t in triples(Jet) if t[0].pt > 5)",
        "argmin(abs(mass(t) - 60) for t in triples(Jet))[2].eta",
        "sum(a.eta * b.mass for a, b in pairs(Jet) for c in Jet if c.pt > a.pt)",
        "count(any(c.eta > a.eta + b.eta for c in Jet) for a, b in pairs(Jet))",
    ];
    for what in texts {
        let whole = floats(what, &frame);
        for size in [1, 3, 17, 39] {
            let mut parts = Vec::new();
            for start in (0..events.len()).step_by(size) {
                parts.extend(floats(what, &frame.slice(start as i64, size)));
            }
            assert_eq!(bits(&parts), bits(&whole), "{what} in parts of {size}");
        }
    }
    let jets = &events[20];
    let mut sum = 0.0;
    for i in 0..jets.len() {
        for j in i + 1..jets.len() {
            for k in j + 1..jets.len() {
                sum += (jets[i].eta + jets[j].eta + jets[k].eta) * jets[i].mass;
            }
        }
    }
    assert!(jets.len() * (jets.len() - 1) * (jets.len() - 2) / 6 > 6 * 32 * 1024);
    assert_eq!(floats(texts[0], &frame)[20].to_bits(), f64::to_bits(sum));
}

#[test]
fn masks_are_values_and_several_cuts_are_each() {
    let events = events(9000, 6, 17);
    let frame = frame(&events);
    let texts = [
        "cut < 1 & len(Jet) > 5 & any(Jet.pt > 95) & sum(Jet.eta) > 3",
        "count(Jet.pt > 40) > 1",
        "any(a.pt + b.pt > 150 for a, b in pairs(Jet)) & Jet[0].pt > 20",
        "has(argmax(j.pt for j in Jet if j.id == 2))",
    ];
    let typed: Vec<Typed> = texts.iter().map(|what| typed(text(what), &frame)).collect();
    let mut all: Option<BooleanChunked> = None;
    for typed in &typed {
        let mask = typed.mask(&frame).unwrap();
        let values = typed.values(&frame).unwrap();
        assert_eq!(mask.iter().collect::<Vec<_>>(), values.bool().unwrap().iter().collect::<Vec<_>>());
        let lazy = frame.clone().lazy().filter(typed.expr()).collect().unwrap();
        assert_eq!(lazy.height(), mask.sum().unwrap() as usize, "{}", typed.text());
        all = Some(all.map_or_else(|| mask.clone(), |all| &all & &mask));
    }
    let (mask, _) = crate::FusedCuts::new(&typed).mask(&frame, &[0, 1, 2, 3]).unwrap();
    assert_eq!(mask.iter().collect::<Vec<_>>(), all.unwrap().iter().collect::<Vec<_>>());
    assert!(typed[0].mask(&frame).unwrap().sum().unwrap() > 0);
}

#[test]
fn null_lists_are_empty_and_null_objects_missing() {
    let pt = Series::new("pt".into(), [Some(1.0), None]);
    let id = Series::new("id".into(), [Some(3), None]);
    let structs = StructChunked::from_series("".into(), 2, [pt, id].iter()).unwrap();
    let there = [true, false].into_iter().collect();
    let structs = structs.with_outer_validity(Some(there)).into_series();
    let rows = [Some(structs.clone()), None, Some(structs.head(Some(0))), Some(structs.head(Some(1)))];
    let frame = DataFrame::new(4, vec![Series::new("Jet".into(), rows).into_column()]).unwrap();
    same("len(Jet)", &frame, &[2.0, 0.0, 0.0, 1.0]);
    same("has(Jet[0]) + 2 * has(Jet[1])", &frame, &[1.0, 0.0, 0.0, 1.0]);
    same("sum(Jet.pt)", &frame, &[1.0, 0.0, 0.0, 1.0]);
    same("Jet[1].id", &frame, &[f64::NAN; 4]);
    same("count(Jet.id != 3)", &frame, &[1.0, 0.0, 0.0, 0.0]);
    same("Jet[0].id", &frame, &[3.0, f64::NAN, f64::NAN, 3.0]);
}

#[test]
fn lists_of_different_lengths_are_never_zipped() {
    let list = |values: &[&[f64]]| -> Vec<Series> { values.iter().map(|row| Series::new("".into(), *row)).collect() };
    let frame = df!("Jet_pt" => list(&[&[1.0], &[1.0, 2.0]]), "Jet_eta" => list(&[&[1.0], &[1.0]])).unwrap();
    let error = typed(text("any(Jet.pt > Jet.eta)"), &frame).mask(&frame).unwrap_err().to_string();
    assert!(error.contains("row 1") && error.contains("Jet_pt") && error.contains('2'), "{error}");
    assert_eq!(floats("len(Jet[pt > 1])", &frame), [0.0, 1.0]);
}

#[test]
fn objects_and_lists_are_columns_of_structs_and_lists() {
    let events = events(50, 4, 29);
    let frame = frame(&events);
    for what in [
        "Jet[pt > 30]",
        "argmin(j.pt for j in Jet)",
        "pairs(Jet[:2])[0]",
        "[j for j in Jet if j.eta > 0]",
        "Jet.pt * 2",
        "Jet_pt",
    ] {
        let typed = typed(text(what), &frame);
        let values = typed.values(&frame).unwrap();
        assert_eq!(values.dtype(), &typed.dtype(), "{what}");
        assert_eq!(values.len(), 50, "{what}");
    }
    let best = typed(text("argmin(j.pt for j in Jet)"), &frame).values(&frame).unwrap();
    let without = events.iter().filter(|jets| present(jets).count() == 0).count();
    assert_eq!(best.null_count(), without);
    // A definition may have the name of a collection, and its column stands beside the columns of that.
    let mut both = frame.clone();
    let hard = typed(text("Jet[1:]"), &frame).values(&frame).unwrap().with_name("Jet".into());
    both.with_column(hard.into_column()).unwrap();
    let count = text("len(Jet)").define("Jet", &text("Jet[1:]"));
    let lengths = typed(count, &both).values(&both).unwrap();
    let loops: Vec<u32> = events.iter().map(|jets| jets.len().saturating_sub(1) as u32).collect();
    assert_eq!(lengths.u32().unwrap().iter().flatten().collect::<Vec<_>>(), loops);
    let kept: Cut = text("sum(good.pt) > 60 & all(g in Jet for g in good)").define("good", &text("Jet[pt > 30]"));
    let mask = typed_mask(kept, &frame);
    let loops =
        events.iter().map(|jets| Some(jets.iter().map(|jet| jet.pt).filter(|pt| *pt > 30.0).sum::<f64>() > 60.0));
    assert_eq!(mask, loops.collect::<Vec<_>>());
}

fn typed_mask(cut: Cut, frame: &DataFrame) -> Vec<Option<bool>> {
    typed(cut, frame).mask(frame).unwrap().iter().collect()
}

#[test]
fn four_vectors_have_other_names_and_other_frames() {
    let events = events(600, 5, 31);
    let frame = frame(&events);
    let value = |what: &str| floats(what, &frame);
    let own = "'pt = pt, eta = eta, phi = phi, mass = mass'";
    assert_eq!(
        bits(&value(&format!("mass(p4(Jet[0], {own}), p4(Jet[1], {own}))"))),
        bits(&value("mass(Jet[0], Jet[1])"))
    );
    let other = "'pt = mass, eta = eta, phi = phi, m = pt'";
    assert_eq!(bits(&value(&format!("pt(p4(Jet[0], {other}))"))), bits(&value("Jet[0].mass")));
    assert_eq!(bits(&value(&format!("p4(Jet[0], {other}).pt"))), bits(&value("Jet[0].pt")), "fields stay");
    assert!(value(&format!("len([j for j in p4(Jet, {other}) if j not in Jet])")).iter().all(|count| *count == 0.0));
    let close = |what: &str, expected: &str| {
        let (found, expected) = (value(what), value(expected));
        let same = |(a, b): (&f64, &f64)| a.is_nan() && b.is_nan() || (a - b).abs() < 1e-4;
        let wrong = found.iter().zip(&expected).find(|pair| !same(*pair));
        assert_eq!(wrong, None, "{what}");
        assert!(expected.iter().any(|value| value.is_finite()), "{what}");
    };
    close("mass(boost(Jet[0], Jet[1]))", "mass(Jet[0]) + 0 * Jet[0].pt + 0 * Jet[1].pt");
    close("momentum(boost(Jet[0], Jet[0]))", "0 * Jet[0].pt");
    close("boost(Jet[0], Jet[0]).E", "Jet[0].mass + 0 * Jet[0].pt");
    close("mass(boost(Jet[0], Jet[:2]), boost(Jet[1], Jet[:2]))", "mass(Jet[0], Jet[1])");
    close("sum(boost(j, Jet[0]).E for j in Jet[:1])", "sum(j.mass for j in Jet[:1] if j.pt >= 0)");
    let refused = |what: &str, reason: &str| {
        let error = text(what).check(frame.schema()).unwrap_err().to_string();
        assert!(error.contains(reason), "{what}: {error}");
    };
    refused("mass(p4(Jet, 'pt = ptt')) > 1", "`Jet` has no field `ptt`");
    refused("mass(p4(Jet, 'q = pt')) > 1", "a four-vector has no component `q`");
    refused("mass(p4(Jet, 'pt = pt, phi = phi')) > 1", "`Jet` has no field `eta`, which");
    refused("boost(Jet[0], Jet[1]) > 1", "of which quantity");
    refused("boost(Jet[0]) > 1", "`boost` takes an object and what it is boosted to");
    // What was looked at is counted, and counted once.
    let typed = typed(text("sum(a.pt * b.pt for a, b in pairs(Jet))"), &frame);
    assert_eq!(typed.values(&frame).unwrap().len(), events.len());
    let objects: usize = events.iter().map(Vec::len).sum();
    let pairs: usize = events.iter().map(|jets| jets.len() * jets.len().saturating_sub(1) / 2).sum();
    assert_eq!(typed.looked_at(), [("Jet".to_owned(), objects as u64), ("pairs(Jet)".to_owned(), pairs as u64)]);
    assert!(typed.looked_at().is_empty());
}
