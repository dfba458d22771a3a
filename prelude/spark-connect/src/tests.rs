//! Against a server that does what a test tells it: refusals, old versions, streams that break.

use crate::proto::request::*;
use crate::{Batch, Endpoint, Error, Progress, Relation, Session};
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response};
use prost::Message;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What the server answers.
#[derive(Clone)]
enum Answer {
    /// Messages, and then a status.
    Messages(Vec<Bytes>, u32, &'static str),
    /// Messages, and then the connection is gone.
    Broken(Vec<Bytes>),
    /// Messages, and then nothing more.
    Silent(Vec<Bytes>),
}

type Script = Arc<dyn Fn(&str, &[u8], usize) -> Answer + Send + Sync>;

/// A server with its script, which gets the method, the message and how many questions came before; and what was asked.
struct Scripted {
    endpoint: Endpoint,
    asked: Arc<Mutex<Vec<String>>>,
}

fn scripted(script: impl Fn(&str, &[u8], usize) -> Answer + Send + Sync + 'static) -> Scripted {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (script, asked): (Script, _) = (Arc::new(script), Arc::new(Mutex::new(Vec::new())));
    let told = asked.clone();
    crate::work::runtime().unwrap().spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, script.clone(), told.clone()));
        }
    });
    Scripted { endpoint: format!("sc://127.0.0.1:{port}/;token=t").parse().unwrap(), asked }
}

async fn serve(stream: tokio::net::TcpStream, script: Script, asked: Arc<Mutex<Vec<String>>>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let (head, mut body) = request.into_parts();
        let method = head.uri.path().rsplit('/').next().unwrap().to_owned();
        let mut message = BytesMut::new();
        while let Some(Ok(data)) = body.data().await {
            message.extend_from_slice(&data);
        }
        let before = {
            let mut asked = asked.lock().unwrap();
            asked.push(format!("{method} {}", head.headers["authorization"].to_str().unwrap()));
            asked.iter().filter(|other| other.starts_with(&method)).count() - 1
        };
        let answer = script(&method, &message[5..], before);
        let mut send = respond.send_response(Response::new(()), false).unwrap();
        let (messages, end) = match answer {
            Answer::Messages(messages, status, words) => (messages, Some((status, words))),
            Answer::Silent(messages) => {
                messages.into_iter().for_each(|message| send.send_data(message, false).unwrap());
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                    drop(send);
                });
                continue;
            }
            Answer::Broken(messages) => {
                messages.into_iter().for_each(|message| send.send_data(message, false).unwrap());
                // What was written goes out first.
                tokio::time::timeout(Duration::from_millis(100), connection.accept()).await.ok();
                return;
            }
        };
        messages.into_iter().for_each(|message| send.send_data(message, false).unwrap());
        if let Some((status, words)) = end {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from(status));
            trailers.insert("grpc-message", HeaderValue::from_static(words));
            send.send_trailers(trailers).unwrap();
        }
    }
}

fn framed(message: impl Message) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(0);
    bytes.put_u32(message.encoded_len() as u32);
    message.encode(&mut bytes).unwrap();
    bytes.freeze()
}

fn version(version: &str) -> Answer {
    let text = Some(Text { text: version.to_owned() });
    Answer::Messages(vec![framed(AnalyzeResponse { version: text, explain: None })], 0, "")
}

fn batch(number: i64) -> Bytes {
    let batch = Some(ArrowBatch { rows: number, data: Bytes::from(number.to_string()) });
    framed(ExecuteResponse { batch, response: format!("r{number}"), ..ExecuteResponse::default() })
}

fn complete() -> Bytes {
    framed(ExecuteResponse { complete: Some(Empty {}), response: "end".into(), ..ExecuteResponse::default() })
}

fn open(server: &Scripted) -> Result<Session, Error> {
    Session::open(&server.endpoint, &|| false)
}

/// The numbers of rows of the batches that come.
fn rows(session: &Session, stop: crate::Stop<'_>) -> Result<Vec<u64>, Error> {
    let mut rows = Vec::new();
    let mut take = |batch: Batch| {
        assert_eq!(batch.data, batch.rows.to_string());
        rows.push(batch.rows);
        Ok(())
    };
    session.run(&Relation::parquet(["x"]), &mut take, &mut |_| {}, stop).map(|()| rows)
}

