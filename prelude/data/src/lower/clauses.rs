//! Clauses of the facade's own: numbers of rows, a filter of Polars, and a join.

use crate::steps::chain::How;
use polars::prelude::*;
use segment::Error;
use std::sync::{Arc, OnceLock};

/// The column that carries the numbers of the rows through all steps, once something wants them.
pub(crate) const NUMBER: &str = "__recoil_row_number__";

/// Keeps the numbers that rows have in the source; later steps may renumber what they hold.
#[derive(Debug)]
pub(crate) struct NumberRows;

impl flow::Custom for NumberRows {
    fn name(&self) -> String {
        "number rows".to_owned()
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        let mut schema = input.clone();
        schema.insert(NUMBER.into(), DataType::UInt64);
        Ok(schema)
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let mut needs: Vec<_> = outputs.iter().filter(|name| *name != NUMBER).cloned().collect();
        needs.push(flow::ROW.into());
        needs
    }

    fn commutes_with_row_filter(&self) -> bool {
        true
    }

    fn process(&self, mut frame: DataFrame) -> flow::Result<DataFrame> {
        let numbers = frame.column(flow::ROW)?.clone().with_name(NUMBER.into());
        frame.with_column(numbers)?;
        Ok(frame)
    }
}

/// A filter by an expression of Polars, with Polars' own meaning.
#[derive(Debug)]
pub(crate) struct PolarsFilter {
    expression: Expr,
    columns: Vec<PlSmallStr>,
}

