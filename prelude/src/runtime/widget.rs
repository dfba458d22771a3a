//! Values with a counterpart in the front end: widgets of the anywidget kind, whose state both sides can change.
//!
//! The state of a widget is a map of names to JSON values. A change on one side is sent to the other over Jupyter's comm
//! protocol ("jupyter.widget", version 2.1). What it looks like is JavaScript that comes with it; the front end needs the
//! extension `anywidget`, which `recoil lab` installs.

use super::link;
use port::Comm;
use segment::lock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock, Mutex};

/// Version of the widgets' messages, for the front end to check.
const PROTOCOL: &str = "2.1.0";
/// How a widget is displayed.
const VIEW: &str = "application/vnd.jupyter.widget-view+json";

/// Why a widget's value cannot be had or set.
#[derive(Debug, thiserror::Error)]
pub enum WidgetError {
    /// The state is a map of names to values.
    #[error("the state of a widget is a JSON object, not {0}")]
    NoObject(Value),
    /// There is no such name in the state.
    #[error("the widget has no `{name}`; it has {has}")]
    NoName {
        /// What was asked for.
        name: String,
        /// What there is.
        has: String,
    },
    /// The value is of another type, or cannot be written as JSON.
    #[error("`{name}` of the widget: {error}")]
    Value {
        /// Whose value.
        name: String,
        /// What is wrong.
        error: serde_json::Error,
    },
}

type Callback = Box<dyn FnMut(&Value) + Send>;

struct Inner {
    id: String,
    state: Mutex<Map<String, Value>>,
    callbacks: Mutex<Vec<(String, Callback)>>,
}

/// A widget. Copies are the same widget; it lives in the front end until it is closed or the kernel ends.
///
/// ```no_run
/// use recoil::{Widget, serde_json::json};
/// let source = "export default { render({ model, el }) { el.textContent = model.get('text'); } }";
/// let label = Widget::new(source, json!({"text": "hello"}))?;
/// label.set("text", "changed")?;
/// # Ok::<(), recoil::WidgetError>(())
/// ```
#[derive(Clone)]
pub struct Widget(Arc<Inner>);

/// Open widgets. The front end keeps them, so a dropped handle must not close one: a cell may only display it.
static OPEN: LazyLock<Mutex<HashMap<String, Arc<Inner>>>> = LazyLock::new(Mutex::default);

impl Widget {
    /// A widget of the anywidget kind: `module` is the text of an ECMAScript module whose default export has `render`.
    ///
    /// # Errors
    /// [`WidgetError::NoObject`].
    ///
    /// ```
    /// use recoil::{Widget, serde_json::json};
    /// let source = "export default { render({ model, el }) { el.textContent = model.get('text'); } }";
    /// assert!(Widget::new(source, json!({"text": "hello"})).is_ok());
    /// assert!(Widget::new(source, json!("hello")).is_err());
    /// ```
    pub fn new(module: &str, state: Value) -> Result<Self, WidgetError> {
        match state {
            Value::Object(state) => Ok(Self::open(module, state)),
            state => Err(WidgetError::NoObject(state)),
        }
    }

