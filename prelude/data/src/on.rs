//! Queries that run on a server, and how many rows may come back.

use crate::dataset::Data;
use crate::error::Error;
use crate::group::Group;
use crate::settings::Settings;
use cluster::IntoServer;
use std::sync::Arc;

impl Data {
    /// Runs queries of this data set on a server of Spark Connect; see [`Group::on`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert!(data.on("http://spark.example").count().is_err(), "an address is sc://host:port");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on(&self, server: impl IntoServer) -> Self {
        Self::of_everything(self.all().on(server))
    }
}

impl Group {
    /// Runs queries on a server of Spark Connect, Apache Spark or Sail: `data.on("sc://host:15002")`. The steps are the same,
    /// and so are the answers; the files must be Parquet, and must be there under the same paths for the server. Only
    /// counts, sums and bins come back; `collect()`, `show()` and `column(..)` fetch rows.
    ///
    /// Nothing is connected before a terminal asks. A step that the server does not do in the same sense is an error.
    ///
    /// ```no_run
    /// let data = data::load("/shared/ntuples")?.on("sc://spark.example:443/;use_ssl=true;token=..");
    /// data.query("pRecoil > 2").hist("mu1P", (50, 0.0, 3.0))?;
    /// # Ok::<(), data::Error>(())
    /// ```
    #[must_use]
    pub fn on(&self, server: impl IntoServer) -> Self {
        match server.into_server() {
            Ok(server) => self.with_settings(|settings| settings.server = Some(server)),
            Err(error) => self.broken_by(self.parts.label.clone(), Error::from(error)),
        }
    }

    /// How many rows may be fetched from a server at a time, where 10 million are too few.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.fetch(1_000).count()?, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn fetch(&self, rows: u64) -> Self {
        self.with_settings(|settings| settings.fetched = Some(rows))
    }

    fn with_settings(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = (*self.parts.settings).clone();
        change(&mut settings);
        self.changed(|parts| parts.settings = Arc::new(settings))
    }
}