#[test]
fn refusals_and_old_versions_are_told() {
    let refuses = scripted(|_, _, _| Answer::Messages(Vec::new(), 16, "Invalid authentication token"));
    let error = open(&refuses).map(drop).unwrap_err();
    assert_eq!(error, Error::Refused("Invalid authentication token".into()));
    assert_eq!(*refuses.asked.lock().unwrap(), ["AnalyzePlan Bearer t"]);
    let old = scripted(|_, _, _| version("3.4.1"));
    assert!(open(&old).map(drop).unwrap_err().to_string().contains("`3.4.1`; Spark 3.5 or later"));
    let other = scripted(|_, _, _| Answer::Messages(Vec::new(), 12, "unknown service"));
    assert!(matches!(open(&other).map(drop), Err(Error::Unable(_))));
    let broken = scripted(|_, _, _| Answer::Broken(Vec::new()));
    assert!(matches!(open(&broken).map(drop), Err(Error::Lost(_))));
}

#[test]
fn a_stream_that_breaks_is_taken_up_where_it_was() {
    let server = scripted(|method, message, before| match (method, before) {
        ("AnalyzePlan", _) => version("4.0.0"),
        ("ExecutePlan", _) => Answer::Broken(vec![batch(1), batch(2)]),
        // It ends without saying that all is there.
        ("ReattachExecute", 0) => {
            let request = ReattachRequest::decode(message).unwrap();
            assert_eq!(request.last_response.as_deref(), Some("r2"));
            Answer::Messages(vec![batch(3)], 0, "")
        }
        ("ReattachExecute", _) => {
            let request = ReattachRequest::decode(message).unwrap();
            assert_eq!(request.last_response.as_deref(), Some("r3"));
            Answer::Messages(vec![batch(4), complete()], 0, "")
        }
        _ => Answer::Messages(vec![framed(Empty {})], 0, ""),
    });
    assert_eq!(rows(&open(&server).unwrap(), &|| false).unwrap(), [1, 2, 3, 4]);
}

#[test]
fn the_servers_progress_is_handed_on() {
    let server = scripted(|method, _, _| match method {
        "AnalyzePlan" => version("4.0.0"),
        "ExecutePlan" => {
            let stage = |tasks, completed, bytes| StageInfo { tasks, completed, bytes };
            let progress = |stages| {
                framed(ExecuteResponse { progress: Some(ExecutionProgress { stages }), ..ExecuteResponse::default() })
            };
            let all = vec![
                progress(vec![stage(4, 1, 10), stage(2, 0, 0)]),
                batch(1),
                progress(vec![stage(4, 4, 70), stage(2, 1, -1)]),
            ];
            Answer::Messages(all.into_iter().chain([complete()]).collect(), 0, "")
        }
        _ => Answer::Messages(vec![framed(Empty {})], 0, ""),
    });
    let mut heard = Vec::new();
    let session = open(&server).unwrap();
    session.run(&Relation::parquet(["x"]), &mut |_| Ok(()), &mut |progress| heard.push(progress), &|| false).unwrap();
    let progress = |done, tasks, bytes| Progress { done, tasks, bytes };
    assert_eq!(heard, [progress(1, 6, 10), progress(5, 6, 70)]);
}

#[test]
fn an_answer_that_cannot_be_taken_up_is_no_answer() {
    let server = scripted(|method, _, _| match method {
        "AnalyzePlan" => version("4.0.0"),
        "ExecutePlan" => Answer::Broken(vec![batch(1)]),
        _ => Answer::Messages(Vec::new(), 13, "[INVALID_HANDLE.OPERATION_NOT_FOUND]"),
    });
    let error = rows(&open(&server).unwrap(), &|| false).unwrap_err();
    assert!(matches!(&error, Error::Lost(why) if why.contains("OPERATION_NOT_FOUND")), "{error}");
    let failing = scripted(|method, _, _| match method {
        "AnalyzePlan" => version("4.0.0"),
        _ => Answer::Messages(vec![batch(1)], 13, "[CAST_OVERFLOW] too large"),
    });
    let error = rows(&open(&failing).unwrap(), &|| false).unwrap_err();
    assert_eq!(error, Error::Server("[CAST_OVERFLOW] too large".into()));
}

#[test]
fn a_stop_interrupts_the_operation() {
    let server = scripted(|method, _, _| match method {
        "AnalyzePlan" => version("4.0.0"),
        "ExecutePlan" => Answer::Silent(vec![batch(1)]),
        _ => Answer::Messages(vec![framed(Empty {})], 0, ""),
    });
    let session = open(&server).unwrap();
    let start = Instant::now();
    let error = rows(&session, &|| start.elapsed() > Duration::from_millis(300)).unwrap_err();
    assert_eq!(error, Error::Interrupted);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(server.asked.lock().unwrap().iter().any(|asked| asked.starts_with("Interrupt")));
    // What the caller says of a batch ends it, too.
    let mut take = |_: Batch| Err("no more".to_owned());
    let outcome = session.run(&Relation::parquet(["x"]), &mut take, &mut |_| {}, &|| false);
    assert_eq!(outcome, Err(Error::Caller("no more".into())));
}
