//! Bootstrap: how a result would vary with other data of the same size.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::clauses::NUMBER;
use crate::lower::pass::GroupPlan;
use crate::lower::plan::ProcessPlan;
use crate::steps::booking::{Booking, IntoBooking};
use flow::Sink;
use hist::{Axis, Entries, Hist, IntoBins, Storage};
use polars::prelude::*;
use segment::Segment;
use segment::random::{digest, lot};

/// A histogram, and as many replicas of it as were asked for, in each of which every event counts as often as a Poisson
/// distribution of mean 1 says.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let replicas = data.bootstrap("x", (4, 0.5, 4.5), 50, 1)?;
/// assert_eq!((replicas.nominal().sum(), replicas.replicas().len()), (4.0, 50));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Bootstrap {
    nominal: Hist,
    replicas: Vec<Hist>,
}

impl Bootstrap {
    /// The histogram of the data as they are.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let replicas = data.bootstrap("x", (4, 0.5, 4.5), 50, 1)?;
    /// assert_eq!(replicas.nominal().counts(), [1.0, 1.0, 1.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nominal(&self) -> &Hist {
        &self.nominal
    }

    /// The replicas.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let replicas = data.bootstrap("x", (4, 0.5, 4.5), 50, 1)?;
    /// assert_eq!(replicas.replicas().len(), 50);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn replicas(&self) -> &[Hist] {
        &self.replicas
    }

    /// A number of each replica: its mean and its standard deviation, which is the error of the number.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let replicas = data.bootstrap("x", (4, 0.5, 4.5), 50, 1)?;
    /// let (entries, error) = replicas.of(|hist| hist.sum());
    /// assert!(entries > 2.0 && error > 0.5, "4 entries, with the error of a count");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(&self, number: impl Fn(&Hist) -> f64) -> (f64, f64) {
        spread(&self.replicas.iter().map(number).collect::<Vec<f64>>())
    }

    /// The same of a number that need not exist, such as one that is fitted.
    ///
    /// # Errors
    /// The first error of the function.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let replicas = data.bootstrap("x", (4, 0.5, 4.5), 50, 1)?;
    /// let (entries, error) = replicas.try_of(|hist| Ok::<_, hist::Error>(hist.sum()))?;
    /// assert!(entries > 2.0 && error > 0.5, "4 entries, with the error of a count");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_of<E>(
        &self,
        number: impl Fn(&Hist) -> std::result::Result<f64, E>,
    ) -> std::result::Result<(f64, f64), E> {
        Ok(spread(&self.replicas.iter().map(number).collect::<std::result::Result<Vec<f64>, E>>()?))
    }

    /// The standard deviation of each bin.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let replicas = data.bootstrap("x", (4, 0.5, 4.5), 50, 1)?;
    /// assert_eq!(replicas.errors()[0], replicas.covariance()[0][0].sqrt());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn errors(&self) -> Vec<f64> {
        (0..self.nominal.counts().len()).map(|bin| self.covariances(bin, bin).sqrt()).collect()
    }

    /// The covariances of the bins: a row for each of them.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// # let replicas = data.bootstrap("x", (4, 0.5, 4.5), 50, 1)?;
    /// let covariance = replicas.covariance();
    /// assert_eq!(covariance[0][1], covariance[1][0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn covariance(&self) -> Vec<Vec<f64>> {
        let bins = self.nominal.counts().len();
        (0..bins).map(|a| (0..bins).map(|b| self.covariances(a, b)).collect()).collect()
    }

    fn covariances(&self, a: usize, b: usize) -> f64 {
        let counts: Vec<(f64, f64)> =
            self.replicas.iter().map(Hist::counts).map(|counts| (counts[a], counts[b])).collect();
        let many = counts.len() as f64;
        let (x, y) = counts.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0 / many, sum.1 + pair.1 / many));
        counts.iter().map(|pair| (pair.0 - x) * (pair.1 - y)).sum::<f64>() / (many - 1.0)
    }
}

impl show::Covariances for Bootstrap {
    fn covariances(&self) -> (Vec<String>, Vec<Vec<f64>>) {
        (show::bin_names(&self.nominal.edges()), self.covariance())
    }
}

/// Mean and standard deviation.
fn spread(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
    (mean, (squares / (values.len() as f64 - 1.0)).sqrt())
}

impl show::Display for Bootstrap {
    fn bundle(&self) -> show::Bundle {
        let names: Vec<String> = (0..self.nominal.counts().len()).map(|bin| bin.to_string()).collect();
        if self.nominal.dimensions() != 1 || names.len() < 2 {
            return show::histogram(&self.nominal).bundle();
        }
        let mut points = Vec::new();
        for ((x, y), error) in self.nominal.centres().into_iter().zip(self.nominal.counts()).zip(self.errors()) {
            points.push((x, y, error));
        }
        let words = format!("{} replicas; errors are their standard deviations", self.replicas.len());
        show::points(&points).x_label(&self.nominal.axes()[0].title()).y_label("Entries").title(words).bundle()
    }
}

