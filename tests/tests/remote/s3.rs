//! From buckets of S3, of a server that checks every signature (moto).

use super::{alone, answer, files, refused, stored};
use recoil_tests::cases::project;
use recoil_tests::python::environment;
use recoil_tests::running::Running;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Says to this program where buckets are and who we are.
fn tell(settings: &[(&str, &str)]) {
    for (name, value) in settings {
        // SAFETY: the test is alone, so no other thread reads the environment; those that wait for servers never do.
        unsafe { std::env::set_var(name, value) };
    }
}

#[test]
fn tables_in_buckets_are_listed_and_read_in_parts() {
    let _turn = alone();
    let test = "remote s3";
    let Some(python) = environment(test, "moto", &["moto[server]==5.2.5"]) else { return };
    let script = project().join("tests/tests/peers/s3_server.py");
    let mut command = Command::new(python);
    command.arg(script).arg(files()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Running::start(&mut command).expect("Python runs");
    let mut line = String::new();
    BufReader::new(server.child().stdout.as_mut().expect("output")).read_line(&mut line).expect("a line");
    let words: Vec<&str> = line.split_whitespace().collect();
    let [port, id, secret] = words[..] else { panic!("the server says {line:?}") };
    let endpoint = format!("http://127.0.0.1:{port}");
    tell(&[("AWS_ENDPOINT_URL_S3", &endpoint), ("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)]);

    for name in ["plain.parquet", "tree.root", "batches.arrow", "text.csv"] {
        let local = files().join(name);
        let before = remote::counts().bytes;
        let found = answer(&format!("s3://bucket/tables/{name}")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let bytes = remote::counts().bytes - before;
        assert_eq!(found, answer(&local.display().to_string()).unwrap(), "{name}");
        if matches!(name, "plain.parquet" | "tree.root") {
            assert!(bytes * 10 <= stored(&local) * 11, "{name}: {bytes} bytes for {}", stored(&local));
        }
    }
    let local = answer(&files().join("plain.parquet").display().to_string()).unwrap();
    assert_eq!(answer("s3://bucket/tables/a folder+/pl%ain ü.parquet").unwrap(), local, "any name");
    assert_eq!(data::load("s3://bucket/tables/*.parquet").unwrap().processes()[..], ["plain", "zstd"]);
    assert_eq!(data::load("s3://bucket/*/pl*.parquet").unwrap().processes()[..], ["tables"]);
    let names = ["a folder+", "batches", "plain", "text", "tree", "zstd"];
    assert_eq!(data::load("s3://bucket/tables").unwrap().processes()[..], names);

    let says = |address: &str, words: &[&str]| {
        let error = refused(address);
        words.iter().for_each(|word| assert!(error.contains(word), "`{word}` is not said in: {error}"));
        assert!(!error.contains(secret) && !error.contains(id), "{error}");
    };
    says("s3://bucket/tables/none.parquet", &["no such file", "404"]);
    says("s3://bucket/none/*.parquet", &["matches nothing"]);
    tell(&[("AWS_SECRET_ACCESS_KEY", "another")]);
    says("s3://bucket/tables/plain.parquet", &["may not be read", "403"]);
    says("s3://bucket/tables", &["may not be read", "403"]);
}
