//! One line that helps, for what newcomers type: a table from what rustc says to what is to be done.
//!
//! rustc knows the language and not the prelude. Where a rule fits, its line takes the place of rustc's notes, which
//! then are about traits that the user has never heard of.

/// One error, as the rules see it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen<'a> {
    /// Such as `E0599`; empty for errors of syntax.
    pub code: &'a str,
    /// rustc's message.
    pub message: &'a str,
    /// What rustc says at the places.
    pub labels: &'a str,
    /// The text at the place of the error.
    pub at: &'a str,
}

type Rule = fn(&Seen<'_>) -> Option<String>;

/// The line for an error, when there is one.
pub(crate) fn advice(seen: &Seen<'_>) -> Option<String> {
    const RULES: [Rule; 17] = [
        end_of_the_cell,
        unknown_value,
        result_used_as_value,
        cannot_fail,
        single_quotes,
        range_of_bins,
        degree,
        order,
        numbers_do_not_mix,
        python_names,
        not_debug,
        number_of_rows,
        switch,
        polars_function,
        moved,
        column_as_name,
        missing_crate,
    ];
    RULES.iter().find_map(|rule| rule(seen))
}

/// Whether rustc speaks of what a cell returns, which is not the user's.
pub(super) fn is_about_return(label: &str) -> bool {
    label.contains("Sealed<Bundle>") || label.contains("expected `Stop`")
}

fn end_of_the_cell(seen: &Seen<'_>) -> Option<String> {
    (seen.code == "E0308" && is_about_return(seen.labels)).then(|| {
        "the last expression of a cell is its value, without `return`; `Err(..)?` ends the cell early with an error, and \
         `return Ok(None);` without one"
            .to_owned()
    })
}

/// Whether rustc speaks of a last line whose type nothing says: it takes it for a `Result`, or names what shows it.
pub(super) fn is_unknown(text: &str) -> bool {
    ["`std::result::Result<_, _>", "on the struct `Opened`", "on the struct `Shown`"]
        .iter()
        .any(|part| text.contains(part))
}

fn unknown_value(seen: &Seen<'_>) -> Option<String> {
    let fits = match seen.code {
        "E0277" => is_unknown(seen.message),
        "E0282" | "E0283" => is_unknown(seen.labels),
        _ => false,
    };
    let example = match seen.at {
        "parse" => "`\"1\".parse::<f64>()`",
        "collect" => "`.collect::<Vec<_>>()`",
        "sum" | "product" => "`.sum::<f64>()`",
        "into" => "`f64::from(x)`",
        _ => "`let x: Vec<f64> = vec![];`",
    };
    fits.then(|| format!("say the type, as in {example}"))
}

/// The text in backquotes behind a part of a message.
fn quoted<'a>(message: &'a str, behind: &str) -> Option<&'a str> {
    message.split_once(behind)?.1.split('`').nth(1)
}

fn is_ours(kind: &str) -> bool {
    kind.contains("recoil::") || kind.contains("data::") || kind.contains("polars")
}

fn result_used_as_value(seen: &Seen<'_>) -> Option<String> {
    let text = format!("{} {}", seen.message, seen.labels);
    let is_result = text.contains("std::result::Result<") && is_ours(&text);
    let used = matches!(seen.code, "E0599" | "E0369" | "E0609" | "E0277" | "E0308" | "E0608" | "E0600");
    (is_result && used && !seen.message.contains("`?`")).then(|| {
        "this is a `Result`, which may hold an error instead of the value: add `?` behind the call that made it, \
         as in `let data = load(\"samples\")?;`"
            .to_owned()
    })
}

fn cannot_fail(seen: &Seen<'_>) -> Option<String> {
    let fits = seen.code == "E0277" && seen.message.contains("the `?` operator can only be applied");
    let lazy = seen.labels.contains("`recoil::Group`") || seen.labels.contains("`recoil::Data`");
    (fits && lazy).then(|| {
        "remove the `?`: this step is only noted and cannot fail here; what is wrong with it is told by the call that \
         reads, such as `count()?` or `hist(..)?`"
            .to_owned()
    })
}

fn single_quotes(seen: &Seen<'_>) -> Option<String> {
    let fits = matches!(seen.code, "E0762" | "E0763")
        || seen.message.contains("character literal may only contain one codepoint")
        || seen.message.contains("unterminated character literal");
    fits.then(|| "text stands in double quotes: \"x > 2\"".to_owned())
}

fn missing_crate(seen: &Seen<'_>) -> Option<String> {
    let fits = matches!(seen.code, "E0432" | "E0433");
    let text = format!("{} {}", seen.message, seen.labels);
    let name = fits.then(|| quoted(&text, "unlinked crate "))??;
    Some(format!("if `{name}` is a crate, add it first: `:dep {} = \"*\"`", name.replace('_', "-")))
}

