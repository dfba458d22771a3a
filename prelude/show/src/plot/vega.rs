//! A plot as a Vega-Lite 5 chart, which JupyterLab draws without extensions: zoom with the wheel, numbers under the pointer.

use super::Plot;
use super::map::{Map, Shade};
use super::model::{AxisSpec, Layer, Mark, Panel, PlotSpec, Point, StepStyle};
use crate::bundle::{Bundle, Display};
use crate::label::Label;
use crate::theme::{DARK, LIGHT, Theme};
use serde_json::{Value, json};

const MIME: &str = "application/vnd.vegalite.v5+json";

/// A chart that zooms. Beside it stand the SVG and the words, for front ends that do not know Vega-Lite.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// let chart: show::Interactive = show::histogram(&hist).interactive();
/// assert!(!show::Display::bundle(&chart).is_refused());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Interactive {
    spec: Option<Value>,
    fallback: Bundle,
}

impl Interactive {
    pub(super) fn of(plot: &Plot) -> Self {
        let spec = match (&plot.drawing.problem, &plot.drawing.map) {
            (Some(_), _) => None,
            (None, Some(map)) => Some(map_spec(&plot.drawing.scene, map)),
            (None, None) => Some(panels_spec(&plot.drawing.scene)),
        };
        // With HTML in the bundle a front end might prefer the still picture.
        let mut fallback = plot.bundle();
        fallback.data.shift_remove("text/html");
        Self { spec, fallback }
    }

    /// The Vega-Lite specification; nothing when the plot cannot be drawn.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let chart = show::histogram(&hist).interactive();
    /// assert!(chart.spec().unwrap()["$schema"].as_str().unwrap().contains("vega-lite"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spec(&self) -> Option<&Value> {
        self.spec.as_ref()
    }
}

impl Display for Interactive {
    fn bundle(&self) -> Bundle {
        match &self.spec {
            Some(spec) => self.fallback.clone().with(MIME, spec.clone()),
            None => self.fallback.clone(),
        }
    }
}

fn panels_spec(scene: &PlotSpec) -> Value {
    let panels = scene.panels.iter().enumerate().map(|(at, panel)| panel_spec(scene, panel, at));
    top(
        scene,
        json!({ "vconcat": panels.collect::<Vec<_>>(), "spacing": 8, "resolve": { "legend": { "color": "independent" } } }),
    )
}

fn top(scene: &PlotSpec, body: Value) -> Value {
    let ink = paint(|theme| theme.ink.hex());
    let axis = json!({
        "grid": false, "labelFontSize": 12, "titleFontSize": 14, "titleAnchor": "end",
        "labelColor": ink, "titleColor": ink, "domainColor": ink, "tickColor": ink,
    });
    let mut spec = json!({
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": format!("{}. {}", scene.title, scene.summary),
        "title": if scene.header.words.is_empty() { &scene.header.experiment } else { &scene.header.words },
        // The page is the front end's: light, or dark by its theme.
        "params": [{ "name": "dark", "expr": "luminance(background) < 0.4" }],
        "config": {
            "axis": axis, "legend": { "labelColor": ink, "titleColor": ink }, "title": { "color": ink }, "view": { "stroke": ink },
        },
    });
    if let (Some(spec), Value::Object(mut body)) = (spec.as_object_mut(), body) {
        if let (Some(Value::Array(own)), Some(Value::Array(all))) =
            (body.shift_remove("params"), spec.get_mut("params"))
        {
            all.extend(own);
        }
        spec.extend(body);
    }
    spec
}

/// A colour that the chart takes from the theme that fits the page it is drawn on.
fn paint(of: impl Fn(&Theme) -> String) -> Value {
    let (light, dark) = (of(&LIGHT), of(&DARK));
    match light == dark {
        true => json!(light),
        false => json!({ "expr": format!("dark ? '{dark}' : '{light}'") }),
    }
}

fn panel_spec(scene: &PlotSpec, panel: &Panel, at: usize) -> Value {
    let layers = panel.layers.iter().enumerate().map(|(nr, layer)| layer_spec(scene, panel, layer, at == 0 && nr == 0));
    let guides = panel.guides.iter().map(|guide| {
        json!({ "mark": { "type": "rule", "strokeDash": [6, 4], "color": paint(|theme| theme.soft.hex()) }, "encoding": { "y": { "datum": guide } } })
    });
    let height = if at == 0 { 320 } else { 110 };
    json!({ "width": 520, "height": height, "layer": layers.chain(guides).collect::<Vec<_>>() })
}

