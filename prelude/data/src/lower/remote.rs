//! The chain of a process on a server.

use crate::error::{Error, Result};
use crate::lower::plan::ProcessPlan;
use crate::lower::report;
use cluster::{Booked, Server, Table};
use flow::Clause;
use hist::Hist;
use polars::prelude::*;
use std::sync::Once;
use std::time::Instant;

impl ProcessPlan<'_> {
    /// The server that runs the chain in place of this machine.
    pub(crate) fn server(&self) -> Option<&Server> {
        self.settings.server.as_ref()
    }

    /// The rows of the process after these clauses, on a server.
    pub(crate) fn table(&self, server: &Server, clauses: &[Clause]) -> Result<Table> {
        if !self.universes.variations.is_empty() {
            return Err(Error::request(format!(
                "process {}: systematic variations are not computed on {server}; leave .on(..) out",
                self.name()
            )));
        }
        let files = self.parquet_files().ok_or_else(|| {
            Error::request(format!(
                "process {}: {server} reads plain Parquet files only, and {} is not one (or has columns in the names of its \
                 folders); write it with write_parquet(..) to where the server sees it, and load that",
                self.name(),
                self.process.source.name()
            ))
        })?;
        let mut table = Table::new(server, &files, self.input(), self.rows())?;
        for clause in clauses {
            table.clause(clause)?;
        }
        Ok(table)
    }

    /// Runs something over the rows after these clauses on the server; its time counts.
    pub(crate) fn on_server<T>(
        &self,
        server: &Server,
        clauses: &[Clause],
        run: impl FnOnce(Table) -> Result<T>,
    ) -> Result<T> {
        let start = Instant::now();
        let answer = run(self.table(server, clauses)?)?;
        let run = flow::Report {
            engine: format!("on {server}"),
            seconds: start.elapsed().as_secs_f64(),
            rows_in: self.rows(),
            passes: 1,
            ..flow::Report::default()
        };
        report::absorb(&mut self.report.borrow_mut(), run);
        Ok(answer)
    }

    /// The rows that are left with all columns, at most `limit`, in frames.
    pub(crate) fn frames_of(&self, limit: Option<u64>, columns: &[String]) -> Result<Vec<DataFrame>> {
        static UNORDERED: Once = Once::new();
        let Some(server) = self.server() else { return Ok(self.run(&flow::Collect { limit })?.0) };
        let mut frames = Vec::new();
        let in_order = self.on_server(server, &self.clauses, |mut table| {
            let fetched = table.fetch(columns, limit, self.settings.fetched, &mut |frame| {
                frames.push(frame);
                Ok(())
            });
            Ok(fetched?)
        })?;
        if !in_order {
            UNORDERED.call_once(|| {
                eprintln!("note: {server} does not know the order of the rows; they come as it has them");
            });
        }
        Ok(frames)
    }

    /// Histograms that the server has filled.
    pub(crate) fn hists_on(&self, server: &Server, booked: &[Booked]) -> Result<Vec<Hist>> {
        self.on_server(server, &self.clauses, |table| Ok(table.hists(booked, self.weight.as_deref())?))
    }

    /// What runs where, and how the server would do its part.
    pub(crate) fn explain_on(&self, server: &Server) -> Result<String> {
        let mut table = self.table(server, &self.clauses)?;
        let steps = self.clauses.iter().map(|clause| format!("  {clause}\n")).collect::<String>();
        let plan = table.explain(&self.columns())?;
        Ok(format!(
            "on {server}: read {} rows of parquet\n{steps}  -> counts, sums, bins, or the rows that are asked for\non this \
             machine: the answer is put together\nthe plan of the server\n{}",
            self.rows(),
            plan.trim_end()
        ))
    }

    /// The error of an answer that is made on this machine only.
    pub(crate) fn not_on(server: &Server) -> Error {
        Error::request(format!(
            "this is not computed on {server}, where there are count, counts, sum_of_weights, hist, hist2d, hists, agg, \
             group_by(..).agg, mean and its kin, cutflow, explain, and rows by collect, show and column; leave .on(..) out, \
             or collect() first"
        ))
    }
}
