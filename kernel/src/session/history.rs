//! The cells of all sessions, in SQLite; a locked or broken file costs only the past, never a cell.

use crate::install;
use crate::wire::history::{Entry, HistoryRequest};
use rusqlite::{Connection, ErrorCode, Row, ToSql, params};
use std::path::{Path, PathBuf};
use std::time::Duration;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS sessions (session INTEGER PRIMARY KEY AUTOINCREMENT, started TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS cells (
        session INTEGER NOT NULL, line INTEGER NOT NULL, input TEXT NOT NULL, output TEXT,
        PRIMARY KEY (session, line));
";
const ROWS: &str = "SELECT session, line, input, output FROM cells";
const NEWEST_FIRST: &str = "ORDER BY session DESC, line DESC LIMIT";

/// Where the history lives: `RECOIL_HISTORY`, else the user's state folder.
pub fn default_path() -> PathBuf {
    let home = || install::home().unwrap_or_else(std::env::temp_dir).join(".local/state");
    let state = || std::env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()).map_or_else(home, PathBuf::from);
    let path = std::env::var_os("RECOIL_HISTORY").filter(|path| !path.is_empty());
    path.map_or_else(|| state().join("recoil/history.sqlite"), PathBuf::from)
}

/// The history of this session, and of the others when the file can be read.
#[derive(Debug)]
pub(crate) struct History {
    path: PathBuf,
    connection: Option<(Connection, i64)>,
    /// This session's cells; `true` once written.
    lines: Vec<(Entry, bool)>,
}

impl History {
    /// Opens the file, or makes it; a file that is not a database is put aside.
    pub(crate) fn open(path: &Path) -> Self {
        let mut history = Self { path: path.to_path_buf(), connection: None, lines: Vec::new() };
        history.connect();
        history
    }