    fn open(module: &str, state: Map<String, Value>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // The process id keeps widgets of a restarted worker apart.
        let id = format!("recoil-widget-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let kind = json!({
            "_model_module": "anywidget", "_model_name": "AnyModel", "_model_module_version": "*",
            "_view_module": "anywidget", "_view_name": "AnyView", "_view_module_version": "*",
            "_view_count": null, "_dom_classes": [], "_esm": module, "_anywidget_id": id,
        });
        let mut whole = state;
        if let Value::Object(kind) = kind {
            whole.extend(kind);
        }
        let data = json!({"state": whole, "buffer_paths": []});
        let inner = Arc::new(Inner { id, state: Mutex::new(whole), callbacks: Mutex::default() });
        lock(&OPEN).insert(inner.id.clone(), inner.clone());
        let metadata = Map::from_iter([("version".to_owned(), json!(PROTOCOL))]);
        link::say(&inner.id, Comm::Open { target: "jupyter.widget".into(), data, metadata });
        Self(inner)
    }

    /// A value of the state as it is now, also while the cell runs.
    ///
    /// # Errors
    /// [`WidgetError`] when there is no such name, or its value is of another type.
    ///
    /// ```
    /// use recoil::{Widget, serde_json::json};
    /// let widget = Widget::new("export default {}", json!({"bins": 50}))?;
    /// assert_eq!(widget.get::<u32>("bins")?, 50);
    /// assert!(widget.get::<u32>("bin").unwrap_err().to_string().contains("it has `bins`"));
    /// # Ok::<(), recoil::WidgetError>(())
    /// ```
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, WidgetError> {
        let value = self.value_of(name)?;
        serde_json::from_value(value).map_err(|error| WidgetError::Value { name: name.to_owned(), error })
    }

    #[inline(never)]
    fn value_of(&self, name: &str) -> Result<Value, WidgetError> {
        let state = lock(&self.0.state);
        state.get(name).cloned().ok_or_else(|| {
            let has: Vec<_> = own(&state).map(|(name, _)| format!("`{name}`")).collect();
            WidgetError::NoName { name: name.to_owned(), has: has.join(", ") }
        })
    }

    /// Changes a value of the state, here and in the front end.
    ///
    /// # Errors
    /// [`WidgetError::Value`] when the value cannot be written as JSON.
    ///
    /// ```
    /// use recoil::{Widget, serde_json::json};
    /// let widget = Widget::new("export default {}", json!({"bins": 50}))?;
    /// widget.set("bins", 100)?;
    /// assert_eq!(widget.get::<u32>("bins")?, 100);
    /// # Ok::<(), recoil::WidgetError>(())
    /// ```
    pub fn set(&self, name: &str, value: impl Serialize) -> Result<(), WidgetError> {
        let value = serde_json::to_value(value).map_err(|error| WidgetError::Value { name: name.to_owned(), error })?;
        lock(&self.0.state).insert(name.to_owned(), value.clone());
        let changed = Value::Object(Map::from_iter([(name.to_owned(), value)]));
        self.0.send_state(changed);
        Ok(())
    }

    /// Calls `callback` with the new value whenever the user changes `name`, on a thread of the widgets.
    ///
    /// ```
    /// use recoil::{Widget, serde_json::json};
    /// let widget = Widget::new("export default {}", json!({"bins": 50}))?;
    /// widget.on_change("bins", |bins| println!("{bins} bins from now on"));
    /// # Ok::<(), recoil::WidgetError>(())
    /// ```
    pub fn on_change(&self, name: &str, callback: impl FnMut(&Value) + Send + 'static) {
        lock(&self.0.callbacks).push((name.to_owned(), Box::new(callback)));
    }

    /// What the front end does when its user changes a value; for tests of what is heard.
    #[cfg(test)]
    pub(super) fn hear(&self, name: &str, value: Value) {
        let state = Value::Object(Map::from_iter([(name.to_owned(), value)]));
        heard(self.0.id.clone(), Comm::Message { data: json!({"method": "update", "state": state}) });
    }

    /// Removes the widget from the front end.
    pub fn close(&self) {
        link::say(&self.0.id, Comm::Close);
        forget(&self.0.id);
    }

    /// The number of a [`slider`] as it is now; NaN when this is no slider.
    pub fn value(&self) -> f64 {
        self.get("value").unwrap_or(f64::NAN)
    }
}

/// The part of a state that is the user's; the rest says what kind of widget it is.
fn own(state: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    state.iter().filter(|(name, _)| !name.starts_with('_'))
}

fn forget(id: &str) {
    let closed = lock(&OPEN).remove(id);
    // Callbacks may hold the widget itself; one that closes it is running now.
    if let Some(Ok(mut callbacks)) = closed.as_ref().map(|inner| inner.callbacks.try_lock()) {
        callbacks.clear();
    }
}

impl Inner {
    fn send_state(&self, state: Value) {
        let data = json!({"method": "update", "state": state, "buffer_paths": []});
        link::say(&self.id, Comm::Message { data });
    }

    fn take(&self, data: &Value) {
        match (data["method"].as_str(), &data["state"]) {
            (Some("update"), Value::Object(changed)) => {
                lock(&self.state).extend(changed.clone());
                for (name, callback) in lock(&self.callbacks).iter_mut() {
                    if let Some(value) = changed.get(name.as_str()) {
                        callback(value);
                    }
                }
            }
            (Some("request_state"), _) => {
                // All of it: a page that was opened again builds the widget from this.
                let state = Value::Object(lock(&self.state).clone());
                self.send_state(state);
            }
            _ => {}
        }
    }
}

