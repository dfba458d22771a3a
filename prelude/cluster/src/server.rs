//! A server, the session on it, and what it can do.

use polars::prelude::DataFrame;
use recoil_spark_connect::{Endpoint, Error, Expression, Relation, Session};
use segment::Result;
use segment::work::{Task, interrupted};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The most rows that are fetched without being asked for by number.
pub(crate) const ROWS: u64 = 10_000_000;

/// A server of Spark Connect: Apache Spark 3.5 or later, or Sail. Nothing is connected before a query needs it; a session
/// that was lost is opened anew by the next query.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    endpoint: Endpoint,
    /// The columns that say in which order rows are, where the user has named them.
    ordered_by: Vec<String>,
    /// Options of the session that the user has set.
    settings: Vec<(String, String)>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    session: Option<Arc<Session>>,
    /// Whether rows of files have numbers; known for files that have been asked about.
    numbered: Option<bool>,
    /// Files whose rows have been counted, or whose order has been looked at, in words.
    checked: Vec<String>,
}

impl fmt::Debug for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.endpoint)
    }
}

impl fmt::Display for Server {
    /// The address without its token.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.endpoint)
    }
}

impl Server {
    /// The server of an address: `sc://host:15002`, with `/;use_ssl=true;token=..;user_id=..` where it wants them.
    ///
    /// ```
    /// let server = cluster::Server::at("sc://localhost:15002/;token=secret")?;
    /// assert_eq!(server.to_string(), "sc://localhost:15002");
    /// # Ok::<(), segment::Error>(())
    /// ```
    ///
    /// # Errors
    /// What is no address; a token that would go over a network unencrypted.
    pub fn at(address: &str) -> Result<Self> {
        let endpoint = address.parse().map_err(|error: Error| segment::Error::request(error.to_string()))?;
        Ok(Self(Arc::new(Inner { endpoint, ordered_by: Vec::new(), settings: Vec::new(), state: Arc::default() })))
    }

    /// Says which columns order the rows of a table, ascending; together they must be different for each row. It is needed
    /// where a step asks for the first rows, and the server has no numbers of rows (Spark has them, Sail has not).
    ///
    /// ```
    /// let server = cluster::Server::at("sc://localhost")?.ordered_by(["run", "event"]);
    /// assert_eq!(server.to_string(), "sc://localhost:15002");
    /// # Ok::<(), segment::Error>(())
    /// ```
    #[must_use]
    pub fn ordered_by<N: Into<String>>(&self, columns: impl IntoIterator<Item = N>) -> Self {
        let Inner { endpoint, settings, state, .. } = &*self.0;
        let ordered_by = columns.into_iter().map(Into::into).collect();
        let (endpoint, settings, state) = (endpoint.clone(), settings.clone(), state.clone());
        Self(Arc::new(Inner { endpoint, ordered_by, settings, state }))
    }

    /// Sets an option of the session, such as Spark's `spark.sql.shuffle.partitions`. Answers are the same with
    /// `spark.sql.ansi.enabled` on and off.
    ///
    /// ```
    /// let server = cluster::Server::at("sc://localhost")?.setting("spark.sql.shuffle.partitions", "8");
    /// assert_eq!(server.to_string(), "sc://localhost:15002");
    /// # Ok::<(), segment::Error>(())
    /// ```
    #[must_use]
    pub fn setting(&self, option: &str, value: &str) -> Self {
        let Inner { endpoint, ordered_by, settings, .. } = &*self.0;
        let (endpoint, ordered_by, mut settings) = (endpoint.clone(), ordered_by.clone(), settings.clone());
        settings.push((option.to_owned(), value.to_owned()));
        Self(Arc::new(Inner { endpoint, ordered_by, settings, state: Arc::default() }))
    }

