use crate::bundle::Bundle;
use crate::text::{bar, bytes, count, escape, number, pad, seconds, thousands};
use segment::work::Progress;

/// A live bar: what is done, how fast, how long still, and how much memory is in use (bytes used, bytes allowed).
///
/// Meant for `update_display`: the last one, of a finished piece of work, stays in the notebook.
///
/// ```
/// # use segment::work::Progress;
/// # let (id, unit, bytes, seconds, finished) = (1, "rows", 0, 2.0, false);
/// # let half = Progress { id, label: "hist".into(), done: 50, total: Some(100), unit, bytes, seconds, finished };
/// let bar = show::progress(&half, None);
/// assert!(bar.plain().contains("50 of 100 rows"));
/// ```
pub fn progress(progress: &Progress, memory: Option<(u64, u64)>) -> Bundle {
    let share = progress.total.filter(|total| *total > 0).map(|total| (progress.done as f64 / total as f64).min(1.0));
    let words = words(progress, share, memory);
    let label = if progress.label.is_empty() { "working" } else { &progress.label };
    let shown = match share {
        Some(share) if !progress.finished => {
            format!("▕{}▏{} % ", pad(&bar(share, 20), 20, false), number((share * 100.0).floor(), 3))
        }
        _ => String::new(),
    };
    let element = match share {
        _ if progress.finished => String::new(),
        Some(share) => format!("<progress value=\"{}\" max=\"1\"></progress> ", number(share, 3)),
        None => "<progress></progress> ".to_owned(),
    };
    let html = format!("<div>{element}<strong>{}</strong> <small>{}</small></div>", escape(label), escape(&words));
    Bundle::text(format!("{label}: {shown}{words}")).html(html).measured()
}

fn words(progress: &Progress, share: Option<f64>, memory: Option<(u64, u64)>) -> String {
    let mut parts = vec![match progress.total {
        Some(total) => format!("{} of {} {}", thousands(progress.done), thousands(total), progress.unit),
        None => format!("{} {}", thousands(progress.done), progress.unit),
    }];
    if progress.bytes > 0 {
        parts.push(bytes(progress.bytes));
    }
    if progress.seconds > 0.0 {
        parts.push(format!("{} {}/s", count(progress.done as f64 / progress.seconds), progress.unit));
    }
    match share {
        _ if progress.finished => parts.push(format!("done in {}", seconds(progress.seconds))),
        Some(share) if share > 0.0 => parts.push(format!("{} left", seconds(progress.seconds * (1.0 / share - 1.0)))),
        _ => {}
    }
    if let Some((used, allowed)) = memory {
        parts.push(format!("memory {} of {}", bytes(used), bytes(allowed)));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half() -> Progress {
        let label = "hist <mu1P>".into();
        Progress {
            id: 1,
            label,
            done: 1_500_000,
            total: Some(3_000_000),
            unit: "rows",
            bytes: 24_000_000,
            seconds: 0.75,
            finished: false,
        }
    }

    #[test]
    fn a_bar_says_rows_bytes_rate_rest_and_memory() {
        let bundle = progress(&half(), Some((2_000_000_000, 16_000_000_000)));
        insta::assert_snapshot!(format!("{}\n{}", bundle.plain(), bundle.get("text/html").unwrap()));
    }

    #[test]
    fn a_finished_bar_is_frozen_and_an_endless_one_has_no_share() {
        let done = progress(&Progress { done: 3_000_000, finished: true, ..half() }, None);
        assert!(done.plain().ends_with("done in 750 ms") && !done.get("text/html").unwrap().contains("<progress"));
        let endless = progress(&Progress { total: None, ..half() }, None);
        assert!(!endless.plain().contains('%') && endless.get("text/html").unwrap().contains("<progress></progress>"));
    }
}