fn range_of_bins(seen: &Seen<'_>) -> Option<String> {
    let fits = seen.code == "E0061" && seen.at == "hist" && seen.message.contains("2 arguments but 4");
    fits.then(|| "the number of bins and the range are one argument: `hist(\"x\", (50, 0.0, 6.0))`".to_owned())
}

fn degree(seen: &Seen<'_>) -> Option<String> {
    let function = seen.message.split_once("<fn(")?.1;
    let made = function.split_once("-> ")?.1.split([' ', '>', '{']).next()?;
    let name = made.rsplit("::").next()?;
    (seen.code == "E0277").then(|| match name {
        "Polynomial" => "`Polynomial` takes its degree: `Polynomial(2)`".to_owned(),
        name => format!("`{name}` takes arguments in parentheses: `{name}(..)`"),
    })
}

fn order(seen: &Seen<'_>) -> Option<String> {
    let fits = seen.code == "E0308" && seen.labels.contains("Order`, found `&");
    fits.then(|| "write `Lowest` or `Highest`, without quotes: `best_candidate(\"chi2\", Lowest)`".to_owned())
}

fn is_number(kind: &str) -> bool {
    let kind = kind.trim_start_matches('&');
    matches!(kind, "{integer}" | "{float}" | "usize" | "isize")
        || (kind.len() <= 4 && kind.starts_with(['i', 'u', 'f']) && kind[1..].chars().all(|c| c.is_ascii_digit()))
}

fn numbers_do_not_mix(seen: &Seen<'_>) -> Option<String> {
    let verbs = ["cannot add ", "cannot subtract ", "cannot multiply ", "cannot divide ", "cannot calculate "];
    if seen.code != "E0277" || !verbs.iter().any(|verb| seen.message.starts_with(verb)) {
        return None;
    }
    let kinds: Vec<&str> = seen.message.split('`').skip(1).step_by(2).collect();
    let [one, other] = kinds.as_slice() else { return None };
    if !is_number(one) || !is_number(other) {
        return None;
    }
    Some(if [one, other].iter().all(|kind| matches!(**kind, "{integer}" | "{float}")) {
        "whole and real numbers do not mix: write `3.0` instead of `3`".to_owned()
    } else {
        format!("numbers of the types `{one}` and `{other}` do not mix: write `x as f64`, and `3.0` instead of `3`")
    })
}

fn python_names(seen: &Seen<'_>) -> Option<String> {
    if !matches!(seen.code, "E0425" | "E0423" | "E0433") {
        return None;
    }
    let line = match seen.at {
        "range" => "the numbers from 0 to 9 are `0..10`: `for i in 0..10 { .. }`",
        "print" | "println" => "a macro is called with `!`: `println!(\"{x}\")`",
        "len" => "lengths are methods: `x.len()`",
        "sqrt" | "sin" | "cos" | "tan" | "exp" | "log" | "abs" | "floor" | "ceil" => {
            return Some(format!(
                "functions of numbers are methods: `x.{}()`",
                if seen.at == "log" { "ln" } else { seen.at }
            ));
        }
        "pi" | "PI" => "it is `std::f64::consts::PI`",
        "np" | "numpy" | "math" => {
            "functions of numbers are methods, such as `x.sqrt()`; constants are in `std::f64::consts`"
        }
        "str" => "text of a value is `format!(\"{x}\")` or `x.to_string()`",
        "int" => "a whole number of a value is `x as i64`",
        "float" => "a real number of a value is `x as f64`",
        "True" => "it is `true`",
        "False" => "it is `false`",
        _ => return None,
    };
    Some(line.to_owned())
}

fn not_debug(seen: &Seen<'_>) -> Option<String> {
    let kind = seen.message.strip_prefix('`')?.split('`').next()?;
    let fits = seen.code == "E0277" && is_ours(kind) && seen.message.contains("doesn't implement `std::fmt::");
    let name = kind.rsplit("::").next().unwrap_or(kind);
    fits.then(|| format!("a `{name}` is shown by `display(..)`, or as the last line of a cell"))
}

fn number_of_rows(seen: &Seen<'_>) -> Option<String> {
    let fits = seen.code == "E0061" && seen.at == "head" && seen.message.contains("0 arguments were supplied");
    fits.then(|| "say how many rows: `head(10)`".to_owned())
}

fn switch(seen: &Seen<'_>) -> Option<String> {
    let fits = seen.code == "E0061" && seen.at == "profile" && seen.message.contains("1 argument was supplied");
    fits.then(|| {
        "`profiling(true)` switches profiling on; `profile(\"x\", 50, \"y\")` is the mean of y in bins of x".to_owned()
    })
}

