//! Which column of a text file is what: told by names, by the numbers themselves, or asked for.

use crate::model::columns::Geometry;
use crate::model::units::TimeUnit;

/// The separator of the fields of a line.
pub(super) fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',' | b';' | b'\r')
}

/// Which number of a line is what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) t: usize,
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) p: usize,
}

/// What a column heading says.
struct Heading {
    /// 0 t, 1 x, 2 y, 3 polarity.
    column: usize,
    /// Pixels in that direction, behind `@`.
    size: Option<u16>,
    unit: Option<TimeUnit>,
}

fn heading(field: &str) -> Option<Heading> {
    let (name, size) = field.split_once('@').map_or((field, None), |(name, size)| (name, size.parse().ok()));
    let name = name.trim_matches(['"', '\'', '[', ']', '(', ')', ' ']).to_ascii_lowercase();
    let (name, unit) = match (name.split_once(['[', '(']), name.rsplit_once('_')) {
        (Some((name, unit)), _) => (name.trim_end(), unit_of(unit)),
        (None, Some((name, unit))) if unit_of(unit).is_some() => (name, unit_of(unit)),
        _ => (name.as_str(), None),
    };
    let column = match name {
        "t" | "ts" | "time" | "timestamp" | "timestamps" | "stamp" => 0,
        "x" | "xs" | "x_pos" | "x_coord" | "col" | "column" => 1,
        "y" | "ys" | "y_pos" | "y_coord" | "row" => 2,
        "p" | "ps" | "pol" | "polarity" | "polarities" | "on" | "c" => 3,
        _ => return None,
    };
    Some(Heading { column, size, unit: unit.filter(|_| column == 0) })
}

fn unit_of(text: &str) -> Option<TimeUnit> {
    TimeUnit::from_name(text.trim_matches([']', ')', ' ']))
}

/// What the names of the columns say.
pub(super) struct Named {
    pub(super) order: Order,
    pub(super) geometry: Option<Geometry>,
    pub(super) unit: Option<TimeUnit>,
}

/// An order from words such as `# timestamp x y polarity` or `t,x@320,y@240,on`.
pub(super) fn order_of_heading(line: &str) -> Option<Named> {
    let line = line.trim_start_matches(['\u{feff}', '#', '%', ' ']).trim_end();
    let mut places = [None; 4];
    let mut sizes = [None; 4];
    let mut unit = None;
    let blank = |letter: char| letter.is_ascii() && is_separator(letter as u8);
    // A unit behind its name is no name of its own.
    let alone = |name: &&str| name.starts_with(['[', '(']) && name.ends_with([']', ')']);
    // Between commas a name may be missing, as that of the numbers of the rows is, but its column is there.
    let names: Vec<&str> = match line.contains(',') {
        true => line.split(',').map(str::trim).collect(),
        false => line.split(blank).filter(|name| !name.is_empty()).collect(),
    };
    let mut place = 0_usize;
    for name in names {
        if alone(&name) && !line.contains(',') {
            let of_time = place.checked_sub(1).is_some_and(|before| places[0] == Some(before));
            unit = unit.or_else(|| unit_of(name.trim_start_matches(['[', '('])).filter(|_| of_time));
            continue;
        }
        if let Some(found) = heading(name) {
            places[found.column].get_or_insert(place);
            sizes[found.column] = found.size;
            unit = unit.or(found.unit);
        }
        place += 1;
    }
    let [Some(t), Some(x), Some(y), Some(p)] = places else { return None };
    let geometry = sizes[1].zip(sizes[2]).map(|(width, height)| Geometry { width, height });
    Some(Named { order: Order { t, x, y, p }, geometry, unit })
}

/// A line `%geometry:W,H` or `# W H`, as different tools write the size of the sensor.
pub(super) fn geometry_of_comment(line: &str) -> Option<Geometry> {
    let size = line.trim_start_matches(['#', '%', ' ']).strip_prefix("geometry")?;
    let mut numbers = size.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty());
    Some(Geometry { width: numbers.next()?.parse().ok()?, height: numbers.next()?.parse().ok()? })
}

/// A first line of two numbers, width and height, as E2VID has it.
pub(super) fn geometry_of_numbers(numbers: &[(i128, bool)]) -> Option<Geometry> {
    let side = |&(value, decimals): &(i128, bool)| {
        let whole = (!decimals && value % 1_000_000_000 == 0).then_some(value / 1_000_000_000)?;
        u16::try_from(whole).ok().filter(|side| *side > 0)
    };
    let [width, height] = numbers else { return None };
    Some(Geometry { width: side(width)?, height: side(height)? })
}

/// The order that the numbers themselves tell: polarity has at most two values, time never steps back.
pub(super) fn order_of_values(rows: &[Vec<(i128, bool)>]) -> Option<(Order, &'static str)> {
    let width = rows.iter().map(Vec::len).min()?.min(8);
    let column = |k: usize| rows.iter().map(move |row| row[k].0);
    let forward = |k: usize| column(k).zip(column(k).skip(1)).all(|(before, after)| before <= after);
    let polarity = |k: usize| column(k).all(|value| value == 0 || value.abs() == 1_000_000_000);
    let decimals = |k: usize| rows.iter().any(|row| row[k].1);
    let rest = |t: usize, p: usize| {
        let mut others = (0..width).filter(|&k| k != t && k != p);
        Some(Order { t, x: others.next()?, y: others.next()?, p })
    };
    let with_decimals: Vec<usize> = (0..width).filter(|&k| decimals(k)).collect();
    if let [t] = with_decimals[..] {
        let p = (0..width).rev().find(|&k| k != t && polarity(k))?;
        return Some((rest(t, p)?, "one column has decimals (time), one only two values (polarity)"));
    }
    // With few rows several columns may fit; the order that most tools write is tried first.
    let usual = [(0, 3), (3, 2), (2, 3), (0, 1)];
    let fits = |&(t, p): &(usize, usize)| t < width && p < width && forward(t) && polarity(p) && !polarity(t);
    let (t, p) = usual.into_iter().find(|pair| fits(pair))?;
    Some((rest(t, p)?, "one column only has two values (polarity), one never steps back (time)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_tell_order_and_size() {
        let found = order_of_heading("t,x@320,y@240,on").unwrap();
        assert_eq!(found.order, Order { t: 0, x: 1, y: 2, p: 3 });
        assert_eq!(found.geometry, Some(Geometry { width: 320, height: 240 }));
        assert_eq!(order_of_heading("# x y pol timestamp").unwrap().order, Order { t: 3, x: 0, y: 1, p: 2 });
        let found = order_of_heading("# x [px] y [px] p t [ns]").unwrap();
        assert_eq!((found.order, found.unit), (Order { t: 3, x: 0, y: 1, p: 2 }, Some(TimeUnit::Nanoseconds)));
        assert!(order_of_heading("# recorded yesterday").is_none());
        assert_eq!(order_of_heading("(s) t x y p").unwrap().unit, None, "a unit of nothing");
    }
}
