//! Random texts: every one gives an answer or an error.

use polars::prelude::*;
use std::time::{Duration, Instant};

const SEEDS: [&str; 22] = [
    "2.6 > x > 0.3 & n in [1, 3] | not `a b` == 2",
    "s.str.contains('a', regex=False) and s != 'b' or s.isna()",
    "where(b, x, y) ** 2 // 3 % 1.5 <= -x ** 2 ** 3",
    "@cut < x & @box['k'] == 1 & @box.k == 1 & @f(x, 1) > 0",
    "[x > 1 and y < 2] || !(b) && ~b",
    "x.between(1, 2, inclusive='left') & x.fillna(0) > x.mean()",
    "sqrt(abs(x)) > hypot(x, y) & min(x, y, 1) < pi",
    "u - 600 > 0 & -n < 1_000 & n == 0xff & u ** n > 9999999999999999999999999",
    "t > '2024-01-01' & t == None & n not in (1,) & 'a' in s",
    "x in [1e308, -1e-308, .5, 5.] # comment",
    "((((((x)))))) > ----1 & not not not b",
    "n // 0 == 1 | n % 0 == 1 | 1 / n > Inf | u << 1",
    "any(60 < mass(a, b) < 120 & a.q != b.q for a, b in pairs(Jet))",
    "sum(Jet[pt > x & abs(eta) < 2].pt) + len(Jet[:2]) * Jet[-1].q > count(Jet.q & 1 == 1)",
    "argmin(abs(mass(t) - 172.5) for t in triples(Jet))[0].pt > 3 | has(argmax(j.q for j in Jet if j.pt > 1))",
    "[j for j in Jet if j.pt > 30 & all(dR(j, m) >= 0.4 for m in M)]",
    "max(argmin(a.pt + b.pt for a in Jet for b in M if a.q == b.q).pt) > 2",
    "sort(Jet.pt)[1] - Jet[n].pt < min(Jet.eta) | 2 in Jet.q",
    "count(j not in argmax(a.pt for a in Jet[1:]) for j in Jet) == len(pairs(Jet))",
    "[l.kind for l in (Jet + M)[q != 1]]",
    "any(any(a.pt < b.pt for b in M) for a in Jet) & Jet[0] == Jet[0] & M[0] in Jet",
    "sum(where(j.q > 0, j.pt, x) for j in Jet) > mean(Jet.pt * y) + pt(Jet) + charge(M)",
];

/// Pieces that mean something in some place.
const PIECES: [&str; 52] = [
    "(",
    ")",
    "[",
    "]",
    "'",
    "\"",
    "`",
    "@",
    ".",
    ",",
    "&",
    "|",
    "~",
    "!",
    "^",
    "not ",
    " in ",
    "**",
    "//",
    "%",
    "-",
    "==",
    "!=",
    "<",
    ">",
    "=",
    "x",
    "y",
    "s",
    "b",
    "n",
    "u",
    "t",
    "1",
    "1e999",
    "None",
    ".str.match(",
    "\n",
    "é",
    "\u{0}",
    " for ",
    " if ",
    "Jet",
    "M",
    ".pt",
    ".q",
    "[0]",
    "[:1]",
    "pairs(",
    "sum(",
    "<<",
    "a, b",
];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

fn mutated(random: &mut Random) -> String {
    let mut chars: Vec<char> = SEEDS[random.below(SEEDS.len())].chars().collect();
    for _ in 0..=random.below(6) {
        let at = random.below(chars.len() + 1);
        match random.below(5) {
            0 if at < chars.len() => drop(chars.remove(at)),
            1 => {
                let other: Vec<char> = SEEDS[random.below(SEEDS.len())].chars().collect();
                let from = random.below(other.len());
                let to = (from + random.below(20)).min(other.len());
                chars.splice(at..at, other[from..to].iter().copied());
            }
            2 => chars.truncate(at),
            _ => drop(chars.splice(at..at, PIECES[random.below(PIECES.len())].chars())),
        }
    }
    chars.into_iter().collect()
}

