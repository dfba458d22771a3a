//! What a cell calls to show things and to ask for input.

use super::cell::{View, throw};
use super::ending::Stop;
use super::link;
use show::Display;

/// What a value looks like; one that refuses to be shown ends the cell with its words.
fn shown(value: &dyn Display) -> port::Bundle {
    let bundle = value.bundle();
    if bundle.is_refused() {
        throw(refusal(&bundle));
    }
    bundle
}

/// The failure that a refusal is.
pub(super) fn refusal(bundle: &show::Bundle) -> Stop {
    Stop::plain(bundle.plain(), "Error")
}

/// Shows a value now, while the cell runs.
///
/// ```
/// for power in [1, 2, 3] {
///     recoil::display(recoil::Html(format!("10<sup>{power}</sup> rows")));
/// }
/// ```
pub fn display(value: impl Display) {
    link::show(shown(&value), None);
}

/// Shows what the kernel's rewriting of `display(..)` has made of a value.
pub fn display_bundle(view: View) {
    if let Some(bundle) = view {
        link::show(bundle.into_inner(), None);
    }
}

/// A value out of a `Result`; an error ends the cell.
pub fn opened_or_stop<T>(opened: Result<T, Stop>) -> T {
    match opened {
        Ok(value) => value,
        Err(stop) => {
            throw(stop);
            // `throw` only returns while this thread is unwinding already.
            std::process::abort()
        }
    }
}

/// Shows a value now, so that [`update_display`] with the same id can replace it.
///
/// ```
/// recoil::display_with_id("state", "begins");
/// recoil::update_display("state", "done"); // in the same place
/// ```
pub fn display_with_id(id: impl Into<String>, value: impl Display) {
    link::show(shown(&value), Some(id.into()));
}

/// Replaces what [`display_with_id`] has shown, in every cell that shows it.
///
/// ```
/// recoil::update_display("state", "done");
/// ```
pub fn update_display(id: impl Into<String>, value: impl Display) {
    link::update(shown(&value), id.into());
}

/// Removes what the cell has shown so far; with `wait`, only when something new comes, which does not flicker.
///
/// ```
/// for step in 0..3 {
///     recoil::clear_output(true);
///     recoil::display(format!("step {step}"));
/// }
/// ```
pub fn clear_output(wait: bool) {
    link::clear(wait);
}

/// Asks the user for a line of text. Ends the cell with an error when the front end cannot ask.
///
/// ```no_run
/// let cut: f64 = recoil::input("cut in GeV: ").trim().parse()?;
/// # Ok::<(), std::num::ParseFloatError>(())
/// ```
pub fn input(prompt: impl AsRef<str>) -> String {
    answer(prompt.as_ref(), false)
}

/// Asks the user for a line of text that is not shown while it is typed.
///
/// ```no_run
/// let token = recoil::password("token: ");
/// ```
pub fn password(prompt: impl AsRef<str>) -> String {
    answer(prompt.as_ref(), true)
}

fn answer(prompt: &str, hidden: bool) -> String {
    if let Some(answer) = link::ask(prompt, hidden) {
        return answer;
    }
    let nobody = "nobody can be asked for input here: this front end has not allowed it";
    throw(if segment::work::interrupted() { Stop::interrupted() } else { Stop::plain(nobody, "InputNotAllowed") });
    String::new()
}