/// What the front end has said; handled on one thread, so that a slow callback holds up no cell.
pub(crate) fn heard(id: String, event: Comm) {
    static QUEUE: Mutex<Option<Sender<(String, Comm)>>> = Mutex::new(None);
    let mut queue = lock(&QUEUE);
    let sender = queue.get_or_insert_with(|| {
        let (sender, events) = channel::<(String, Comm)>();
        let thread = std::thread::Builder::new().name("recoil-widgets".into());
        // Without a thread nobody hears: the widgets keep their last state.
        let _ = thread.spawn(move || events.into_iter().for_each(|(id, event)| handle(&id, event)));
        sender
    });
    let _ = sender.send((id, event));
}

fn handle(id: &str, event: Comm) {
    let widget = lock(&OPEN).get(id).cloned();
    let Some(widget) = widget else { return };
    match event {
        Comm::Message { data } => {
            // The panic hook prints it; later changes must still be heard.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| widget.take(&data)));
        }
        Comm::Close => forget(id),
        Comm::Open { .. } => {}
    }
}

impl show::Display for Widget {
    fn bundle(&self) -> show::Bundle {
        let state = lock(&self.0.state);
        let state: Map<_, _> = own(&state).map(|(name, value)| (name.clone(), value.clone())).collect();
        let state = Value::Object(state);
        let view = json!({"version_major": 2, "version_minor": 0, "model_id": self.0.id});
        show::Bundle::text(format!("Widget {state}")).with(VIEW, view)
    }
}

const SLIDER: &str = include_str!("slider.js");

/// A slider for a number, such as a cut: `let cut = slider("pRecoil", 0.0..=6.0);`, then `cut.value()`, or
/// `cut.on_change("value", move |value| ..)` to draw again while it is moved.
pub fn slider(label: &str, range: RangeInclusive<f64>) -> Widget {
    let (low, high) = (*range.start(), *range.end());
    let state = [("label", json!(label)), ("low", json!(low)), ("high", json!(high)), ("value", json!(low))];
    Widget::open(SLIDER, state.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_end_changes_a_widget_and_callbacks_hear_it() {
        let cut = slider("pRecoil", 0.5..=6.0);
        assert_eq!(cut.value(), 0.5);
        let (sender, heard_values) = channel();
        cut.on_change("value", move |value| {
            sender.send(value.clone()).unwrap();
        });
        cut.on_change("label", |_| panic!("the label has not changed"));
        let update = |value: f64| Comm::Message { data: json!({"method": "update", "state": {"value": value}}) };
        heard(cut.0.id.clone(), update(2.5));
        assert_eq!(heard_values.recv().unwrap(), json!(2.5));
        assert_eq!(cut.value(), 2.5);
        // A callback that panics does not end the hearing of others.
        cut.on_change("value", |_| panic!("a callback of the test panics"));
        heard(cut.0.id.clone(), update(3.0));
        heard(cut.0.id.clone(), update(4.0));
        assert_eq!(heard_values.recv().unwrap(), json!(3.0));
        assert_eq!(heard_values.recv().unwrap(), json!(4.0));
        cut.set("value", 1.0).unwrap();
        assert_eq!(cut.get::<f64>("value").unwrap(), 1.0);
        let error = cut.get::<String>("nothing").unwrap_err().to_string();
        assert!(error.contains("`nothing`") && error.contains("`value`"), "{error}");
        assert!(cut.get::<String>("value").unwrap_err().to_string().contains("`value`"));
        cut.close();
        heard(cut.0.id.clone(), update(5.0));
        assert_eq!(cut.value(), 1.0);
    }

    #[test]
    fn a_state_is_an_object() {
        assert!(matches!(Widget::new("", json!(1)), Err(WidgetError::NoObject(_))));
    }

    #[test]
    fn a_page_that_is_opened_again_gets_what_the_widget_is_built_from() {
        let widget = Widget::new("export default {}", json!({"n": 1})).unwrap();
        let state = lock(&widget.0.state).clone();
        assert_eq!((&state["n"], &state["_esm"]), (&json!(1), &json!("export default {}")));
        assert!(!widget.get::<i32>("m").unwrap_err().to_string().contains("_esm"));
    }

    #[test]
    fn a_widget_is_shown_by_its_id() {
        use show::Display;
        let bundle = slider("p", 0.0..=1.0).bundle();
        assert!(bundle.plain().contains("\"value\":0.0"), "{}", bundle.plain());
        assert!(bundle.data[VIEW]["model_id"].as_str().unwrap().starts_with("recoil-widget-"));
    }
}