fn layer_spec(scene: &PlotSpec, panel: &Panel, layer: &Layer, zooms: bool) -> Value {
    let color = paint(|theme| layer.paint.color(theme).hex());
    let values = rows(scene, layer);
    let mark = mark(layer, &color);
    let mut x = axis(&scene.x);
    let mut y = axis(&panel.y);
    let mut encoding = serde_json::Map::new();
    let fields = match &layer.mark {
        Mark::Steps { .. } | Mark::Band { .. } => ("from", Some("to"), "y", Some("base")),
        Mark::Points(_) | Mark::Errors(_) | Mark::Curve(_) | Mark::Dots(_) => ("x", None, "y", None),
    };
    x["field"] = json!(fields.0);
    x["type"] = json!("quantitative");
    y["field"] = json!(fields.2);
    y["type"] = json!("quantitative");
    y["stack"] = Value::Null;
    encoding.insert("x".into(), x);
    encoding.insert("y".into(), y);
    for (channel, field) in [("x2", fields.1), ("y2", fields.3)] {
        if let Some(field) = field {
            encoding.insert(channel.into(), json!({ "field": field }));
        }
    }
    encoding.insert("tooltip".into(), tooltip(scene, panel, fields.1.is_some()));
    if let Some(scale) = legend_scale(scene, panel).filter(|_| !layer.name.is_empty()) {
        let name = Label::parse(&layer.name).plain();
        encoding.insert(
            "color".into(),
            json!({ "datum": name, "type": "nominal", "scale": scale, "legend": { "title": null } }),
        );
    }
    let own = json!({ "mark": mark, "encoding": encoding });
    let mut spec = json!({ "data": { "values": values } });
    if let (Some(spec), true) = (spec.as_object_mut(), zooms) {
        spec.insert(
            "params".into(),
            json!([{ "name": "zoom", "select": { "type": "interval", "encodings": ["x"] }, "bind": "scales" }]),
        );
    }
    let whiskers = matches!(layer.mark, Mark::Points(_) | Mark::Errors(_));
    let body = if whiskers { whiskers_spec(own, &color) } else { own };
    if let (Some(spec), Value::Object(body)) = (spec.as_object_mut(), body) {
        if body.contains_key("layer")
            && let Some(params) = spec.shift_remove("params")
        {
            let mut body = body;
            body["layer"][0]["params"] = params;
            spec.extend(body);
        } else {
            spec.extend(body);
        }
    }
    spec
}

/// The names and colours of the upper panel's layers, which Vega-Lite makes the legend of; None where there is no legend.
fn legend_scale(scene: &PlotSpec, panel: &Panel) -> Option<Value> {
    let upper = scene.panels.first().is_some_and(|first| std::ptr::eq(first, panel));
    if !scene.legend || !upper {
        return None;
    }
    let mut named: Vec<(String, Value)> = Vec::new();
    for layer in panel.layers.iter().filter(|layer| !layer.name.is_empty()) {
        let name = Label::parse(&layer.name).plain();
        if named.iter().all(|(known, _)| *known != name) {
            named.push((name, paint(|theme| layer.paint.color(theme).hex())));
        }
    }
    let (names, colors): (Vec<_>, Vec<_>) = named.into_iter().unzip();
    (!names.is_empty()).then(|| json!({ "domain": names, "range": colors }))
}

/// Points, and the lines of their errors.
fn whiskers_spec(points: Value, color: &Value) -> Value {
    let mut rule = points.clone();
    rule["mark"] = json!({ "type": "rule", "color": color });
    rule["encoding"]["y"]["field"] = json!("low");
    rule["encoding"]["y2"] = json!({ "field": "high" });
    json!({ "layer": [points, rule] })
}

fn mark(layer: &Layer, color: &Value) -> Value {
    match &layer.mark {
        Mark::Steps { style: StepStyle::Filled, .. } => {
            json!({ "type": "rect", "color": color, "stroke": color, "strokeWidth": 0.4 })
        }
        Mark::Steps { style: StepStyle::Tinted, .. } => {
            json!({ "type": "rect", "color": color, "fillOpacity": 0.35, "stroke": color, "strokeWidth": 0.6 })
        }
        Mark::Steps { style: StepStyle::Outline, .. } => {
            json!({ "type": "rect", "filled": false, "stroke": color, "strokeWidth": 1.2 })
        }
        Mark::Band { .. } => json!({ "type": "rect", "color": color, "opacity": 0.2 }),
        Mark::Points(_) => json!({ "type": "point", "filled": true, "size": 36, "color": color, "opacity": 1 }),
        Mark::Errors(_) => json!({ "type": "point", "opacity": 0, "color": color }),
        Mark::Curve(_) => json!({ "type": "line", "color": color }),
        Mark::Dots(_) => json!({ "type": "point", "filled": true, "size": 9, "opacity": 0.5, "color": color }),
    }
}