fn polars_function(seen: &Seen<'_>) -> Option<String> {
    let text = format!("{} {}", seen.message, seen.labels);
    let fits = matches!(seen.code, "E0271" | "E0308" | "E0277" | "E0061")
        && (text.contains("Aggregation") && text.contains("Expr"));
    let name: String = seen.at.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let name = if name.is_empty() { "mean" } else { &name };
    fits.then(|| format!("`{name}` is Polars' own here, since `use polars::prelude::*`: write `recoil::{name}(..)`"))
}

fn moved(seen: &Seen<'_>) -> Option<String> {
    let name = quoted(seen.message, "moved value: ")?;
    (seen.code == "E0382")
        .then(|| format!("a value can be given away once: give `{name}.clone()`, or lend it with `&{name}`"))
}

/// `hist(mu1P, 50)`.
fn column_as_name(seen: &Seen<'_>) -> Option<String> {
    let name = quoted(seen.message, "cannot find value ")?;
    // As in `pRecoil`, which nobody calls a variable in Rust.
    let like_a_column = name.starts_with(char::is_lowercase) && name.chars().any(char::is_uppercase);
    (seen.code == "E0425" && like_a_column).then(|| format!("if it is a column, its name stands in quotes: \"{name}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code, message, labels and place as rustc 1.95 says them, and words of the line that helps.
    const CASES: [(&str, &str, &str, &str, &str); 19] = [
        (
            "E0277",
            "the trait bound `std::result::Result<_, _>: std::str::FromStr` is not satisfied",
            "",
            "parse",
            "parse::<f64>()",
        ),
        ("E0425", "cannot find value `mu1P` in this scope", "not found in this scope", "mu1P", "stands in quotes"),
        (
            "E0599",
            "no method named `count` found for enum `std::result::Result<recoil::Data, data::error::Error>` in the current scope",
            "",
            "count",
            "add `?`",
        ),
        ("E0369", "cannot add `{integer}` to `std::result::Result<u64, data::error::Error>`", "", "+", "add `?`"),
        (
            "E0277",
            "the `?` operator can only be applied to values that implement `std::ops::Try`",
            "the `?` operator cannot be applied to type `recoil::Group`",
            "data.query(\"x > 2\")?",
            "remove the `?`",
        ),
        ("E0762", "unterminated character literal", "", "'", "double quotes"),
        ("", "character literal may only contain one codepoint", "", "'x > 2'", "double quotes"),
        ("E0061", "this method takes 2 arguments but 4 arguments were supplied", "", "hist", "(50, 0.0, 6.0)"),
        (
            "E0277",
            "the trait bound `recoil::Model: std::convert::From<fn(usize) -> recoil::Polynomial {recoil::Polynomial}>` is not satisfied",
            "",
            "+",
            "Polynomial(2)",
        ),
        ("E0308", "mismatched types", "expected `Order`, found `&str`", "\"lowest\"", "`Lowest` or `Highest`"),
        ("E0277", "cannot multiply `{float}` by `{integer}`", "", "*", "`3.0`"),
        ("E0277", "cannot divide `u64` by `{float}`", "", "/", "as f64"),
        ("E0425", "cannot find function `range` in this scope", "not found in this scope", "range", "0..10"),
        ("E0423", "expected function, found macro `print`", "not a function", "print", "println!"),
        ("E0425", "cannot find function `sqrt` in this scope", "not found in this scope", "sqrt", "x.sqrt()"),
        ("E0277", "`recoil::Group` doesn't implement `std::fmt::Debug`", "", "group", "display(..)"),
        ("E0061", "this method takes 1 argument but 0 arguments were supplied", "", "head", "head(10)"),
        (
            "E0271",
            "type mismatch resolving `<[Expr; 1] as IntoIterator>::Item == Aggregation`",
            "expected `Aggregation`, found `Expr`",
            "mean(\"m\")",
            "recoil::mean",
        ),
        ("E0382", "borrow of moved value: `data`", "value moved here", "data", "data.clone()"),
    ];

    #[test]
    fn each_error_gets_its_line() {
        for (code, message, labels, at, words) in CASES {
            let line = advice(&Seen { code, message, labels, at });
            assert!(line.as_ref().is_some_and(|line| line.contains(words)), "{message}: {line:?}");
        }
    }

    #[test]
    fn other_errors_keep_the_words_of_the_compiler() {
        for (code, message, at) in [
            ("E0425", "cannot find value `x` in this scope", "x"),
            ("E0277", "cannot add `String` to `{integer}`", "+"),
            ("E0599", "no method named `foo` found for struct `std::vec::Vec<i32>` in the current scope", "foo"),
            ("E0277", "`Point` doesn't implement `std::fmt::Debug`", "p"),
            ("E0061", "this function takes 1 argument but 0 arguments were supplied", "f"),
        ] {
            assert_eq!(advice(&Seen { code, message, labels: "", at }), None, "{message}");
        }
    }
}