impl Group {
    /// A histogram with replicas for a bootstrap, from one pass. In each replica every event counts 0, 1, 2 ... times, as a
    /// Poisson distribution of mean 1 says: the same for the same seed, on every machine and in any order of reading.
    /// Candidates of one event count equally often where events are known (as in [`Group::sample`]), and an event that is in
    /// two histograms of one seed counts equally often in both, so that these vary together. Weights count as well.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let data = data::Data::from_frames([("mumu", df!("x" => (0..1000).map(|x| f64::from(x % 10)).collect::<Vec<_>>())?)])?;
    /// let sample = data.bootstrap("x", (10, 0.0, 10.0), 200, 1)?;
    /// assert_eq!(sample.nominal().counts()[3], 100.0);
    /// assert!((sample.errors()[3] - 10.0).abs() < 2.0);
    /// let (mean, error) = sample.of(|h| h.mean());
    /// assert!((mean - 4.5).abs() < 0.05 && (error - 0.091).abs() < 0.015);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// See [`Group::hist`]; fewer than two replicas.
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn bootstrap(
        &self,
        column: impl AsRef<str>,
        bins: impl IntoBins,
        replicas: usize,
        seed: u64,
    ) -> Result<Bootstrap> {
        self.replicate((column, bins).into_booking()?, replicas, seed)
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn replicate(&self, booking: Booking, replicas: usize, seed: u64) -> Result<Bootstrap> {
        if replicas < 2 {
            return Err(Error::request(format!("a bootstrap needs two replicas or more, not {replicas}")));
        }
        segment::record::seed("bootstrap", seed);
        let keys = self.keys();
        let mut wanted = booking.columns.clone();
        wanted.extend(keys.iter().cloned());
        let mut pass = GroupPlan::new(self, &wanted)?;
        let bookings = [booking];
        let (axes, _) = crate::lower::ranges::axes(&mut pass, &bookings, 0)?;
        let parts = pass.each(|lowered| {
            let sink = Replicas::new(lowered, &bookings[0], &axes[0], &keys, (replicas, seed))?;
            let hists = lowered.run(&sink)?;
            Ok(hists.iter().map(|hist| hist.scaled(lowered.scale)).collect::<Vec<_>>())
        })?;
        pass.report(format!("bootstrap {}", bookings[0].columns.join(", ")));
        let mut sums: Option<Vec<Hist>> = None;
        for (_, hists) in parts {
            match &mut sums {
                None => sums = Some(hists),
                Some(sums) => sums.iter_mut().zip(&hists).try_for_each(|(sum, hist)| sum.merge(hist))?,
            }
        }
        let mut all = sums.ok_or_else(|| Error::request("there is no process to resample"))?;
        let nominal = all.remove(0);
        Ok(Bootstrap { nominal, replicas: all })
    }

    /// The columns that name an event in all processes, or the number of the row where one of them is not known.
    fn keys(&self) -> Vec<String> {
        let can = |name: &&str| {
            self.parts.members.iter().all(|&at| {
                let dtype = self.parts.catalog.processes[at].source.schema().get(name);
                dtype.is_some_and(|dtype| dtype.is_integer() || dtype.is_string())
            })
        };
        let keys: Vec<String> = belle2::event::KEYS.into_iter().filter(can).map(str::to_owned).collect();
        let after = self.names_after_steps();
        let known = self.is_recognised() && !keys.is_empty() && keys.iter().all(|key| after.contains(key));
        if known { keys } else { vec![NUMBER.to_owned()] }
    }
}

/// A histogram and its replicas.
struct Replicas {
    columns: Vec<String>,
    keys: Vec<String>,
    weight: Option<String>,
    /// One number for all rows of the process, which are other events than those of other processes.
    process: u64,
    empty: Hist,
    count: usize,
    seed: u64,
}

impl Replicas {
    fn new(
        lowered: &ProcessPlan<'_>,
        booking: &Booking,
        axes: &[Axis],
        keys: &[String],
        (count, seed): (usize, u64),
    ) -> Result<Self> {
        Ok(Self {
            columns: booking.columns.iter().map(|column| lowered.name_of(column)).collect(),
            keys: keys.iter().map(|key| lowered.name_of(key)).collect(),
            weight: lowered.weight.clone(),
            process: digest(lowered.name().bytes().map(u64::from)),
            empty: Hist::with(axes.to_vec(), Storage::Weight)?,
            count,
            seed,
        })
    }