impl PolarsFilter {
    pub(crate) fn new(expression: Expr) -> Self {
        let columns = expression
            .into_iter()
            .filter_map(|node| match node {
                Expr::Column(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        Self { expression, columns }
    }
}

/// Functions of Polars whose answer for a row depends on others, by the names that expressions are printed with.
const OVER_ROWS: [&str; 46] = [
    "append",
    "arg_max",
    "arg_min",
    "arg_sort",
    "arg_unique",
    "arg_where",
    "any",
    "all",
    "approx_n_unique",
    "corr",
    "cum_count",
    "cum_max",
    "cum_min",
    "cum_prod",
    "cum_sum",
    "cut",
    "diff",
    "drop_nans",
    "drop_nulls",
    "entropy",
    "extend_constant",
    "fill_null_with_strategy",
    "gather_every",
    "index_of",
    "interpolate",
    "is_duplicated",
    "is_first_distinct",
    "is_last_distinct",
    "is_unique",
    "kurtosis",
    "max_by",
    "min_by",
    "mode",
    "null_count",
    "pct_change",
    "product",
    "qcut",
    "quantile",
    "rank",
    "reverse",
    "rle_id",
    "search_sorted",
    "shift",
    "skew",
    "unique",
    "upper_bound",
];

/// What of an expression looks at other rows than the one it is asked about.
fn over_rows(expression: &Expr) -> Option<String> {
    expression.into_iter().find_map(|node| match node {
        Expr::Agg(_) => Some("an aggregation".to_owned()),
        Expr::Over { .. } => Some("`over`".to_owned()),
        Expr::Rolling { .. } => Some("`rolling`".to_owned()),
        Expr::Sort { .. } | Expr::SortBy { .. } => Some("`sort`".to_owned()),
        Expr::Gather { .. } | Expr::Slice { .. } => Some("`slice`".to_owned()),
        Expr::Explode { .. } | Expr::Filter { .. } => Some("`explode` or `filter`".to_owned()),
        Expr::Len => Some("`len`".to_owned()),
        Expr::Function { function, .. } => {
            let name = function.to_string();
            let known = OVER_ROWS.contains(&name.as_str()) || name.starts_with("rolling") || name.starts_with("ewm");
            known.then(|| format!("`{name}`"))
        }
        _ => None,
    })
}

impl flow::Custom for PolarsFilter {
    fn name(&self) -> String {
        format!("filter {}", self.expression)
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        if let Some(what) = over_rows(&self.expression) {
            // Rows come in pieces, whose borders would decide the answer.
            return Err(flow::Error::request(format!(
                "filter {}: {what} looks at more than one row, and rows are read in pieces; write a text, such as \
                 query(\"x > x.mean()\"), or use lazy().filter(..), which gives a frame of Polars",
                self.expression
            )));
        }
        if let Some(name) = self.columns.iter().find(|name| !input.contains(name)) {
            return Err(Error::column(name, input.iter_names().map(PlSmallStr::as_str)).into());
        }
        // An empty frame finds what is wrong with the expression, types included.
        let tried = DataFrame::empty_with_schema(input).lazy().filter(self.expression.clone()).collect();
        match tried {
            Ok(_) => Ok(input.clone()),
            Err(error) => {
                // Without the plan, of which the user knows nothing.
                let error = error.to_string();
                let why = error.lines().next().unwrap_or_default();
                Err(flow::Error::request(format!("filter {}: {why}", self.expression)))
            }
        }
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let mut needs = outputs.to_vec();
        needs.extend(self.columns.iter().filter(|column| !outputs.contains(column)).cloned());
        needs
    }

    fn commutes_with_row_filter(&self) -> bool {
        // A function of the user's own may look at other rows: only the user can know.
        false
    }

    fn process(&self, frame: DataFrame) -> flow::Result<DataFrame> {
        Ok(frame.lazy().filter(self.expression.clone()).collect()?)
    }
}

/// A join with a frame in memory, in the order of the rows that come in. A missing key is equal to a missing key, and
/// integers of all widths are compared as what they are.
#[derive(Debug)]
pub(crate) struct JoinFrame {
    frame: Arc<DataFrame>,
    keys: Vec<PlSmallStr>,
    how: How,
    /// The frame with keys of our types; known once the plan is checked.
    fitted: OnceLock<DataFrame>,
    /// Its rows by their keys, where none comes twice.
    partners: OnceLock<Option<flow::Partners>>,
}

impl JoinFrame {
    pub(crate) fn new(frame: Arc<DataFrame>, keys: Vec<String>, how: How) -> Self {
        let keys = keys.into_iter().map(PlSmallStr::from_string).collect();
        Self { frame, keys, how, fitted: OnceLock::new(), partners: OnceLock::new() }
    }

    fn added(&self) -> impl Iterator<Item = &PlSmallStr> {
        let all = if self.how == How::Anti { Vec::new() } else { self.frame.get_column_names() };
        all.into_iter().filter(|name| !self.keys.contains(name))
    }

    /// The rows with what their partners have, one for each row at most.
    fn with_partners(&self, frame: &DataFrame, partners: &flow::Partners) -> flow::Result<DataFrame> {
        let take = |columns: &[Column], rows: &IdxCa| {
            let taken = columns.iter().map(|column| {
                let column = sources::picked(column.as_materialized_series(), rows)?;
                Ok(column.into_column())
            });
            taken.collect::<PolarsResult<Vec<_>>>()
        };
        let theirs = self.fitted.get().unwrap_or(&self.frame);
        let theirs: Vec<Column> =
            self.added().map(|name| theirs.column(name).cloned()).collect::<PolarsResult<Vec<_>>>()?;
        let found = partners.rows(frame, &self.keys)?;
        let is_there = |row: &IdxSize| *row != flow::Partners::NONE;
        let has = found.iter().filter(|row| is_there(row)).count();
        let own = |with: bool| {
            let own = (0..).zip(&found).filter(|(_, row)| is_there(row) == with).map(|(at, _)| at).collect();
            IdxCa::from_vec(PlSmallStr::EMPTY, own)
        };
        let (mut columns, rows) = match self.how {
            How::Anti => return Ok(DataFrame::new(found.len() - has, take(frame.columns(), &own(false))?)?),
            How::Inner if has < found.len() => {
                let rows = IdxCa::from_vec(PlSmallStr::EMPTY, found.iter().copied().filter(is_there).collect());
                (take(frame.columns(), &own(true))?, rows)
            }
            _ if has == found.len() => (frame.columns().to_vec(), IdxCa::from_vec(PlSmallStr::EMPTY, found)),
            _ => {
                let rows = found.into_iter().map(|row| is_there(&row).then_some(row));
                (frame.columns().to_vec(), IdxCa::from_iter_options(PlSmallStr::EMPTY, rows))
            }
        };
        columns.extend(take(&theirs, &rows)?);
        let height = rows.len();
        sources::recycle(DataFrame::new(height, vec![rows.into_series().into_column()])?);
        Ok(DataFrame::new(height, columns)?)
    }

    /// The frame with keys of these types; of an anti join, the keys alone.
    fn fit(&self, input: &Schema) -> flow::Result<DataFrame> {
        let frame = with_keys_of(&self.frame, &self.keys, input)?;
        Ok(match self.how {
            How::Anti => frame.select(self.keys.iter().map(PlSmallStr::as_str))?,
            _ => frame,
        })
    }
}

/// A frame with keys of the types that they have here; rows whose keys have no such value can have no partner.
pub(crate) fn with_keys_of(frame: &DataFrame, keys: &[PlSmallStr], input: &Schema) -> flow::Result<DataFrame> {
    let theirs = frame.schema().clone();
    let mut frame = frame.clone();
    for key in keys {
        let (Some(mine), Some(their)) = (input.get(key), theirs.get(key)) else {
            let missing = if input.contains(key) { theirs.as_ref() } else { input };
            return Err(Error::column(key, missing.iter_names().map(PlSmallStr::as_str)).into());
        };
        if mine == their {
            continue;
        }
        if !(mine.is_integer() && their.is_integer() || mine.is_float() && their.is_float()) {
            let text = format!("join: the key `{key}` is {mine} here and {their} in the frame; cast one of them");
            return Err(flow::Error::request(text));
        }
        let old = frame.column(key)?.clone();
        let new = old.cast(mine)?;
        let back = new.cast(their)?;
        let exact = back.as_materialized_series().equal_missing(old.as_materialized_series())?;
        frame.with_column(new)?;
        frame = frame.filter(&exact)?;
    }
    Ok(frame)
}

impl flow::Custom for JoinFrame {
    fn name(&self) -> String {
        let how = match self.how {
            How::Inner => "",
            How::Left => "left ",
            How::Anti => "anti ",
        };
        format!("{how}join on {}", self.keys.join(", "))
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        let fitted = self.fit(input)?;
        self.fitted.get_or_init(|| fitted);
        let mut schema = input.clone();
        for name in self.added() {
            if input.contains(name) {
                return Err(flow::Error::request(format!("join: both sides have a column `{name}`; rename one")));
            }
            schema.insert(name.clone(), self.frame.schema().get(name).cloned().unwrap_or(DataType::Null));
        }
        Ok(schema)
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let added: Vec<_> = self.added().collect();
        let mut needs: Vec<_> = outputs.iter().filter(|name| !added.contains(name)).cloned().collect();
        needs.extend(self.keys.iter().filter(|key| !outputs.contains(key)).cloned());
        needs
    }

    fn known(&self) -> Option<flow::Known> {
        let how = match self.how {
            How::Inner => flow::Joined::Inner,
            How::Left => flow::Joined::Left,
            How::Anti => flow::Joined::Anti,
        };
        Some(flow::Known::Join { frame: self.fitted.get()?.clone(), keys: self.keys.clone(), how })
    }

    fn prepare(&self) -> flow::Result<()> {
        let theirs = self.fitted.get().unwrap_or(&self.frame);
        let partners = flow::Partners::of(theirs, &self.keys)?;
        self.partners.get_or_init(|| partners);
        Ok(())
    }

    fn process(&self, frame: DataFrame) -> flow::Result<DataFrame> {
        if let Some(Some(partners)) = self.partners.get() {
            return self.with_partners(&frame, partners);
        }
        let on: Vec<Expr> = self.keys.iter().map(|key| polars::prelude::col(key.clone())).collect();
        let mut options = JoinArgs::new(match self.how {
            How::Inner => JoinType::Inner,
            How::Left => JoinType::Left,
            How::Anti => JoinType::Anti,
        });
        options.maintain_order = MaintainOrderJoin::Left;
        options.nulls_equal = true;
        let theirs = self.fitted.get().unwrap_or(&self.frame).clone();
        Ok(frame.lazy().join(theirs.lazy(), on.clone(), on, options).collect()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_of_polars_must_mean_the_same_for_every_piece_of_the_rows() {
        let x = || col("x");
        let data =
            crate::Data::from_frames([("p", df!("x" => [1.0, 2.0, 3.0], "s" => ["a", "b", "a"]).unwrap())]).unwrap();
        for over in [
            x().gt(x().mean()),
            x().shift(lit(1)).is_null(),
            x().max().over([col("s")]).unwrap().eq(x()),
            x().cum_sum(false).gt(lit(2)),
            col("s").is_unique(),
            x().rank(RankOptions::default(), None).eq(lit(1)),
            len().gt(lit(1)),
            x().is_first_distinct(),
            x().gt(x().quantile(lit(0.5), QuantileMethod::Nearest)),
        ] {
            let error = data.filter(over.clone()).count().unwrap_err().to_string();
            assert!(error.contains("looks at more than one row"), "{over}: {error}");
            assert!(data.lazy().filter(over).collect().is_ok());
        }
        for own in [
            x().gt(lit(1.5)).and(col("s").eq(lit("a"))),
            x().is_between(lit(2.0), lit(3.0), ClosedInterval::Both).and(x().abs().sqrt().floor().gt(lit(0))),
            when(x().is_nan()).then(lit(0.0)).otherwise(x()).gt(lit(1.0)).and(col("s").is_not_null()),
            x().fill_null(lit(0)).eq(lit(3.0)),
        ] {
            assert!(data.filter(own.clone()).count().is_ok(), "{own}");
        }
    }

    #[test]
    fn partners_that_are_looked_up_are_those_of_a_join() {
        use flow::Custom;
        let mut random = segment::random::SplitMix64::new(8);
        let mut draw = |most: u64| (0..5_000).map(|_| (random.next() % most) as i64 - 20).collect::<Vec<_>>();
        let missing = |row: usize, value: i64| (!row.is_multiple_of(13)).then_some(value);
        let a: Vec<Option<i64>> = draw(150).into_iter().enumerate().map(|(row, value)| missing(row, value)).collect();
        let rows = df!("a" => a, "b" => draw(3), "x" => draw(1 << 40)).unwrap();
        let all: Vec<(i64, i64)> = (0..100).flat_map(|a| [(a, -20), (a, -18)]).collect();
        let table = df!("a" => all.iter().map(|key| key.0).collect::<Vec<_>>(), "b" => all.iter().map(|key| key.1).collect::<Vec<_>>(),
            "w" => (0..200).map(|row| (row % 7 != 0).then_some(f64::from(row))).collect::<Vec<_>>())
        .unwrap();
        for how in [How::Inner, How::Left, How::Anti] {
            let join = |prepared: bool| {
                let join = JoinFrame::new(Arc::new(table.clone()), vec!["a".into(), "b".into()], how);
                join.schema(rows.schema()).unwrap();
                if prepared {
                    join.prepare().unwrap();
                    assert!(join.partners.get().is_some_and(Option::is_some));
                }
                join.process(rows.clone()).unwrap()
            };
            assert!(join(true).equals_missing(&join(false)), "{how:?}");
        }
        let twice = JoinFrame::new(Arc::new(df!("a" => [1, 1]).unwrap()), vec!["a".into()], How::Inner);
        twice.schema(rows.schema()).unwrap();
        twice.prepare().unwrap();
        assert!(twice.partners.get().is_some_and(Option::is_none));
    }
}
