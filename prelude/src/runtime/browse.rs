//! A table that is paged, sorted and filtered while somebody looks; only the rows on screen leave the engine.

use super::widget::{Widget, WidgetError};
use data::{Group, Highest, Lowest, Pages};
use polars::prelude::DataFrame;
use serde::Deserialize;
use serde_json::{Value, json};
use show::{Bundle, Cell, Display};

const MODULE: &str = include_str!("browse.js");

/// Rows of a page.
const SIZE: u64 = 20;

/// Why there is nothing to browse.
#[derive(Debug, thiserror::Error)]
pub enum BrowseError {
    /// The chain, or what it reads.
    #[error(transparent)]
    Rows(#[from] data::Error),
    /// The widget.
    #[error(transparent)]
    Widget(#[from] WidgetError),
}

/// What can be looked at a page at a time: groups with their steps, and frames.
pub trait Browse {
    /// A table that pages, sorts by a click on a column, keeps what passes a cut, and says a column in numbers. Only the rows on
    /// screen are read; to sort, the column and the numbers of its rows. Without widgets the first rows are shown.
    ///
    /// ```
    /// use recoil::{Browse, df};
    /// let table = df!("x" => [1.0, 2.0], "name" => ["a", "b"])?.browse()?;
    /// # use recoil::Display;
    /// assert!(table.bundle().plain().contains("name"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with the steps.
    fn browse(&self) -> Result<Browser, BrowseError>;
}

impl Browse for Group {
    fn browse(&self) -> Result<Browser, BrowseError> {
        Browser::open(self.pages())
    }
}

impl Browse for DataFrame {
    fn browse(&self) -> Result<Browser, BrowseError> {
        Browser::open(data::Data::from_frames([("frame", self.clone())])?.pages())
    }
}

/// A table to browse; see [`Browse::browse`].
#[derive(Clone)]
pub struct Browser {
    widget: Widget,
    /// What is shown where there are no widgets.
    first: Bundle,
}

/// What the front end asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Request {
    number: u64,
    start: u64,
    filter: String,
    by: Option<String>,
    descending: bool,
    describe: Option<String>,
}

impl Browser {
    fn open(mut pages: Pages) -> Result<Self, BrowseError> {
        let columns = pages.columns()?.len();
        let rows = pages.rows()?;
        let frame = pages.page(0..SIZE)?;
        let caption = format!("{} rows × {columns} columns", show::text::thousands(rows));
        let first = show::frame(&frame, &caption).bundle();
        let page = said(&frame, 0, rows, "", "");
        let request = json!({"number": 0, "start": 0, "filter": "", "by": null, "descending": false, "describe": null});
        let widget = Widget::new(MODULE, json!({"size": SIZE, "answered": 0, "request": request, "page": page}))?;
        let (own, mut last) = (widget.clone(), Request::default());
        widget.on_change("request", move |value| {
            let request: Request = serde_json::from_value(value.clone()).unwrap_or_default();
            let page = match answer(&mut pages, &last, &request) {
                Ok(page) => page,
                Err(error) => failed(own.get("page").unwrap_or_default(), &error.to_string()),
            };
            let number = request.number;
            last = request;
            // Both are plain JSON, which cannot fail to be written.
            let _ = own.set("page", page).and_then(|()| own.set("answered", number));
        });
        Ok(Self { widget, first })
    }
}

/// The page that is asked for; what has changed since the last question is put into effect first.
fn answer(pages: &mut Pages, last: &Request, request: &Request) -> Result<Value, data::Error> {
    if request.filter != last.filter {
        pages.keep(Some(&request.filter))?;
    }
    let order = if request.descending { Highest } else { Lowest };
    if (&request.by, request.descending) != (&last.by, last.descending) {
        pages.sort_by(request.by.as_deref().map(|by| (by, order)))?;
    }
    let about = match &request.describe {
        Some(column) => pages.describe(column)?.bundle().get("text/html").unwrap_or_default().to_owned(),
        None => String::new(),
    };
    let frame = pages.page(request.start..request.start + SIZE)?;
    Ok(said(&frame, request.start, pages.rows()?, "", &about))
}

/// A page as the front end has it.
fn said(frame: &DataFrame, start: u64, rows: u64, error: &str, about: &str) -> Value {
    let columns = frame.columns().iter().map(|column| json!([column.name().as_str(), column.dtype().to_string()]));
    let cell = |cell: Cell| match cell {
        Cell::Text(text) => json!(["text", text]),
        Cell::Number(text) | Cell::Bar(_, text) => json!(["number", text]),
        Cell::Missing(text) => json!(["missing", text]),
    };
    let rows_of = show::cells(frame).into_iter().map(|row| row.into_iter().map(cell).collect::<Vec<_>>());
    json!({
        "columns": columns.collect::<Vec<_>>(), "cells": rows_of.collect::<Vec<_>>(),
        "start": start, "rows": rows, "error": error, "about": about,
    })
}

/// The page as it was, and what went wrong.
fn failed(page: Value, error: &str) -> Value {
    match page {
        Value::Object(mut page) => {
            page.insert("error".to_owned(), json!(error));
            Value::Object(page)
        }
        other => other,
    }
}

impl Display for Browser {
    fn bundle(&self) -> Bundle {
        let view = self.widget.bundle();
        view.data
            .into_iter()
            .filter(|(kind, _)| kind.contains("widget"))
            .fold(self.first.clone(), |all, (kind, value)| all.with(&kind, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::*;

    #[test]
    fn a_question_of_the_front_end_is_answered_with_the_page() {
        let rows = || (0..100).map(f64::from);
        let frame =
            df!("x" => rows().map(|x| (x * 37.0) % 101.0).collect::<Vec<_>>(), "n" => rows().collect::<Vec<_>>());
        let table = frame.unwrap().browse().unwrap();
        let page = |name: &str| table.widget.get::<Value>("page").unwrap()[name].clone();
        assert_eq!((page("rows"), page("start")), (json!(100), json!(0)));
        assert_eq!(page("cells").as_array().unwrap().len(), 20);
        let ask = |request: Value| {
            let wanted = request["number"].clone();
            table.widget.hear("request", request);
            while table.widget.get::<Value>("answered").unwrap() != wanted {
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        };
        ask(json!({"number": 1, "start": 40, "filter": "", "by": "x", "descending": true, "describe": null}));
        // All numbers from 0 to 100 but 64.
        assert_eq!(page("cells")[0][0], json!(["number", "59"]), "{}", page("cells"));
        ask(json!({"number": 2, "start": 0, "filter": "n >= 95", "by": "x", "descending": true, "describe": "n"}));
        assert_eq!((page("rows"), page("error")), (json!(5), json!("")));
        assert!(page("about").as_str().unwrap().contains("97"), "{}", page("about"));
        ask(json!({"number": 3, "start": 0, "filter": "n >= ", "by": "x", "descending": true, "describe": null}));
        assert!(page("error").as_str().unwrap().contains('^'), "{}", page("error"));
        assert_eq!(page("rows"), json!(5), "what was there stays");
        ask(json!({"number": 4, "start": 0, "filter": "", "by": null, "descending": false, "describe": null}));
        assert_eq!((page("rows"), page("error")), (json!(100), json!("")));
    }

    #[test]
    fn without_widgets_the_first_rows_are_shown() {
        let bundle = df!("x" => [1.0, 2.0]).unwrap().browse().unwrap().bundle();
        assert!(bundle.plain().contains("2 rows × 1 columns") && bundle.get("text/html").is_some());
        assert!(bundle.data.keys().any(|kind| kind.contains("widget-view")));
    }
}
