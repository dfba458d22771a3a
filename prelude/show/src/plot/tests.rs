//! A gallery of every kind of plot, made from fixed numbers, and what must hold for each.
//! With `RECOIL_PICTURES` set to a folder, the gallery is written there, light and dark, to be looked at.

use super::*;
use crate::theme::Color;
use hist::{Axis, Fitting, Hist, Sample, Storage};
use proptest::prelude::*;
use resvg::usvg::roxmltree::{Document, Node};

/// Numbers that look random and are the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self, mean: f64, width: f64) -> f64 {
        let (a, b) = (self.uniform().max(1e-300), self.uniform());
        mean + width * (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }

    fn normals(&mut self, many: usize, mean: f64, width: f64) -> Vec<f64> {
        (0..many).map(|_| self.normal(mean, width)).collect()
    }
}

fn recoil() -> Axis {
    Axis::regular(50, 0.0, 6.0).unwrap().named("pRecoil")
}

fn filled(values: &[f64]) -> Hist {
    let mut hist = Hist::new(recoil()).unwrap();
    hist.fill(values).unwrap();
    hist
}

fn weighted(values: &[f64], weight: f64) -> Hist {
    let mut hist = Hist::weighted(recoil()).unwrap();
    hist.fill_weighted(values, &vec![weight; values.len()]).unwrap();
    hist
}

fn simulation() -> Vec<(&'static str, Hist)> {
    let mut numbers = Numbers(7);
    vec![
        ("taupair", weighted(&numbers.normals(900, 3.4, 1.6), 0.4)),
        ("ee", weighted(&numbers.normals(500, 1.2, 0.7), 0.9)),
        ("mumu", weighted(&numbers.normals(16_000, 2.4, 0.8), 0.26)),
    ]
}

fn measured() -> Hist {
    let mut numbers = Numbers(11);
    let mut values = numbers.normals(4200, 2.42, 0.8);
    values.extend(numbers.normals(360, 3.4, 1.6));
    values.extend(numbers.normals(450, 1.2, 0.7));
    filled(&values)
}