    fn connect(&mut self) {
        let mut opened = connect(&self.path);
        if let Err(rusqlite::Error::SqliteFailure(error, _)) = &opened
            && matches!(error.code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
        {
            let aside = self.path.with_extension(format!("broken-{}", std::process::id()));
            tracing::warn!(path = %self.path.display(), aside = %aside.display(), "the history is broken: put aside");
            if std::fs::rename(&self.path, aside).is_ok() {
                opened = connect(&self.path);
            }
        }
        match opened {
            Ok(connection) => self.connection = Some(connection),
            Err(error) => tracing::warn!(path = %self.path.display(), %error, "no history for now"),
        }
    }

    /// Remembers a cell about to run.
    pub(crate) fn store(&mut self, line: i64, input: &str) {
        let entry = Entry { session: self.session(), line, input: input.to_owned(), output: None };
        self.lines.push((entry, false));
        self.write();
    }

    /// Remembers the result of a cell of this session.
    pub(crate) fn store_output(&mut self, line: i64, output: &str) {
        if let Some((entry, written)) = self.lines.iter_mut().rfind(|(entry, _)| entry.line == line) {
            entry.output = Some(output.to_owned());
            *written = false;
            self.write();
        }
    }

    fn session(&self) -> i64 {
        self.connection.as_ref().map_or(1, |(_, session)| *session)
    }

    /// Writes what is not yet written; tries again at the next cell when it cannot.
    fn write(&mut self) {
        if self.connection.is_none() {
            self.connect();
        }
        let session = self.session();
        let Some((connection, _)) = &self.connection else { return };
        for (entry, written) in self.lines.iter_mut().filter(|(_, written)| !written) {
            entry.session = session;
            let sql = "INSERT INTO cells VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET output = excluded.output";
            match connection.execute(sql, params![session, entry.line, entry.input, entry.output]) {
                Ok(_) => *written = true,
                Err(error) => {
                    tracing::warn!(%error, "the history could not be written; trying again at the next cell");
                    return;
                }
            }
        }
    }

    /// Answers a request, oldest first.
    pub(crate) fn find(&mut self, request: &HistoryRequest) -> Vec<Entry> {
        self.write();
        let written = self.lines.iter().all(|(_, written)| *written);
        match self.connection.as_ref().filter(|_| written).map(|(connection, _)| self.select(connection, request)) {
            Some(Ok(entries)) => entries,
            Some(Err(error)) => {
                tracing::warn!(%error, "the history could not be read");
                self.of_this_session(request)
            }
            None => self.of_this_session(request),
        }
    }

    fn select(&self, connection: &Connection, request: &HistoryRequest) -> rusqlite::Result<Vec<Entry>> {
        let count = request.n.unwrap_or(if request.hist_access_type == "search" { i64::MAX } else { 10 }).max(0);
        match request.hist_access_type.as_str() {
            "range" => {
                let session = if request.session > 0 { request.session } else { self.session() + request.session };
                let last = "SELECT COALESCE(MAX(line), 0) FROM cells WHERE session = ?1";
                let last: i64 = connection.query_row(last, [session], |row| row.get(0))?;
                let (start, stop) = bounds(request, last);
                let sql = format!("{ROWS} WHERE session = ?1 AND line >= ?2 AND line < ?3 ORDER BY line");
                query(connection, &sql, params![session, start, stop])
            }
            "search" => {
                let pattern = request.pattern.as_deref().unwrap_or("*");
                let filter = match request.unique {
                    true => "WHERE rowid IN (SELECT MAX(rowid) FROM cells WHERE input GLOB ?1 GROUP BY input)",
                    false => "WHERE input GLOB ?1",
                };
                reversed(query(connection, &format!("{ROWS} {filter} {NEWEST_FIRST} ?2"), params![pattern, count]))
            }
            _ => reversed(query(connection, &format!("{ROWS} {NEWEST_FIRST} ?1"), params![count])),
        }
    }

    /// The same from memory, when the file cannot be used.
    fn of_this_session(&self, request: &HistoryRequest) -> Vec<Entry> {
        let last = self.lines.last().map_or(0, |(entry, _)| entry.line);
        let (start, stop) = bounds(request, last);
        let wanted = |entry: &Entry| match request.hist_access_type.as_str() {
            "range" => request.session == 0 && (start..stop).contains(&entry.line),
            "search" => matches(request.pattern.as_deref().unwrap_or("*"), &entry.input),
            _ => true,
        };
        let mut entries: Vec<Entry> = self.lines.iter().map(|(entry, _)| entry.clone()).filter(wanted).collect();
        if request.unique {
            let mut seen = std::collections::HashSet::new();
            entries.reverse();
            entries.retain(|entry| seen.insert(entry.input.clone()));
            entries.reverse();
        }
        if let Some(count) = request.n.and_then(|n| usize::try_from(n).ok()) {
            entries.drain(..entries.len().saturating_sub(count));
        }
        entries
    }
}

fn connect(path: &Path) -> rusqlite::Result<(Connection, i64)> {
    if let Some(folder) = path.parent()
        && let Err(error) = std::fs::create_dir_all(folder)
    {
        tracing::warn!(folder = %folder.display(), %error, "cannot make the folder of the history");
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_millis(250))?;
    // A history is not worth a disk flush per cell.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(SCHEMA)?;
    connection.execute("INSERT INTO sessions (started) VALUES (?1)", [chrono::Utc::now().to_rfc3339()])?;
    let session = connection.last_insert_rowid();
    Ok((connection, session))
}

fn query(connection: &Connection, sql: &str, params: &[&dyn ToSql]) -> rusqlite::Result<Vec<Entry>> {
    let entry =
        |row: &Row<'_>| Ok(Entry { session: row.get(0)?, line: row.get(1)?, input: row.get(2)?, output: row.get(3)? });
    connection.prepare(sql)?.query_map(params, entry)?.collect()
}

fn reversed(entries: rusqlite::Result<Vec<Entry>>) -> rusqlite::Result<Vec<Entry>> {
    entries.map(|mut entries| {
        entries.reverse();
        entries
    })
}

/// First line and one past the last; negative ones count from the end.
fn bounds(request: &HistoryRequest, last: i64) -> (i64, i64) {
    let from_end = |line: i64| if line < 0 { last + 1 + line } else { line };
    (from_end(request.start), request.stop.map_or(i64::MAX, from_end))
}

/// Glob with `*` and `?`, as SQLite's for our fallback.
fn matches(pattern: &str, text: &str) -> bool {
    let mut escaped = regex::escape(pattern).replace("\\*", ".*").replace("\\?", ".");
    escaped = format!("(?s)^{escaped}$");
    regex::Regex::new(&escaped).is_ok_and(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(path: &Path) -> History {
        let mut history = History::open(path);
        for (line, input) in (1..).zip(["let a = 1;", "a + 1", "a + 2", "a + 1"]) {
            history.store(line, input);
        }
        history.store_output(2, "2");
        history
    }

    fn lines(entries: &[Entry]) -> Vec<i64> {
        entries.iter().map(|entry| entry.line).collect()
    }

    fn request(kind: &str) -> HistoryRequest {
        HistoryRequest { hist_access_type: kind.into(), ..HistoryRequest::default() }
    }

    fn check_all_kinds(history: &mut History) {
        assert_eq!(lines(&history.find(&HistoryRequest { n: Some(2), ..request("tail") })), [3, 4]);
        let range = HistoryRequest { start: 2, stop: Some(4), ..request("range") };
        assert_eq!(lines(&history.find(&range)), [2, 3]);
        assert_eq!(lines(&history.find(&HistoryRequest { start: -1, ..request("range") })), [4]);
        let pattern = Some("a + ?".to_owned());
        let search = HistoryRequest { pattern, ..request("search") };
        let found = history.find(&search);
        assert_eq!(lines(&found), [2, 3, 4]);
        assert_eq!(found[0].output.as_deref(), Some("2"));
        assert_eq!(lines(&history.find(&HistoryRequest { unique: true, ..search.clone() })), [3, 4]);
        assert_eq!(lines(&history.find(&HistoryRequest { n: Some(1), ..search })), [4]);
    }

    #[test]
    fn tail_range_and_search() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/history.sqlite");
        check_all_kinds(&mut filled(&path));
        let mut second = History::open(&path);
        second.store(1, "b");
        let tail = second.find(&HistoryRequest { n: Some(2), ..request("tail") });
        assert_eq!(tail.iter().map(|entry| entry.input.as_str()).collect::<Vec<_>>(), ["a + 1", "b"]);
        let before = HistoryRequest { session: -1, start: 1, stop: Some(2), ..request("range") };
        assert_eq!(second.find(&before)[0].input, "let a = 1;");
    }

    #[test]
    fn a_broken_file_is_put_aside() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.sqlite");
        std::fs::write(&path, "no database".repeat(1000)).expect("writes");
        check_all_kinds(&mut filled(&path));
        assert!(std::fs::read_dir(folder.path()).expect("lists").count() >= 2);
    }

    #[test]
    fn a_locked_or_impossible_file_costs_only_the_past() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.sqlite");
        drop(History::open(&path));
        let other = Connection::open(&path).expect("opens");
        other.execute_batch("BEGIN EXCLUSIVE").expect("locks");
        let mut history = filled(&path);
        check_all_kinds(&mut history);
        other.execute_batch("COMMIT").expect("unlocks");
        check_all_kinds(&mut history);
        assert!(history.lines.iter().all(|(_, written)| *written), "written once the lock is gone");
        check_all_kinds(&mut filled(folder.path()));
    }
}
