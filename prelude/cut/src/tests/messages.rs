use crate::{Cut, col, where_};
use polars::prelude::{DataFrame, DataType, Field, Schema, df};

fn frame() -> DataFrame {
    df!(
        "pRecoil" => [1.0], "mu1P" => [1.0], "isSignal" => [1.0], "flag" => [true], "s" => ["x"], "i8" => [1i8],
        "useCMSFrame(E)" => [1.0], "d" => [vec![1i32, 2].into_iter().collect::<polars::prelude::Series>()]
    )
    .unwrap()
}

fn message(cut: Result<Cut, crate::Error>) -> String {
    let schema = frame().schema().clone();
    match cut.and_then(|cut| cut.check(&schema)).and_then(crate::Typed::selection) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn texts_are_refused_with_place_reason_and_help() {
    let cuts = [
        "pRecol > 2.0 & mu1P < 3",
        "pRecol > 2 & mu2P < 3",
        "isSignal",
        "flag & i8",
        "~mu1P > 3",
        "pRecoil > @cut",
        "pRecoil == 2 &",
        "(pRecoil > 2",
        "pRecoil > 2)",
        "pRecoil = 2",
        "pRecoil ^ mu1P",
        "i8 << 1 == 2",
        "s > 1",
        "s == 1",
        "mu1P is None",
        "pRecoil > 2 if True else False",
        "lambda x: x",
        "mu1P > 1, pRecoil > 1",
        "useCMSFrame(E) > 1",
        "sqr(mu1P) > 1",
        "max(mu1P) > 1",
        "sqrt(mu1P, 2) > 1",
        "True",
        "1 in [1, 2]",
        "mu1P.isnaa()",
        "mu1P.mean",
        "s.str.contains('(')",
        "mu1P in 3",
        "mu1P in ['a']",
        "mu1P > nan",
        "2x > 1",
        "s == 'x",
        "d > 1",
        "",
        "mu1P > 1 AND pRecoil > 1",
        "§ > 1",
    ];
    let all: Vec<String> = cuts.iter().map(|cut| format!("# {cut}\n{}", message(crate::parse(cut)))).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn lists_are_refused_with_place_reason_and_help() {
    let list = |name: &str| Field::new(name.into(), DataType::List(Box::new(DataType::Float32)));
    let object =
        DataType::Struct(vec![Field::new("pt".into(), DataType::Float32), Field::new("q".into(), DataType::Int8)]);
    let mut schema: Schema =
        ["Jet_pt", "Jet_eta", "Jet_phi", "Muon_pt", "Muon_eta", "Two_x", "Two_y"].map(list).into_iter().collect();
    schema.insert("Tau".into(), DataType::List(Box::new(object.clone())));
    schema.insert("Two".into(), DataType::List(Box::new(object)));
    schema.insert("w".into(), DataType::Float64);
    schema.insert("status".into(), DataType::Int32);
    let cuts = [
        "Jet.pt > Muon.pt",
        "Jet[pt > 30].pt > Jet.pt",
        "w > 1 & Jet.pt * 2 > Muon.pt",
        "sum(Jet)",
        "sum(Jet) > 1",
        "any(Jet)",
        "Jet.ptt > 1",
        "any(a.pt > 1 for a, b, c in pairs(Jet))",
        "any(a.pt > 1 for a, b in Jet)",
        "Jet.pt > 30",
        "Jet",
        "Jet[0]",
        "Jet[0].pt",
        "argmin(Jet.pt)",
        "sum(w)",
        "max(w)",
        "Jet.pt.mean() > 3",
        "Two.x > 1",
        "mass(Jet[0]) > 1",
        "mass(w) > 1",
        "dR(Jet[0]) > 1",
        "any(j.pt > Jet.pt for j in Jet)",
        "count(Jet.pt) > 1",
        "status & 4 == 4",
        "w & 4 == 4",
        "status << w == 2",
        "Jet[w].pt > 1",
        "Jet[0:w].pt",
        "Jet[0:4:2].pt",
        "w[0] > 1",
        "any(j.pt > 1 for j of Jet)",
        "for j in Jet",
        "any(j for j in Jet)",
        "any(j.pt > 1 for j in w)",
        "Jet[0] > 3",
        "Jet + w",
        "len(w) > 1",
        "Jett.pt > 1",
        "pairs(Jet).pt",
    ];
    let message = |cut: &str| match crate::parse(cut).and_then(|cut| cut.check(&schema)?.selection()) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    };
    let all: Vec<String> = cuts.iter().map(|cut| format!("# {cut}\n{}", message(cut))).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn built_expressions_are_refused_too() {
    let exprs = [
        col("zzz").eq(1).into(),
        col("s").gt("x").into(),
        col("mu1P").is_in(["a"]).into(),
        col("i8").is_in(vec![crate::Value::from(1), crate::Value::from(2.5)]).into(),
        col("mu1P").lt(f64::INFINITY).into(),
        where_(col("flag"), col("s"), col("i8")).into(),
        Cut::from(col("pRecoil").gt(1) & col("mu1P")),
    ];
    let all: Vec<String> = exprs.into_iter().map(|cut: Cut| format!("# {cut}\n{}", message(Ok(cut.clone())))).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn nothing_nests_too_deep() {
    for text in [
        "(".repeat(100_000),
        "-".repeat(100_000) + "x",
        "x".to_owned() + &" + x".repeat(100_000),
        "not ".repeat(9999) + "x",
    ] {
        assert!(crate::parse(&text).is_err());
    }
    let long = vec!["pRecoil > 1"; 20_000].join(" & ");
    assert_eq!(message(crate::parse(&long)), "accepted");
    let deep = (0..2000).fold(col("mu1P"), |sum, _| sum + 1);
    assert!(message(Ok(deep.gt(1).into())).contains("nests deeper"));
}

/// `&` between integers binds less strongly than a comparison, so what is proposed has brackets; it is a condition.
#[test]
fn bits_without_a_comparison_are_told_with_brackets() {
    let frame = df!("flags" => [1i64, 128, 130]).unwrap();
    let error =
        super::text("flags & 128").check(frame.schema()).and_then(crate::Typed::selection).unwrap_err().to_string();
    assert!(error.contains("write (flags & 128) != 0"), "{error}");
    assert_eq!(super::kept(super::text("(flags & 128) != 0"), &frame), [1, 2]);
}