    pub(crate) fn order(&self) -> &[String] {
        &self.0.ordered_by
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session(&self) -> Result<Arc<Session>> {
        let mut state = self.state();
        if let Some(session) = &state.session {
            return Ok(session.clone());
        }
        let session = Session::open(&self.0.endpoint, &interrupted).map_err(|error| self.told(error))?;
        let options = [
            // Numbers that do not fit are errors, as they are here, and never NULL.
            ("spark.sql.ansi.enabled", "true"),
            // Names are taken as they are written.
            ("spark.sql.caseSensitive", "true"),
            // Spark 4.3 takes a part of a file whose bounds are not known, as where there is a NaN, for one without values:
            // with the filter in the reader, rows would be lost.
            ("spark.sql.parquet.filterPushdown", "false"),
        ];
        let own = self.0.settings.iter().map(|(option, value)| (option.as_str(), value.as_str()));
        let options: Vec<_> = options.into_iter().chain(own).collect();
        session.set(&options, &interrupted).map_err(|error| self.told(error))?;
        let session = Arc::new(session);
        *state = State { session: Some(session.clone()), ..State::default() };
        Ok(session)
    }

    /// The error of the client as that of a query. A session that is lost is given up.
    fn told(&self, error: Error) -> segment::Error {
        match error {
            Error::Interrupted => segment::Error::Interrupted,
            error => segment::Error::request(format!("{}: {error}", self.0.endpoint)),
        }
    }

    fn asked<T>(&self, ask: impl FnOnce(&Session) -> std::result::Result<T, Error>) -> Result<T> {
        let session = self.session()?;
        ask(&session).map_err(|error| {
            // A server that was started anew knows nothing of the session either.
            let over = matches!(&error, Error::Server(words) if words.contains("session"));
            if over || matches!(error, Error::Lost(_) | Error::Unable(_)) {
                self.state().session = None;
            }
            self.told(error)
        })
    }

    /// Whether rows of files have numbers on this server.
    pub(crate) fn numbers_rows(&self, files: &[String]) -> Result<bool> {
        if let Some(known) = self.state().numbered {
            return Ok(known);
        }
        let numbers = vec![Expression::metadata("file_path"), Expression::metadata("row_index")];
        let asked = Relation::parquet(files.iter().take(1).cloned()).select(numbers);
        let session = self.session()?;
        let known = match session.check(&asked, &interrupted) {
            Ok(()) => true,
            Err(Error::Server(_)) => false,
            Err(error) => return Err(self.told(error)),
        };
        self.state().numbered = Some(known);
        Ok(known)
    }

    /// Does something once for each text in a session.
    pub(crate) fn once(&self, what: String, check: impl FnOnce() -> Result<()>) -> Result<()> {
        if self.state().checked.contains(&what) {
            return Ok(());
        }
        check()?;
        self.state().checked.push(what);
        Ok(())
    }

    /// How the server would run a relation, in its own words.
    pub(crate) fn explain(&self, relation: &Relation) -> Result<String> {
        self.asked(|session| session.explain(relation, &interrupted))
    }

    /// Runs a relation over a table of so many rows; frames are handed on as they arrive.
    pub(crate) fn run(
        &self,
        relation: &Relation,
        rows: u64,
        take: &mut dyn FnMut(DataFrame) -> Result<()>,
    ) -> Result<()> {
        let task = Task::new(self.to_string(), "rows", Some(rows));
        let (mut told, mut bytes) = (0, 0);
        let mut failed = None;
        let outcome = self.asked(|session| {
            let mut take = |batch: recoil_spark_connect::Batch| {
                crate::rows::frame(&batch.data).and_then(&mut *take).map_err(|error| {
                    let text = error.to_string();
                    failed = Some(error);
                    text
                })
            };
            let mut hear = |progress: recoil_spark_connect::Progress| {
                let done = rows * progress.done.min(progress.tasks) / progress.tasks.max(1);
                // That the user has asked to stop is noticed by the wait itself.
                let _ = task.advance(done.saturating_sub(told), progress.bytes.saturating_sub(bytes));
                (told, bytes) = (told.max(done), bytes.max(progress.bytes));
            };
            session.run(relation, &mut take, &mut hear, &interrupted)
        });
        match failed {
            Some(error) => Err(error),
            None => outcome,
        }
    }

    /// All rows of an answer that is known to be small.
    pub(crate) fn answer(&self, relation: &Relation, rows: u64) -> Result<DataFrame> {
        let mut whole: Option<DataFrame> = None;
        self.run(relation, rows, &mut |frame| {
            match &mut whole {
                None => whole = Some(frame),
                Some(whole) => {
                    whole.vstack_mut_owned(frame)?;
                }
            }
            Ok(())
        })?;
        Ok(whole.unwrap_or_default())
    }
}

/// What names a server: an address, or a [`Server`].
///
/// ```
/// use cluster::IntoServer;
/// assert_eq!("sc://localhost".into_server()?.to_string(), "sc://localhost:15002");
/// # Ok::<(), segment::Error>(())
/// ```
pub trait IntoServer {
    /// The server.
    ///
    /// # Errors
    /// What is no address.
    fn into_server(self) -> Result<Server>;
}

impl IntoServer for Server {
    fn into_server(self) -> Result<Server> {
        Ok(self)
    }
}

impl IntoServer for &Server {
    fn into_server(self) -> Result<Server> {
        Ok(self.clone())
    }
}

impl IntoServer for &str {
    fn into_server(self) -> Result<Server> {
        Server::at(self)
    }
}

impl IntoServer for &String {
    fn into_server(self) -> Result<Server> {
        Server::at(self)
    }
}

impl IntoServer for String {
    fn into_server(self) -> Result<Server> {
        Server::at(&self)
    }
}

impl IntoServer for Result<Server> {
    fn into_server(self) -> Result<Server> {
        self
    }
}
