//! A session on a server: relations are run in it, one after another or side by side.

use crate::Stop;
use crate::channel::Channel;
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::grpc::Answers;
use crate::proto::relation::Relation;
use crate::proto::request::*;
use crate::work::{LOOK, gone, runtime, wait};
use prost::Message;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What we call ourselves. Servers look for a version behind `spark/`.
const CLIENT: &str = concat!("_SPARK_CONNECT_RUST recoil/", env!("CARGO_PKG_VERSION"));
/// The oldest version of Spark that is spoken to.
const OLDEST: (u32, u32) = (3, 5);
/// Batches that have arrived and are not yet taken.
const WAITING: usize = 4;
/// How often a stream that broke is taken up again without a new answer.
const ATTEMPTS: u32 = 5;
/// How long that is tried where the network is silent.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the server may take to accept that an operation is to end.
const FAREWELL: Duration = Duration::from_secs(3);

/// Rows as an Arrow IPC stream.
#[derive(Debug, Clone)]
pub struct Batch {
    /// How many.
    pub rows: u64,
    /// The stream: a schema and batches.
    pub data: bytes::Bytes,
}

/// How far an operation is, as the server tells it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Parts of the work that are done.
    pub done: u64,
    /// Of how many.
    pub tasks: u64,
    /// Bytes read so far.
    pub bytes: u64,
}

/// A session. When it is dropped, the server is told that it is over.
pub struct Session {
    shared: Arc<Shared>,
    version: Option<String>,
}

struct Shared {
    endpoint: Endpoint,
    id: String,
    channel: Mutex<Arc<Channel>>,
}

enum Event {
    /// The permit makes room for another one when it is dropped.
    Batch(Batch, OwnedSemaphorePermit),
    Progress(Progress),
    End(Result<()>),
}

impl Session {
    /// Connects, and asks for the server's version.
    ///
    /// # Errors
    /// A server that is not there, does not let us, or is too old.
    pub fn open(endpoint: &Endpoint, stop: Stop<'_>) -> Result<Self> {
        let endpoint = endpoint.clone();
        let opened = async move {
            let channel = Channel::connect(&endpoint).await?;
            let id = uuid::Uuid::new_v4().to_string();
            let shared = Arc::new(Shared { endpoint, id, channel: Mutex::new(Arc::new(channel)) });
            let request = AnalyzeRequest { version: Some(Empty {}), ..shared.analysis() };
            let version = match shared.channel().answer::<AnalyzeResponse>("AnalyzePlan", &request).await {
                Ok(answer) => answer.version.map(|version| version.text),
                // Sail asks the Python beside it, where there need not be a Spark.
                Err(Error::Server(_)) => None,
                Err(error) => return Err(error),
            };
            Ok(Self { shared, version })
        };
        let session = wait(opened, stop)?;
        session.check_version()?;
        Ok(session)
    }

    fn check_version(&self) -> Result<()> {
        let Some(version) = &self.version else { return Ok(()) };
        let mut numbers = version.split('.').map(|number| number.parse::<u32>().ok());
        match numbers.next().flatten().zip(numbers.next().flatten()) {
            Some(numbers) if numbers >= OLDEST => Ok(()),
            _ => Err(Error::Unable(format!("it has the version `{version}`; Spark 3.5 or later, or Sail, is needed"))),
        }
    }

