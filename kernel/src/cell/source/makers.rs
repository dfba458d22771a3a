//! Lines that the kernel itself prints into a cell's output, told apart from what the cell prints.

use super::magic::{Line, split};

/// What `%time` says behind the seconds.
pub(crate) const TIME: &str = " s in all: running ";
/// What `%timeit` says behind the time.
const TIMEIT: &str = " per run (median of ";

/// A cell's printed text without the lines in which `%time` and `%timeit` have told of times, and how many these were. Only
/// of a cell that says so: its own output stays.
pub(crate) fn without_times(code: &str, printed: &str) -> (String, usize) {
    let (lines, _) = split(code);
    let says = |wanted: fn(&Line) -> bool| lines.iter().any(wanted);
    let time = says(|line| matches!(line, Line::Time | Line::TimeThis(_)));
    let timeit = says(|line| matches!(line, Line::TimeIt(_)));
    let made = |line: &str| (time && line.contains(TIME)) || (timeit && line.contains(TIMEIT));
    let (made, own): (Vec<&str>, Vec<&str>) = printed.split_inclusive('\n').partition(|line| made(line));
    (own.concat(), made.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_of_magics_are_left_out() {
        let printed = "7\n0.123 s in all: running 1.0 ms, compiling 80 ms (compiled before), around it 1 ms\n";
        assert_eq!(without_times("%time\nf()", printed), ("7\n".into(), 1));
        assert_eq!(without_times("f()", printed), (printed.to_owned(), 0));
        assert_eq!(without_times("%timeit f()", "1.2µs per run (median of 9 runs; best 1µs)\n").1, 1);
    }
}