    /// A word for the event of each row.
    fn events(&self, frame: &DataFrame) -> flow::Result<Vec<u64>> {
        let mut events = vec![self.process; frame.height()];
        for key in &self.keys {
            let column = frame.column(key)?;
            if column.dtype().is_string() {
                let texts = column.str()?;
                let words = texts.iter().map(|text| digest(text.unwrap_or_default().bytes().map(u64::from)));
                events.iter_mut().zip(words).for_each(|(event, word)| *event = digest([*event, word]));
                continue;
            }
            let numbers = column.cast(&DataType::Int64)?;
            let words = numbers.i64()?.iter().map(|number| number.unwrap_or(i64::MIN) as u64);
            events.iter_mut().zip(words).for_each(|(event, word)| *event = digest([*event, word]));
        }
        Ok(events)
    }
}

/// How often an event counts, by its random number: a Poisson distribution of mean 1.
fn times(lot: u64) -> f64 {
    // The chances of at most 0, 1, 2 ... times, in units of all lots.
    const SHARES: [f64; 12] = [
        0.367_879_441_171_442_33,
        0.735_758_882_342_884_7,
        0.919_698_602_928_605_8,
        0.981_011_843_123_846_2,
        0.996_340_153_172_656_3,
        0.999_405_815_182_418_3,
        0.999_916_758_850_711_9,
        0.999_989_750_803_325_3,
        0.999_998_874_797_402,
        0.999_999_888_574_521_7,
        0.999_999_989_952_233_6,
        0.999_999_999_168_389_2,
    ];
    let share = (lot >> 11) as f64 / (1_u64 << 53) as f64;
    SHARES.iter().position(|&known| share < known).unwrap_or(SHARES.len()) as f64
}

impl Sink for Replicas {
    type Part = Vec<Hist>;

    fn part(&self) -> Vec<Hist> {
        vec![self.empty.clone(); self.count + 1]
    }

    fn take(&self, part: &mut Vec<Hist>, segment: Segment) -> flow::Result<()> {
        let frame = &segment.frame;
        let events = self.events(frame)?;
        let column = |name: &str| -> flow::Result<&Series> { Ok(frame.column(name)?.as_materialized_series()) };
        let columns = self.columns.iter().map(|name| column(name)).collect::<flow::Result<Vec<_>>>()?;
        let own = match &self.weight {
            Some(weight) => {
                let values = frame.column(weight)?.cast(&DataType::Float64)?;
                values.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect()
            }
            None => vec![1.0; frame.height()],
        };
        for (replica, hist) in part.iter_mut().enumerate() {
            let often = |event: u64| match replica {
                0 => 1.0,
                _ => times(lot(self.seed, digest([event, replica as u64]))),
            };
            let weights: Float64Chunked =
                own.iter().zip(&events).map(|(weight, &event)| Some(weight * often(event))).collect();
            let weight = weights.into_series();
            let entries = Entries { columns: &columns, weight: Some(&weight), sample: None, mask: None };
            hist.fill_entries(&entries).map_err(crate::lower::ranges::told)?;
        }
        Ok(())
    }

    fn merge(&self, whole: &mut Vec<Hist>, next: Vec<Hist>) -> flow::Result<()> {
        crate::lower::ranges::merge(whole, &next)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn lots_are_poisson_distributed() {
        let times: Vec<f64> = (0..200_000).map(|place| super::times(segment::random::lot(3, place))).collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        let variance = times.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / times.len() as f64;
        assert!((mean - 1.0).abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
        let none = times.iter().filter(|n| **n == 0.0).count() as f64 / times.len() as f64;
        assert!((none - (-1.0_f64).exp()).abs() < 0.004, "{none}");
        let mut sum = 0.0;
        let mut chance = (-1.0_f64).exp();
        for n in 1..=12 {
            sum += chance;
            let lot = |share: f64| (share * (1_u64 << 53) as f64) as u64;
            assert_eq!(super::times((lot(sum) + 2) << 11), f64::from(n));
            assert_eq!(super::times((lot(sum) - 2) << 11), f64::from(n - 1));
            chance /= f64::from(n);
        }
    }

    #[test]
    fn an_event_counts_equally_often_wherever_it_stands() {
        use polars::prelude::*;
        let event: Vec<i64> = (0..4000).map(|row| row / 2).collect();
        let x: Vec<f64> = event.iter().map(|event| (event % 10) as f64).collect();
        let frame =
            df!("__experiment__" => vec![1_i64; 4000], "__run__" => vec![7_i64; 4000], "__event__" => event, "x" => x)
                .unwrap();
        let data = |frame: DataFrame| crate::Data::from_frames([("mumu", frame)]).unwrap();
        let all = data(frame.clone()).bootstrap("x", (10, 0.0, 10.0), 20, 5).unwrap();
        // Both candidates of an event count equally often: all replicas are even.
        assert!(all.replicas().iter().flat_map(|hist| hist.counts()).all(|count| count % 2.0 == 0.0));
        let turned = data(frame.reverse()).bootstrap("x", (10, 0.0, 10.0), 20, 5).unwrap();
        assert_eq!(all.replicas(), turned.replicas());
        let (some, rest) = (all.replicas()[3].counts(), |cut: &str| {
            data(frame.clone()).query(cut).bootstrap("x", (10, 0.0, 10.0), 20, 5).unwrap().replicas()[3].counts()
        });
        let sum: Vec<f64> = rest("__event__ < 700").iter().zip(rest("__event__ >= 700")).map(|(a, b)| a + b).collect();
        assert_eq!(some, sum);
        let other = data(frame).bootstrap("x", (10, 0.0, 10.0), 20, 6).unwrap();
        assert_ne!(all.replicas(), other.replicas());
        // Twice the entries of 200 events in each bin vary by twice the root of 200.
        assert!((all.errors().iter().sum::<f64>() / 10.0 - 28.3).abs() < 4.0, "{:?}", all.errors());
    }
}