    /// The version of Spark that the server says it is, or is like, where it says one.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Where the server is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.endpoint
    }

    /// Sets options of the session.
    ///
    /// # Errors
    /// Options that the server does not let us set.
    pub fn set(&self, options: &[(&str, &str)], stop: Stop<'_>) -> Result<()> {
        let one = |&(key, value): &(&str, &str)| Pair { key: key.to_owned(), value: Some(value.to_owned()) };
        let set = Some(Pairs { pairs: options.iter().map(one).collect() });
        let shared = self.shared.clone();
        let request = ConfigRequest {
            session: shared.id.clone(),
            user: shared.user(),
            operation: Some(ConfigOperation { set }),
            client: Some(CLIENT.to_owned()),
        };
        wait(async move { shared.channel().answer::<Empty>("Config", &request).await.map(drop) }, stop)
    }

    /// Whether the server can run a relation: files that are there, columns and functions that it knows. Reads no rows.
    ///
    /// # Errors
    /// What is wrong, in the server's words.
    pub fn check(&self, relation: &Relation, stop: Stop<'_>) -> Result<()> {
        let schema = Some(OfPlan { plan: Some(plan(relation)) });
        self.analyze(AnalyzeRequest { schema, ..self.shared.analysis() }, stop).map(drop)
    }

    /// How the server would run a relation.
    ///
    /// # Errors
    /// What is wrong with it, in the server's words.
    pub fn explain(&self, relation: &Relation, stop: Stop<'_>) -> Result<String> {
        let explain = Some(ExplainPlan { plan: Some(plan(relation)), mode: ExplainPlan::SIMPLE });
        let answer = self.analyze(AnalyzeRequest { explain, ..self.shared.analysis() }, stop)?;
        Ok(answer.explain.map(|text| text.text).unwrap_or_default())
    }

    fn analyze(&self, request: AnalyzeRequest, stop: Stop<'_>) -> Result<AnalyzeResponse> {
        let shared = self.shared.clone();
        wait(async move { shared.channel().answer("AnalyzePlan", &request).await }, stop)
    }

    /// Runs a relation. Batches are handed on while they arrive; when `take` fails, or the caller gives up, the operation is
    /// interrupted on the server.
    ///
    /// # Errors
    /// What goes wrong on the server or on the way; what `take` says.
    pub fn run(
        &self,
        relation: &Relation,
        take: &mut dyn FnMut(Batch) -> std::result::Result<(), String>,
        hear: &mut dyn FnMut(Progress),
        stop: Stop<'_>,
    ) -> Result<()> {
        let (sender, events) = channel();
        let operation = uuid::Uuid::new_v4().to_string();
        let work = stream(self.shared.clone(), plan(relation), operation.clone(), sender.clone());
        let task = runtime()?.spawn(async move {
            let end = work.await;
            sender.send(Event::End(end)).ok();
        });
        let outcome = loop {
            match events.recv_timeout(LOOK) {
                Ok(Event::Batch(batch, permit)) => {
                    if let Err(why) = take(batch) {
                        break Err(Error::Caller(why));
                    }
                    drop(permit);
                }
                Ok(Event::Progress(progress)) => hear(progress),
                Ok(Event::End(end)) => return end,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
            }
            if stop() {
                break Err(Error::Interrupted);
            }
        };
        task.abort();
        self.interrupt(&operation);
        outcome
    }

    /// Ends an operation on the server. A failure is ignored: the session ends with the connection.
    fn interrupt(&self, operation: &str) {
        let shared = self.shared.clone();
        let request = InterruptRequest {
            session: shared.id.clone(),
            user: shared.user(),
            client: Some(CLIENT.to_owned()),
            kind: InterruptRequest::OPERATION,
            operation: Some(operation.to_owned()),
        };
        let all = InterruptRequest { kind: InterruptRequest::ALL, operation: None, ..request.clone() };
        let told = async move {
            let asked = async {
                let channel = shared.channel();
                match channel.answer::<Empty>("Interrupt", &request).await {
                    Ok(_) => Ok(()),
                    // Not every server knows operations by number.
                    Err(_) => channel.answer::<Empty>("Interrupt", &all).await.map(drop),
                }
            };
            tokio::time::timeout(FAREWELL, asked).await.unwrap_or_else(|_| Err(gone()))
        };
        wait(told, &|| false).ok();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let shared = self.shared.clone();
        let request =
            ReleaseSessionRequest { session: shared.id.clone(), user: shared.user(), client: Some(CLIENT.to_owned()) };
        if let Ok(runtime) = runtime() {
            // Nobody waits for it.
            runtime.spawn(async move {
                let told = async { shared.channel().answer::<Empty>("ReleaseSession", &request).await };
                tokio::time::timeout(FAREWELL, told).await.ok();
            });
        }
    }
}

fn plan(relation: &Relation) -> Plan {
    Plan { root: Some(relation.clone().numbered()) }
}

impl Shared {
    fn user(&self) -> Option<User> {
        Some(User { id: self.endpoint.user.clone(), name: self.endpoint.user.clone() })
    }

    fn analysis(&self) -> AnalyzeRequest {
        let (session, user, client) = (self.id.clone(), self.user(), Some(CLIENT.to_owned()));
        AnalyzeRequest { session, user, client, schema: None, explain: None, version: None }
    }