fn gallery() -> Vec<(&'static str, Plot)> {
    let mut numbers = Numbers(3);
    let mass = Axis::regular(60, 60.0, 120.0).unwrap().labelled("$m$(\\mu\\mu)").with_unit("GeV/c^2");
    let mut z = Hist::new(mass).unwrap();
    z.fill(&numbers.normals(8000, 91.0, 2.8)).unwrap();
    z.fill(&(0..4000).map(|_| 60.0 + 60.0 * numbers.uniform()).collect::<Vec<_>>()).unwrap();
    let peak = |x: f64| 66.7 + 8000.0 / (2.8 * 2.5066) * (-0.5 * ((x - 91.0) / 2.8).powi(2)).exp();
    let momenta = numbers.normals(40_000, 2.2, 0.8);
    let angles: Vec<f64> = momenta.iter().map(|p| 1.2 + 0.3 * p + 0.4 * (p * 7.3).sin()).collect();
    let plane = |bins: usize| {
        let axes = [
            Axis::regular(bins, 0.0, 5.0).unwrap().named("mu1P"),
            Axis::regular(bins, 0.5, 3.0).unwrap().named("mu1Theta"),
        ];
        let mut plane = Hist::with(axes, Storage::Count).unwrap();
        plane.fill_slices(&[&momenta, &angles], None, None).unwrap();
        plane
    };
    let found: Vec<f64> = momenta.iter().copied().filter(|p| (p * 1000.0) as i64 % 100 < 93).collect();
    let (all, passed) = (filled(&momenta), filled(&found));
    let mut dimuon =
        Hist::new(Axis::log(120, 0.3, 300.0).unwrap().labelled("$m$(\\mu\\mu)").with_unit("GeV/c^2")).unwrap();
    dimuon.fill(&(0..60_000).map(|_| 0.4 * (8.0 * numbers.uniform().powi(2)).exp()).collect::<Vec<_>>()).unwrap();
    dimuon.fill(&numbers.normals(3000, 3.1, 0.05)).unwrap();
    dimuon.fill(&numbers.normals(4000, 91.0, 3.0)).unwrap();
    let parts = simulation();
    vec![
        ("histogram", histogram(measured())),
        ("fit", histogram(&z).curve("Gauss + constant", peak).title("Z boson").with_statistic("Mean", "91.00 ± 0.03")),
        (
            "fitted",
            histogram(&z)
                .fit(&z.fit((hist::Gaussian + hist::Constant).range(75.0, 110.0)).unwrap())
                .experiment("CMS")
                .status("toy"),
        ),
        ("spectrum", histogram(&dimuon).log_x().log_y().experiment("CMS").status("open data").luminosity(0.03)),
        ("stack", stack(&parts).data(measured()).ratio().belle2("own work").luminosity(42.28)),
        ("pulls", stack(&parts).data(measured()).pull().belle2("simulation").log_y()),
        ("overlay", overlay(&parts).title("Momentum of the recoil")),
        (
            "annotated",
            stack(&parts)
                .color("ee", "#7a21dd")
                .vertical_line(4)
                .arrow((4.8, 150.0), (4.05, 120.0))
                .words(4.6, 160.0, "cut"),
        ),
        (
            "fit_pulls",
            histogram(&z)
                .fit(&z.fit((hist::Gaussian + hist::Line).range(75.0, 110.0).fix("sigma", 3.4)).unwrap())
                .pull(),
        ),
        ("efficiency_map", {
            let axes = || [Axis::regular(8, 0.0, 6.0).unwrap().named("pRecoil"), Axis::regular(6, 0.0, 6.0).unwrap()];
            let plane = |values: &[f64]| {
                let mut plane = Hist::with(axes(), Storage::Count).unwrap();
                plane
                    .fill_slices(&[values, &values.iter().map(|p| (p * 7.0) % 6.0).collect::<Vec<_>>()], None, None)
                    .unwrap();
                plane
            };
            efficiency(plane(&found), plane(&momenta))
        }),
        ("map", histogram(plane(40))),
        ("fine_map", histogram(plane(200)).log_y().without_projections().belle2("simulation")),
        ("scatter", scatter(("mu1P", &momenta[..3000]), ("mu1Theta", &angles[..3000]))),
        ("efficiency", efficiency(&passed, &all)),
        (
            "cutflow",
            cutflow(&[
                ("all", 30_403_890.0),
                ("one candidate", 12_552_598.0),
                ("pRecoil > 2", 4.2e6),
                ("2.6 > θ > 0.3", 3.9e6),
            ]),
        ),
        (
            "correlation",
            correlation(
                &["mu1P", "mu2P", "pRecoil", "m2Recoil"],
                &[1.0, -0.42, 0.1, 0.05, -0.42, 1.0, 0.3, -0.9, 0.1, 0.3, 1.0, 0.6, 0.05, -0.9, 0.6, 1.0],
            ),
        ),
        ("points", points(&[(1.0, 2.0, 0.4), (2.0, 2.5, 0.3), (3.0, 3.7, 0.5)]).x_label("trial").y_label("result")),
    ]
}

#[test]
fn every_plot_reads_on_light_and_dark_pages() {
    let folder = std::env::var_os("RECOIL_PICTURES").map(std::path::PathBuf::from);
    for (name, plot) in gallery() {
        for theme in [LIGHT, DARK] {
            let svg = plot.svg(&theme).unwrap();
            let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}"));
            let texts = readable(&document, name);
            assert!(texts > 3, "{name} has {texts} texts");
            if let Some(folder) = &folder {
                let page = if theme.dark { "dark" } else { "light" };
                std::fs::write(folder.join(format!("{name}_{page}.png")), raster::png(&svg, 1.5).unwrap()).unwrap();
                std::fs::write(folder.join(format!("{name}_{page}.svg")), &svg).unwrap();
            }
        }
    }
}

