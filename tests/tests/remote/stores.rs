//! From buckets of Google and containers of Azure, of servers that look at tokens and signatures (an emulator behind a gate of
//! the test, Azurite).

use super::{alone, answer, files, refused, stored};
use recoil_tests::cases::project;
use recoil_tests::running::Running;
use recoil_tests::{node, python};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// A server; it ends with this.
struct Server(Running);

impl Server {
    /// Starts a program, and gives the first line with these words.
    fn start(mut command: Command, words: &str) -> (Self, String) {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = Self(Running::start(&mut command).expect("it starts"));
        let lines = BufReader::new(server.0.child().stdout.as_mut().expect("output")).lines();
        let line = lines.map_while(Result::ok).find(|line| line.contains(words)).expect("it says where it is");
        (server, line)
    }
}

/// Variables of this process for as long as this lives.
struct Told(Vec<&'static str>);

impl Told {
    fn tell(&mut self, name: &'static str, value: &str) {
        // SAFETY: the test is alone, so no other thread reads the environment; those that wait for servers never do.
        unsafe { std::env::set_var(name, value) };
        self.0.push(name);
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        // SAFETY: as above.
        self.0.iter().for_each(|name| unsafe { std::env::remove_var(name) });
    }
}

/// Tables of a bucket are those of this machine, are read in parts, listed, and found by globs.
fn reads_and_lists(scheme: &str) {
    for name in ["plain.parquet", "tree.root", "batches.arrow", "text.csv"] {
        let local = files().join(name);
        let before = remote::counts().bytes;
        let found =
            answer(&format!("{scheme}://bucket/tables/{name}")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let bytes = remote::counts().bytes - before;
        assert_eq!(found, answer(&local.display().to_string()).unwrap(), "{scheme} {name}");
        if matches!(name, "plain.parquet" | "tree.root") {
            assert!(bytes * 10 <= stored(&local) * 11, "{name}: {bytes} bytes for {}", stored(&local));
        }
    }
    let local = answer(&files().join("plain.parquet").display().to_string()).unwrap();
    assert_eq!(answer(&format!("{scheme}://bucket/tables/a folder+/pl%ain ü.parquet")).unwrap(), local, "any name");
    let processes = |path: &str| data::load(format!("{scheme}://bucket/{path}")).unwrap().processes()[..].to_vec();
    assert_eq!(processes("tables/*.parquet"), ["plain", "zstd"]);
    assert_eq!(processes("*/pl*.parquet"), ["tables"]);
    assert_eq!(processes("tables"), ["a folder+", "batches", "plain", "text", "tree", "zstd"]);
    let says = |path: &str, words: &[&str]| {
        let error = refused(&format!("{scheme}://bucket/{path}"));
        words.iter().for_each(|word| assert!(error.contains(word), "`{word}` is not said in: {error}"));
    };
    says("tables/none.parquet", &["no such file", "404"]);
    says("none/*.parquet", &["matches nothing"]);
}

/// That nothing is read, and no secret is said.
fn is_refused(address: &str, secret: &str) {
    let error = refused(address);
    assert!(error.contains("may not be read") && !error.contains(secret), "{error}");
}

#[test]
fn buckets_of_google_are_read_by_an_account() {
    let _turn = alone();
    let packages = ["gcp-storage-emulator==2026.7.19", "cryptography==50.0.2"];
    let Some(python) = python::environment("remote google", "google", &packages) else { return };
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    let mut command = Command::new(python);
    command.arg(project().join("tests/tests/peers/google_server.py")).arg(files()).arg(&key);
    let (_server, line) = Server::start(command, " ");
    let (bucket, tokens) = line.split_once(' ').expect("two ports");
    let mut told = Told(Vec::new());
    told.tell("STORAGE_EMULATOR_HOST", &format!("http://127.0.0.1:{bucket}"));
    told.tell("HOME", &folder.path().display().to_string());
    is_refused("gs://bucket/tables/plain.parquet", "none");
    told.tell("GOOGLE_OAUTH_ACCESS_TOKEN", "another-secret");
    is_refused("gs://bucket/tables", "another-secret");
    drop(told);
    let mut told = Told(Vec::new());
    told.tell("STORAGE_EMULATOR_HOST", &format!("127.0.0.1:{bucket}"));
    let account = |key: &str| {
        let place = format!("http://127.0.0.1:{}/token", tokens.trim());
        let said = serde_json::json!({ "type": "service_account", "client_email": "reader@tests", "private_key": key, "token_uri": place });
        let path = folder.path().join("account.json");
        std::fs::write(&path, said.to_string()).unwrap();
        path.display().to_string()
    };
    let key = std::fs::read_to_string(&key).unwrap();
    told.tell("GOOGLE_APPLICATION_CREDENTIALS", &account(&key));
    reads_and_lists("gs");
    account("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    is_refused("gs://bucket/tables/plain.parquet", "c2VjcmV0");
}

#[test]
fn containers_of_azure_are_read_with_a_key_or_a_signature() {
    const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    let _turn = alone();
    let Some(programs) = node::programs("remote azure", "azurite@3.37.0") else { return };
    let Some(python) = python::environment("remote azure", "azure", &["azure-storage-blob==12.31.1"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(programs.join("azurite-blob"));
    command.args(["--silent", "--skipApiVersionCheck", "--blobHost", "127.0.0.1", "--blobPort", "0", "--location"]);
    command.arg(folder.path());
    let (_server, line) = Server::start(command, "successfully listens on");
    let place = line.rsplit(' ').next().expect("an address").trim().to_owned();
    let shared = uploaded(&python, &place);
    let mut told = Told(Vec::new());
    told.tell("AZURE_STORAGE_ACCOUNT_NAME", "devstoreaccount1");
    told.tell("AZURE_STORAGE_ENDPOINT", &format!("{place}/devstoreaccount1"));
    is_refused("az://bucket/tables/plain.parquet", "none");
    told.tell("AZURE_STORAGE_ACCOUNT_KEY", KEY);
    reads_and_lists("az");
    told.tell("AZURE_STORAGE_ACCOUNT_KEY", "YW5vdGhlcg==");
    is_refused("az://bucket/tables/plain.parquet", "YW5vdGhlcg");
    told.tell("AZURE_STORAGE_ACCOUNT_KEY", "");
    told.tell("AZURE_STORAGE_SAS_TOKEN", &shared);
    reads_and_lists("abfss");
}

/// Puts the files into the container; the signature that lets others read them.
fn uploaded(python: &Path, place: &str) -> String {
    let mut command = Command::new(python);
    command.arg(project().join("tests/tests/peers/azure_server.py")).arg(place).arg(files());
    let output = command.stdin(Stdio::null()).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