    fn channel(&self) -> Arc<Channel> {
        self.channel.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another connection for the same session.
    async fn reconnect(&self) -> Result<()> {
        let channel = Arc::new(Channel::connect(&self.endpoint).await?);
        *self.channel.lock().unwrap_or_else(PoisonError::into_inner) = channel;
        Ok(())
    }

    async fn ask(&self, method: &str, message: &impl Message) -> Result<Answers> {
        self.channel().ask(method, message).await
    }
}

/// Runs a plan, and takes the stream of answers up again where it broke.
async fn stream(shared: Arc<Shared>, plan: Plan, operation: String, sender: Sender<Event>) -> Result<()> {
    let request = ExecuteRequest {
        session: shared.id.clone(),
        user: shared.user(),
        plan: Some(plan),
        client: Some(CLIENT.to_owned()),
        options: vec![RequestOption { reattach: Some(Reattachable { reattachable: true }) }],
        operation: Some(operation.clone()),
    };
    let room = Arc::new(Semaphore::new(WAITING));
    let mut answers = shared.ask("ExecutePlan", &request).await?;
    let (mut last, mut failures) = (None, 0);
    // Why the stream was taken up again, until it goes on.
    let mut broke: Option<String> = None;
    loop {
        let next = answers.next::<ExecuteResponse>().await;
        match next {
            Ok(Some(answer)) => {
                (failures, broke) = (0, None);
                let complete = answer.complete.is_some();
                let id = answer.response.clone();
                hand_on(answer, &room, &sender).await?;
                // Only what has been handed on is not asked for again.
                last = Some(id).filter(|id| !id.is_empty()).or(last);
                if complete {
                    break;
                }
            }
            Ok(None) | Err(Error::Lost(_)) => {
                let why = match next {
                    Err(Error::Lost(why)) => why,
                    _ => "the answer ended early".to_owned(),
                };
                answers = again(&shared, &operation, last.as_ref(), &mut failures, &why).await?;
                broke = Some(why);
            }
            Err(Error::Server(words)) if forgotten(&words) => {
                return Err(match broke {
                    Some(why) => not_taken_up(&why, &words),
                    None => Error::Server(words),
                });
            }
            Err(error) => return Err(error),
        }
    }
    release(&shared, operation).await;
    Ok(())
}

async fn hand_on(answer: ExecuteResponse, room: &Arc<Semaphore>, sender: &Sender<Event>) -> Result<()> {
    if let Some(batch) = answer.batch {
        let permit = room.clone().acquire_owned().await.map_err(|_| gone())?;
        let rows = u64::try_from(batch.rows).unwrap_or(0);
        sender.send(Event::Batch(Batch { rows, data: batch.data }, permit)).map_err(|_| Error::Interrupted)?;
    }
    if let Some(progress) = answer.progress {
        let sum = |of: fn(&StageInfo) -> i64| progress.stages.iter().map(|stage| of(stage).max(0) as u64).sum();
        let progress = Progress {
            done: sum(|stage| stage.completed),
            tasks: sum(|stage| stage.tasks),
            bytes: sum(|stage| stage.bytes),
        };
        sender.send(Event::Progress(progress)).map_err(|_| Error::Interrupted)?;
    }
    Ok(())
}

/// The answers behind the last one that came, over a new connection.
async fn again(
    shared: &Shared,
    operation: &str,
    last: Option<&String>,
    failures: &mut u32,
    why: &str,
) -> Result<Answers> {
    let begun = Instant::now();
    loop {
        *failures += 1;
        if *failures > ATTEMPTS || last.is_none() || begun.elapsed() > PATIENCE {
            return Err(Error::Lost(why.to_owned()));
        }
        tokio::time::sleep(LOOK * (1 << *failures)).await;
        let request = ReattachRequest {
            session: shared.id.clone(),
            user: shared.user(),
            operation: operation.to_owned(),
            client: Some(CLIENT.to_owned()),
            last_response: last.cloned(),
        };
        let asked = match shared.reconnect().await {
            Ok(()) => shared.ask("ReattachExecute", &request).await,
            Err(error) => Err(error),
        };
        match asked {
            Ok(answers) => return Ok(answers),
            Err(Error::Lost(_)) => {}
            // The server has forgotten it, or never knew: what came is not the whole answer.
            Err(Error::Server(words) | Error::Unable(words)) => {
                return Err(not_taken_up(why, &words));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether a server says that it knows nothing of an operation.
fn forgotten(words: &str) -> bool {
    words.contains("INVALID_HANDLE") || words.contains("not found")
}

fn not_taken_up(why: &str, words: &str) -> Error {
    Error::Lost(format!("{why}, and the answer cannot be taken up again ({words})"))
}

/// Lets the server forget the answers.
async fn release(shared: &Shared, operation: String) {
    let request = ReleaseRequest {
        session: shared.id.clone(),
        user: shared.user(),
        operation,
        client: Some(CLIENT.to_owned()),
        all: Some(Empty {}),
        until: None,
    };
    let told = async { shared.channel().answer::<Empty>("ReleaseExecute", &request).await };
    tokio::time::timeout(FAREWELL, told).await.ok();
}