/// Asserts that every text has a contrast of 4.5:1 or more with what is painted last under it; returns how many there are.
fn readable(document: &Document, name: &str) -> usize {
    let attribute =
        |node: &Node, key: &str| node.attribute(key).and_then(|value| value.parse::<f64>().ok()).unwrap_or(0.0);
    let (mut painted, mut texts) = (Vec::new(), 0);
    for node in document.descendants().filter(Node::is_element) {
        match node.tag_name().name() {
            "rect" if node.attribute("fill-opacity").is_none() => {
                let Some(color) = node.attribute("fill").and_then(Color::parse) else { continue };
                let [x, y, width, height] = ["x", "y", "width", "height"].map(|key| attribute(&node, key));
                painted.push((x, y, x + width, y + height, color));
            }
            "path" if node.attribute("fill-opacity").is_none() => {
                let Some(color) = node.attribute("fill").and_then(Color::parse) else { continue };
                let data = node.attribute("d").unwrap_or_default();
                painted.extend(data.split('z').filter_map(rectangle).map(|[a, b, c, d]| (a, b, c, d, color)));
            }
            "text" => {
                let color = node.attribute("fill").and_then(Color::parse).expect("text has a colour of its own");
                let (x, y) = (attribute(&node, "x"), attribute(&node, "y") - 2.0);
                let inside = |p: &&(f64, f64, f64, f64, Color)| p.0 <= x && x <= p.2 && p.1 <= y && y <= p.3;
                let under = painted.iter().rev().find(inside).expect("a background is painted");
                let contrast = color.contrast(under.4);
                assert!(
                    contrast >= 4.5,
                    "{name}: {contrast:.1}:1 for {:?}",
                    node.descendants().filter_map(|n| n.text()).collect::<String>()
                );
                texts += 1;
            }
            _ => {}
        }
    }
    texts
}

/// The corners of a rectangle that is a part of a path: `M10 20h5v6h-5`.
fn rectangle(part: &str) -> Option<[f64; 4]> {
    let (corner, rest) = part.strip_prefix('M')?.split_once('h')?;
    let ((x, y), (width, rest)) = (corner.split_once(' ')?, rest.split_once('v')?);
    let number = |text: &str| text.parse::<f64>().ok();
    let (x, y) = (number(x)?, number(y)?);
    Some([x, y, x + number(width)?, y + number(rest.split_once('h')?.0)?])
}

#[test]
fn pictures_have_attributes_only_and_say_what_they_are() {
    for (name, plot) in gallery() {
        let svg = plot.svg(&LIGHT).unwrap();
        let document = Document::parse(&svg).unwrap();
        let root = document.root_element();
        for child in ["title", "desc"] {
            assert!(
                root.children().any(|node| node.has_tag_name((root.tag_name().namespace().unwrap(), child))),
                "{name}: {child}"
            );
        }
        for node in document.descendants().filter(Node::is_element) {
            assert!(!["style", "script", "foreignObject", "use"].contains(&node.tag_name().name()), "{name}");
            assert!(node.attributes().all(|a| !["style", "class", "id", "onclick"].contains(&a.name())), "{name}");
        }
    }
}

#[test]
fn bundles_carry_words_pictures_and_both_pages_and_stay_small() {
    for (name, plot) in gallery() {
        let bundle = plot.bundle();
        for mime in ["text/plain", "text/html", "image/svg+xml", "image/png"] {
            assert!(bundle.get(mime).is_some(), "{name}: {mime}");
        }
        let size = serde_json::to_string(&bundle.data).unwrap().len();
        assert!(size < 800_000, "{name}: {size} bytes");
        assert!(bundle.plain().len() > 60, "{name}: {}", bundle.plain());
        let html = bundle.get("text/html").unwrap();
        assert!(
            html.contains("alt=\"")
                && html.matches("<img").count() == 2
                && html.matches("width=\"0\" height=\"0\"").count() == 1
        );
    }
}

#[test]
fn the_words_of_the_plots() {
    let words: Vec<_> = gallery().into_iter().map(|(name, plot)| format!("== {name}\n{}", plot.text())).collect();
    insta::assert_snapshot!(words.join("\n\n"));
}