fn rows(scene: &PlotSpec, layer: &Layer) -> Vec<Value> {
    let series = Label::parse(&layer.name).plain();
    let name = |x: f64| match &scene.x.clock {
        Some(clock) => Some(clock.text(x)),
        None => scene.x.names.as_ref().and_then(|names| names.get(x.max(0.0) as usize)).map(Label::plain),
    };
    let point = |p: &Point| json!({ "x": p.x, "y": p.y, "low": p.y - p.down, "high": p.y + p.up, "series": series, "name": name(p.x) });
    match &layer.mark {
        Mark::Steps { edges, values, base, .. } => {
            let cells = edges.windows(2).zip(values.iter().zip(base));
            cells.map(|(e, (y, b))| json!({ "from": e[0], "to": e[1], "y": y, "base": b, "own": y - b, "series": series, "name": name(e[0]) })).collect()
        }
        Mark::Band { edges, low, high } => {
            let cells = edges.windows(2).zip(low.iter().zip(high));
            cells.map(|(e, (a, b))| json!({ "from": e[0], "to": e[1], "y": b, "base": a, "series": series })).collect()
        }
        Mark::Points(points) | Mark::Errors(points) => points.iter().map(point).collect(),
        Mark::Curve(points) | Mark::Dots(points) => {
            points.iter().map(|(x, y)| json!({ "x": x, "y": y, "series": series })).collect()
        }
    }
}

fn tooltip(scene: &PlotSpec, panel: &Panel, binned: bool) -> Value {
    let field = |field: &str, title: String| json!({ "field": field, "title": title, "type": "quantitative", "format": ".5~g" });
    let series = json!({ "field": "series", "title": "series", "type": "nominal" });
    let y = panel.y.title().plain();
    let mut fields = vec![series];
    if scene.x.names.is_some() || scene.x.clock.is_some() {
        fields.push(json!({ "field": "name", "title": scene.x.label.plain(), "type": "nominal" }));
    } else if binned {
        fields.extend([field("from", "from".into()), field("to", "to".into())]);
    } else {
        fields.push(field("x", scene.x.title().plain()));
    }
    fields.push(field("y", y));
    Value::Array(fields)
}

fn axis(wish: &AxisSpec) -> Value {
    let mut scale = json!({ "zero": false, "nice": false });
    if wish.log {
        scale["type"] = json!("symlog");
    }
    if let Some((low, high)) = wish.range {
        scale["domain"] = json!([low, high]);
    }
    if wish.clock.is_none() {
        return json!({ "title": wish.title().plain(), "scale": scale });
    }
    // Charts of a page know no zones but that of its reader.
    let labels = "utcFormat(datum.value * 1000, '%Y-%m-%d %H:%M')";
    let title = format!("{} [UTC]", wish.label.plain());
    json!({ "title": title, "scale": scale, "axis": { "labelExpr": labels, "labelAngle": -25 } })
}

fn map_spec(scene: &PlotSpec, map: &Map) -> Value {
    let mut values = Vec::new();
    for (column, x) in map.x.windows(2).enumerate() {
        for (row, y) in map.y.windows(2).enumerate() {
            let z = map.cell(column, row);
            if z.is_finite() && (z != 0.0 || map.written) {
                values.push(json!({ "from": x[0], "to": x[1], "low": y[0], "high": y[1], "z": z }));
            }
        }
    }
    let scheme = match map.shade {
        Shade::Signed(limit) => json!({ "scheme": "blueorange", "domain": [-limit, limit] }),
        Shade::Density => json!({ "scheme": "viridis", "type": if map.log { "log" } else { "linear" } }),
    };
    let side = |wish: &AxisSpec, field: &str| {
        let mut axis = axis(wish);
        axis["field"] = json!(field);
        axis["type"] = json!("quantitative");
        axis
    };
    let title = map.z.title().plain();
    top(
        scene,
        json!({
            "width": 480, "height": 380, "data": { "values": values }, "mark": { "type": "rect", "tooltip": true },
            "params": [{ "name": "zoom", "select": "interval", "bind": "scales" }],
            "encoding": {
                "x": side(&scene.x, "from"), "x2": { "field": "to" }, "y": side(&scene.panels[0].y, "low"), "y2": { "field": "high" },
                "color": { "field": "z", "type": "quantitative", "title": title, "scale": scheme },
            },
        }),
    )
}
