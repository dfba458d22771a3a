//! What runs cost, from the engine's counts to the report that is shown.

use crate::settings::Settings;
use show::Report;
use show::report::{CacheStats, MemoryStats, Operation, Skipped, Span, Tier};
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// The report of one terminal: `title` says what was asked for. Kept for `profiling_report()` when profiling is on.
pub(crate) fn report(title: String, runs: Vec<flow::Report>, settings: &Settings) -> Report {
    let mut total = flow::Report::default();
    for run in runs {
        absorb(&mut total, run);
    }
    if settings.profile {
        settings.log.lock().unwrap_or_else(PoisonError::into_inner).push(total.clone());
    }
    shown(title, total, settings)
}

/// All runs that `settings` has kept, as one.
pub(crate) fn logged(settings: &Settings) -> Report {
    let log = settings.log.lock().unwrap_or_else(PoisonError::into_inner);
    let mut total = flow::Report::default();
    for run in log.iter() {
        absorb(&mut total, run.clone());
    }
    shown(format!("session: {} runs", log.len()), total, settings)
}

/// Adds a run; what the engine says of itself is that of the last.
pub(crate) fn absorb(total: &mut flow::Report, run: flow::Report) {
    if !run.engine.is_empty() {
        total.engine.clone_from(&run.engine);
    }
    total.threads = total.threads.max(run.threads);
    total.rows_out += run.rows_out;
    total.absorb(run);
}

fn shown(title: String, total: flow::Report, settings: &Settings) -> Report {
    let mut notes = warnings(&total);
    notes.push(format!("engine: {}", total.engine));
    if !total.objects.is_empty() {
        let one = |(what, count): &(String, u64)| {
            let per_row = *count as f64 / total.rows_in.max(1) as f64;
            format!("{} of {what} ({per_row:.2} per row)", show::text::thousands(*count))
        };
        notes.push(format!("objects: {}", total.objects.iter().map(one).collect::<Vec<_>>().join(", ")));
    }
    if total.spans_every > 1 {
        notes.push(format!("the timeline shows one unit of rows in {}", total.spans_every));
    }
    let mut report = Report {
        spans: spans(&total, &title),
        title,
        operations: operations(&total),
        columns: total.columns,
        rows_in: total.rows_in,
        rows_out: total.rows_out,
        bytes_read: total.bytes_read,
        segments: total.segments_read,
        passes: total.passes,
        threads: total.threads,
        seconds: total.seconds,
        memory_stats: MemoryStats::of(total.peak_bytes, total.cache_bytes, settings.options().memory_budget),
        ..Report::default()
    };
    if let Some(target) = settings.target_rows_per_second {
        let reached = report.rows_per_second() / target;
        notes.push(format!("target: {} rows/s, {} reached", show::text::count(target), show::text::percent(reached)));
    }
    let tier = |name: &str, hits, misses, bytes| Tier { name: name.into(), hits, misses, bytes, ..Tier::default() };
    let asked = total.hits_memory + total.hits_disk + total.misses;
    if asked > 0 {
        report.cache_stats = CacheStats {
            hit_rate: (total.hits_memory + total.hits_disk) as f64 / asked as f64,
            hits: total.hits_memory + total.hits_disk,
            misses: total.misses,
            tiers: vec![
                Tier {
                    budget: total.cache_budget,
                    evictions: total.cache_evictions,
                    ..tier("L2 decoded columns", total.hits_memory, total.hits_disk + total.misses, total.cache_bytes)
                },
                Tier {
                    // Before anything lies there, nothing is to be said of its bounds.
                    budget: if total.disk_bytes > 0 { total.disk_budget } else { 0 },
                    ..tier("L3 spilled columns", total.hits_disk, total.misses, total.disk_bytes)
                },
            ],
        };
    }
    for (reason, count) in total.skipped {
        let skipped = (0..count).map(|_| Skipped { reason: reason.clone(), ..Skipped::default() });
        report.skipped.extend(skipped);
    }
    report.notes = notes;
    report
}

/// What each worker did when; `title` says what the answer was.
fn spans(total: &flow::Report, title: &str) -> Vec<Span> {
    let answer = title.split(' ').next().unwrap_or(title);
    let span = |span: &flow::Span| Span {
        operation: if &*span.what == "answer" { answer } else { name_of(&span.what).0 }.to_owned(),
        place: format!("pass {}, unit {}", span.pass + 1, span.unit + 1),
        thread: span.worker,
        start: span.start,
        seconds: span.seconds,
        rows: span.rows,
    };
    total.spans.iter().map(span).collect()
}

/// Operations by the name the user knows them by, in the order of their first run.
fn operations(total: &flow::Report) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    for run in &total.operations {
        let (name, detail) = name_of(&run.name);
        let at = operations.iter().position(|operation| operation.name == name).unwrap_or_else(|| {
            operations.push(Operation { name: name.to_owned(), ..Operation::default() });
            operations.len() - 1
        });
        let operation = &mut operations[at];
        if !operation.detail.contains(detail) {
            let separator = if operation.detail.is_empty() { "" } else { "; " };
            operation.detail = format!("{}{separator}{detail}", operation.detail);
        }
        operation.runs += 1;
        operation.total += run.seconds;
        operation.mean = operation.total / operation.runs as f64;
        operation.rows_in += run.rows_in;
        operation.rows_out += run.rows_out;
    }
    operations
}

/// What the user calls an operation that the plan calls `name`, and the rest of its text.
fn name_of(name: &str) -> (&str, &str) {
    let (word, detail) = name.split_once(' ').unwrap_or((name, ""));
    match word {
        "filter" => ("query", detail),
        "one" => ("oneCandOnly", detail),
        "group" => ("group_by", detail),
        word => (word, detail),
    }
}

/// What is odd: cuts that removed nothing or everything, and what the engine wants to be known.
pub(crate) fn warnings(total: &flow::Report) -> Vec<String> {
    let mut counts: BTreeMap<&str, cut::Counts> = BTreeMap::new();
    for operation in &total.operations {
        if let Some(text) = operation.name.strip_prefix("filter ") {
            let counts = counts.entry(text).or_default();
            counts.total += operation.rows_in;
            counts.kept += operation.rows_out;
        }
    }
    let mut warnings = total.notes.clone();
    // What an earlier process did with its rows is not counted here.
    counts.retain(|_, _| total.resumed_rows == 0);
    warnings.extend(counts.into_iter().filter_map(|(text, counts)| cut::lint(text, counts)));
    warnings.dedup();
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_the_names_that_users_know() {
        let run = |name: &str, seconds| flow::Operation { name: name.into(), rows_in: 10, rows_out: 5, seconds };
        let total = flow::Report {
            operations: vec![
                run("filter a > 1", 1.0),
                run("filter b > 1", 3.0),
                run("one candidate per event: the first", 1.0),
            ],
            ..flow::Report::default()
        };
        let report = shown("test".into(), total, &Settings::default());
        assert_eq!((report["query"].runs, report["query"].mean), (2, 2.0));
        assert_eq!(report["query"].detail, "a > 1; b > 1");
        assert!(report.get("oneCandOnly").is_some());
    }

    #[test]
    fn a_cut_without_effect_is_told() {
        let run = |rows_out| flow::Report {
            operations: vec![flow::Operation { name: "filter a > 1".into(), rows_in: 10, rows_out, seconds: 0.0 }],
            ..flow::Report::default()
        };
        assert!(warnings(&run(10))[0].contains("removed nothing"));
        assert!(warnings(&run(0))[0].contains("removed everything"));
        assert!(warnings(&run(5)).is_empty());
    }
}