#[test]
fn the_picture_of_a_small_histogram() {
    let mut hist = Hist::new(Axis::regular(3, 0.0, 3.0).unwrap().named("mu1P")).unwrap();
    hist.fill(&[0.5, 1.5, 1.7, 9.0]).unwrap();
    insta::assert_snapshot!("small_light", histogram(&hist).svg(&LIGHT).unwrap());
    insta::assert_snapshot!("small_dark", histogram(&hist).svg(&DARK).unwrap());
    insta::assert_snapshot!(
        "small_interactive",
        serde_json::to_string_pretty(histogram(&hist).interactive().spec().unwrap()).unwrap()
    );
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let coarse = {
        let mut hist = Hist::new(Axis::regular(3, 0.0, 3.0).unwrap()).unwrap();
        hist.fill(&[1.0]).unwrap();
        hist
    };
    let cases = [
        (stack(simulation()).data(&coarse), "other bins"),
        (histogram(&coarse).ratio(), "needs data"),
        (stack(Vec::<Hist>::new()), "no histogram"),
        (efficiency(&coarse, measured()), "same bins"),
        (correlation(&["a", "b"], &[1.0]), "4 correlations"),
    ];
    for (plot, why) in cases {
        assert!(plot.bundle().plain().contains(why), "{}", plot.bundle().plain());
        assert!(plot.save("never.svg").unwrap_err().to_string().contains(why));
        assert_eq!(plot.interactive().bundle().data.len(), 1);
    }
}

#[test]
fn a_fit_displays_its_parameters() {
    let mut hist = Hist::new(Axis::regular(40, 80.0, 100.0).unwrap()).unwrap();
    hist.fill(&Numbers(9).normals(4000, 91.0, 2.0)).unwrap();
    let fit = hist.fit(hist::Gaussian.range(80.0, 100.0)).unwrap();
    let bundle = fit.bundle();
    for words in ["height", "mean", "sigma", "χ² / ndf"] {
        assert!(bundle.plain().contains(words) && bundle.get("text/html").unwrap().contains(words), "{words}");
    }
    let text = histogram(&hist).fit(&fit).text();
    assert!(text.contains("Gaussian fitted: height") && text.contains("mean 91.0"), "{text}");
}

#[test]
fn data_with_empty_bins_stand_beside_the_simulation_in_words() {
    let sparse = filled(&[2.4, 2.41, 2.43]);
    let text = stack(simulation()).data(&sparse).text();
    let line = text.lines().find(|line| line.starts_with("[2.4, 2.52)"));
    assert!(line.is_some_and(|line| line.contains("3.0 ±")), "{text}");
    assert_eq!(text.matches("taupair").count(), 1, "{text}");
}