fn frame() -> DataFrame {
    let pt = |values: &[f64]| Series::new("pt".into(), values);
    let q = |values: &[Option<i64>]| Series::new("q".into(), values);
    let (none, all) = (Some(pt(&[])), Some(pt(&[50.0, f64::NAN, 20.0, f64::INFINITY])));
    let lists = vec![all.clone(), none.clone(), None, Some(pt(&[-0.0])), all.map(|all| all.head(Some(3)))];
    let charges = q(&[Some(1), None, Some(-1), Some(i64::MAX)]);
    let objects = StructChunked::from_series("".into(), 4, [pt(&[1.0, 2.0, 3.0, 4.0]), charges.clone()].iter());
    let objects = objects.unwrap().into_series();
    let charges = vec![Some(charges.clone()), Some(q(&[])), None, Some(q(&[None])), Some(charges.head(Some(3)))];
    let objects =
        [Some(objects.clone()), None, Some(objects.head(Some(1))), Some(objects.head(Some(0))), Some(objects)];
    let mut frame = df!(
        "x" => [Some(1.0), None, Some(f64::NAN), Some(f64::INFINITY), Some(-0.0)],
        "y" => [0.5f32, f32::NAN, -1.0, 0.0, 1e30],
        "n" => [Some(i64::MIN), Some(-1), None, Some(0), Some(i64::MAX)],
        "u" => [0u32, 1, 2, 3, u32::MAX],
        "s" => [Some("a"), None, Some(""), Some("é"), Some("b")],
        "b" => [Some(true), Some(false), None, Some(true), Some(false)],
        "a b" => [1i8, 2, 3, -128, 127]
    )
    .unwrap();
    for name in ["Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass"] {
        frame.with_column(Column::new(name.into(), lists.clone())).unwrap();
    }
    frame.with_column(Column::new("Jet_q".into(), charges)).unwrap();
    frame.with_column(Column::new("M".into(), objects)).unwrap();
    frame
}

/// `RECOIL_FUZZ_SECONDS` lets it run longer than the default number of texts.
#[test]
fn no_text_breaks_the_language() {
    let frame = frame();
    let seconds = std::env::var("RECOIL_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut random = Random(end.map_or(88_172_645_463_325_252, |_| std::process::id().into()));
    let (mut texts, mut read, mut evaluated) = (0u64, 0, 0);
    while end.map_or(texts < 20_000, |end| Instant::now() < end) {
        texts += 1;
        let text = mutated(&mut random);
        match evaluate(&text, &frame) {
            Err(error) => drop(error.to_string()),
            Ok(false) => read += 1,
            Ok(true) => evaluated += 1,
        }
    }
    assert!(evaluated > texts / 100 && read + evaluated < texts, "{texts} texts, {read} read, {evaluated} evaluated");
}

/// Whether the text means something for the frame; all its evaluations must then agree.
fn evaluate(text: &str, frame: &DataFrame) -> Result<bool, crate::Error> {
    let cut = crate::parse(text)?
        .bind("cut", 1)
        .bind("box", crate::Value::map([("k", 1)]))
        .bind("f", crate::Value::function(|x| x.iter().sum()));
    let Ok(typed) = cut.check(frame.schema()) else { return Ok(false) };
    let values = match typed.values(frame) {
        Ok(values) => values,
        Err(error) => {
            // The only thing that is found out row by row.
            assert!(error.to_string().contains("does not fit in"), "{text:?}: {error}");
            let _ = std::hint::black_box((typed.mask(frame), frame.clone().lazy().select([typed.expr()]).collect()));
            return Ok(true);
        }
    };
    assert_eq!(values.len(), frame.height(), "{text:?}");
    assert_eq!(values.dtype(), &typed.dtype(), "{text:?}");
    if typed.is_selection() {
        let mask = typed.mask(frame).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let filtered = frame.clone().lazy().with_row_index("#", None).filter(typed.expr()).collect();
        let filtered = filtered.unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let rows = filtered.column("#").and_then(|column| Ok(column.u32()?.clone())).unwrap_or_default();
        let own = mask.iter().enumerate().filter(|(_, kept)| *kept == Some(true)).map(|(row, _)| Some(row as u32));
        assert!(own.eq(rows.iter()), "{text:?}: {mask:?} but Polars {rows:?}");
    }
    Ok(true)
}
