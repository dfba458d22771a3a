//! Apache Spark with its server of Spark Connect on this machine, from PyPI.

use crate::python;
use crate::running::{Folder, Running};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

const PACKAGE: &[&str] = &["pyspark==4.3.0"];
/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server; it ends with this.
#[derive(Debug)]
pub struct Spark {
    _server: Running,
    /// Where it listens.
    pub port: u16,
    _folder: Folder,
}

impl Spark {
    /// What it wants to see of those who ask.
    pub const TOKEN: &str = "a-token-of-the-tests";

    /// Starts a server with two threads and 1 GB, which knows our token only. `None`, said visibly for `test`, where Python,
    /// Java or the package cannot be had.
    ///
    /// # Panics
    /// When it does not listen in time.
    pub fn start(test: &str) -> Option<Self> {
        if Command::new("java").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            crate::skipped(test, "no Java for Spark; Debian's package is default-jre-headless");
            return None;
        }
        let python = python::environment(test, "spark", PACKAGE)?;
        let library = python.parent()?.parent()?.join("lib");
        let home = std::fs::read_dir(library).expect("a library").flatten();
        let home = home.map(|python| python.path().join("site-packages/pyspark")).find(|home| home.is_dir());
        let home = home.expect("the package has a Spark");
        let folder = Folder::until_exit();
        let mut command = Command::new(home.join("bin/spark-submit"));
        command.args(["--master", "local[2]", "--driver-memory", "1g"]);
        for setting in [
            "spark.connect.grpc.binding.address=127.0.0.1",
            "spark.connect.grpc.binding.port=0",
            "spark.connect.progress.reportInterval=100ms",
            &format!("spark.connect.authenticate.token={}", Self::TOKEN),
            "spark.driver.bindAddress=127.0.0.1",
            "spark.ui.enabled=false",
            "spark.sql.shuffle.partitions=2",
        ] {
            command.args(["--conf", setting]);
        }
        command.args(["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]);
        command.env("SPARK_HOME", &home).env("SPARK_LOCAL_IP", "127.0.0.1").env("SPARK_LOCAL_DIRS", folder.path());
        command.current_dir(folder.path());
        let (server, port) = listening(command, "Spark Connect server started at: 127.0.0.1:");
        Some(Self { _server: server, port, _folder: folder })
    }

    /// Its address, with the token.
    pub fn url(&self) -> String {
        format!("sc://127.0.0.1:{}/;token={}", self.port, Self::TOKEN)
    }
}

/// Starts a server, and waits until its log says behind `words` at which port it listens.
pub(crate) fn listening(mut command: Command, words: &'static str) -> (Running, u16) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut server = Running::start(&mut command).expect("the server starts");
    let log = BufReader::new(server.child().stderr.take().expect("its log"));
    let (sender, found) = channel();
    // It reads on until the server ends, so that the log never fills up.
    std::thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            if let Some((_, rest)) = line.split_once(words) {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                sender.send(digits.parse::<u16>().expect("a port")).ok();
            }
        }
    });
    let port = found.recv_timeout(PATIENCE);
    (server, port.unwrap_or_else(|_| panic!("{command:?} does not listen in {PATIENCE:?}")))
}