#[test]
fn empty_histograms_are_drawn_too() {
    let empty = Hist::new(recoil()).unwrap();
    for plot in
        [histogram(&empty), histogram(&empty).log_y(), stack(&empty).data(&empty).ratio(), efficiency(&empty, &empty)]
    {
        let svg = plot.svg(&LIGHT).unwrap();
        assert!(Document::parse(&svg).is_ok() && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

#[test]
fn nothing_in_any_bin_has_no_bar_in_words() {
    let words = |hist: &Hist| histogram(hist).bundle().plain().to_owned();
    let empty = Hist::new(recoil()).unwrap();
    assert!(!words(&empty).contains('█'), "{}", words(&empty));
    assert!(!words(&empty.scaled(1.0)).contains('█'));
}

#[test]
fn a_profile_says_what_it_is_the_mean_of() {
    let profile = |name: &str, label: &str, unit: &str| {
        let sample = Sample { name: name.into(), label: label.into(), unit: unit.into() };
        let mut h = Hist::with([recoil()], Storage::Mean).unwrap().with_sample(sample);
        h.fill_slices(&[&[1.0, 2.0]], None, Some(&[0.5, 1.5])).unwrap();
        histogram(&h).bundle().plain().to_owned()
    };
    assert!(profile("", "", "").contains("  Mean\n"), "{}", profile("", "", ""));
    assert!(profile("nobody", "", "").contains("Mean of nobody\n"));
    // What is known of a name; what is said counts more.
    assert!(profile("m2Recoil", "", "").contains("Mean of m²_recoil [GeV²/c⁴]"), "{}", profile("m2Recoil", "", ""));
    assert!(profile("m2Recoil", "\\theta_\\mu", "rad").contains("Mean of θ_μ [rad]"));
}

#[test]
fn interactive_charts_are_data_with_zoom_and_tooltips() {
    for (name, plot) in gallery() {
        let bundle = plot.interactive().bundle();
        let spec = &bundle.data["application/vnd.vegalite.v5+json"];
        let text = spec.to_string();
        assert!(text.contains("\"bind\":\"scales\"") && text.contains("tooltip"), "{name}");
        assert!(!text.contains("NaN") && bundle.get("image/png").is_some() && bundle.get("text/html").is_none());
        // The legend has the names and the colours of the still picture.
        let named =
            |layer: &&model::Layer| !layer.name.is_empty() && plot.drawing.scene.legend && plot.drawing.map.is_none();
        for layer in plot.drawing.scene.panels.first().iter().flat_map(|panel| &panel.layers).filter(named) {
            let scales = spec["vconcat"][0]["layer"].to_string();
            let (name, color) = (crate::label::Label::parse(&layer.name).plain(), layer.paint.color(&LIGHT).hex());
            assert!(scales.contains(&format!("\"datum\":{}", serde_json::json!(name))), "{name} is not in the legend");
            assert!(scales.contains(&color), "{color}");
        }
    }
}

/// The boxes of the legend's texts must not contain a point of the data.
#[test]
fn the_legend_stands_beside_the_data() {
    for shift in [0.6, 2.0, 3.0, 4.0, 5.4] {
        let hist = filled(&Numbers(5).normals(5000, shift, 0.4));
        let plot = histogram(&hist);
        let x = layout::x_axis(&plot.drawing.scene);
        let panel = &plot.drawing.scene.panels[0];
        let y = layout::y_axis(panel, &x);
        let legend = legend::Legend::of(&plot.drawing.scene).unwrap();
        let frame = pen::Area { left: 60.0, top: 34.0, width: 560.0, height: 350.0 };
        let placed = layout::place_legend(panel, &legend, frame, &x, &y).unwrap();
        let (width, height) = legend.size(placed.columns);
        for (centre, value) in hist.centres().into_iter().zip(hist.counts()) {
            let at =
                (frame.left + x.place(centre) * frame.width, frame.bottom() - placed.y.place(value) * frame.height);
            let covered = at.0 > placed.left && at.0 < placed.left + width && at.1 < placed.top + height;
            assert!(!covered, "peak at {shift}: bin at {centre} is under the legend");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_words_give_a_valid_document(words in "\\PC{0,30}|<script>|&amp;\"'|\u{0}\u{8}") {
        let mut hist = Hist::new(Axis::regular(3, 0.0, 3.0).unwrap().named(words.clone()).with_unit(words.clone())).unwrap();
        hist.fill(&[0.5, 1.5]).unwrap();
        let plot = stack(&[(words.as_str(), hist.clone())]).data_named(&words, &hist).title(&words).experiment(&words).status(&words).x_label(&words);
        let svg = plot.svg(&LIGHT).unwrap();
        prop_assert!(Document::parse(&svg).is_ok(), "{svg}");
        prop_assert!(!svg.contains("<script"));
        prop_assert!(raster::png(&svg, 1.0).is_ok());
    }

    #[test]
    fn any_values_can_be_drawn(values in proptest::collection::vec(any::<f64>(), 0..40), low in -1e9f64..1e9, width in 1e-6f64..1e9, log: bool) {
        let mut hist = Hist::weighted(Axis::regular(7, low, low + width).unwrap()).unwrap();
        let weights: Vec<f64> = values.iter().rev().map(|w| if w.is_finite() { w.clamp(-1e6, 1e6) } else { 1.0 }).collect();
        let places: Vec<f64> = values.iter().map(|v| low + (v.abs() % 1.0) * width).collect();
        hist.fill_weighted(&places, &weights).unwrap();
        let plot = if log { histogram(&hist).log_y() } else { histogram(&hist) };
        let svg = plot.svg(&LIGHT).unwrap();
        prop_assert!(Document::parse(&svg).is_ok() && !svg.contains("NaN"));
        prop_assert!(svg.len() < 60_000);
    }
}
