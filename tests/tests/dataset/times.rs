//! Histograms of columns of times, whose axis is one of dates and hours.

use data::Data;
use polars::prelude::*;

/// 2024-03-05 14:00 UTC.
const START: i64 = 1_709_647_200;

/// A row every ten minutes for two days; every hundredth is missing.
fn data(unit: TimeUnit, zone: Option<&str>) -> Data {
    let per_second = match unit {
        TimeUnit::Nanoseconds => 1_000_000_000,
        TimeUnit::Microseconds => 1_000_000,
        TimeUnit::Milliseconds => 1_000,
    };
    let times = (0..288).map(|at| (at % 100 != 99).then_some((START + at * 600) * per_second));
    let zone = zone.map(|zone| TimeZone::opt_try_new(Some(zone)).unwrap().unwrap());
    let times = Series::new("t".into(), times.collect::<Vec<_>>()).cast(&DataType::Datetime(unit, zone)).unwrap();
    let days = times.cast(&DataType::Date).unwrap().with_name("day".into());
    let since = (0..288_i64).map(|at| at * 600 * per_second).collect::<Vec<_>>();
    let since = Series::new("since".into(), since).cast(&DataType::Duration(unit)).unwrap();
    let frame = DataFrame::new(288, vec![times.into_column(), days.into_column(), since.into_column()]).unwrap();
    Data::from_frames([("run", frame)]).unwrap()
}

#[test]
fn times_are_counted_in_hours_and_days() {
    for unit in [TimeUnit::Nanoseconds, TimeUnit::Microseconds, TimeUnit::Milliseconds] {
        let data = data(unit, None);
        let hours = data.hist("t", (48, "2024-03-05 14:00", "2024-03-07 14:00")).unwrap();
        let expected: Vec<f64> =
            (0..48).map(|hour| if (hour * 6..hour * 6 + 6).any(|at| at % 100 == 99) { 5.0 } else { 6.0 }).collect();
        assert_eq!(hours.values(), expected);
        assert_eq!((hours.nan(), hours.underflow(), hours.overflow()), (2.0, 0.0, 0.0));
        assert_eq!(hours.axes()[0].to_string(), "t: 48 bins in [2024-03-05 14:00, 2024-03-07 14:00)");
        let days = data.hist("day", (3, ["2024-03-05", "2024-03-08"])).unwrap();
        assert_eq!(days.values(), [60.0, 142.0, 84.0]);
        let all = data.hist("t", 4).unwrap();
        assert_eq!(all.edges()[0], START as f64);
        assert_eq!(all.sum(), 286.0);
        let since = data.hist("since", (2, 0.0, 172_800.0)).unwrap();
        assert_eq!(since.values(), [144.0, 144.0]);
        assert!(since.axes()[0].clock().is_none(), "a duration is a number of seconds");
    }
}

#[test]
fn times_are_shown_in_their_zone() {
    let data = data(TimeUnit::Microseconds, Some("Europe/Berlin"));
    let hist = data.hist("t", (2, "2024-03-05 15:00", "2024-03-06 15:00")).unwrap();
    assert_eq!(hist.edges(), [0.0, 43_200.0, 86_400.0].map(|since| START as f64 + since));
    let bundle = show::Display::bundle(&hist);
    let [picture, words] = ["image/svg+xml", "text/plain"].map(|mime| bundle.data[mime].as_str().unwrap().to_owned());
    assert!(words.contains("[2024-03-05 15:00, 2024-03-06 03:00)"), "{words}");
    for label in ["18:00", "03-06", "2024-03-05", "Europe/Berlin", "12 h"] {
        assert!(picture.contains(label), "{label} in {picture}");
    }
    let again = hist::Hist::from_json(&hist.to_json()).unwrap();
    assert_eq!(again.axes()[0].clock().and_then(hist::Clock::zone), Some("Europe/Berlin"));
}

#[test]
fn what_is_no_time_is_said() {
    let data = data(TimeUnit::Microseconds, None);
    let say = |error: data::Error| error.to_string();
    assert!(
        say(data.hist("since", (2, "2024-03-05", "2024-03-06")).unwrap_err())
            .contains("is of times, but the column is duration")
    );
    assert!(say(data.hist("t", (2, "March", "2024-03-06")).unwrap_err()).contains("'March' is not a time"));
    assert!(say(data.hist("t", (2, "2024-03-07", "2024-03-06")).unwrap_err()).contains("must increase"));
}

/// Seconds since 1970 are values of axes only.
#[test]
fn a_time_as_weight_is_an_error() {
    let data = data(TimeUnit::Microseconds, None);
    for column in ["t", "day", "since"] {
        let said = data.group("run").weight(column).hist("t", 4).unwrap_err().to_string();
        assert!(said.contains(column), "{said}");
    }
}
