//! What each request means: the one place that knows both the wire and the evaluator.
//!
//! [`serve`] opens the sockets, starts the evaluator in the background and answers until it is told to shut
//! down. Cells run one at a time on a thread of their own; everything else is answered at once, also while a
//! cell runs. Every request causes `busy`, its outputs, its reply and `idle`, in this order, always.

mod answers;
mod cells;
mod comms;
mod control;
mod history;
mod lanes;
mod outputs;

use crate::channels::{self, ChannelError, Iopub, Opened, Outgoing, Stdin, heartbeat, router};
use crate::evaluator::{Evaluator, Failure, Sink};
use crate::lock::lock;
use crate::wire::{Connection, Message, Object, Parent, Signer};
use cells::Job;
use comms::Comms;
use history::History;
use jupyter_protocol::ExecutionState;
use lanes::Lanes;
use outputs::Outputs;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

pub use history::default_path as default_history_path;

/// Starts the evaluator, once; may take its time. A failure is shown by every cell.
pub type Start = Box<dyn FnOnce(Sink) -> Result<Arc<dyn Evaluator>, Failure> + Send>;

/// What a kernel needs besides its connection.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file of the history.
    pub history: PathBuf,
    /// Whether SIGINT interrupts and SIGTERM ends (for a kernel that owns its process).
    pub signals: bool,
}

/// One running kernel.
pub(crate) struct Session {
    connection: Connection,
    iopub: Iopub,
    shell: Outgoing,
    control: Outgoing,
    stdin: Stdin,
    outputs: Arc<Outputs>,
    evaluator: OnceLock<Result<Arc<dyn Evaluator>, Failure>>,
    history: Mutex<History>,
    jobs: Mutex<Option<Sender<Job>>>,
    /// The request of the cell that runs. Locked while `idle` is published, so that states have one order.
    running: Mutex<Option<Arc<Parent>>>,
    /// Number of the next cell.
    number: AtomicU32,
    comms: Arc<Mutex<Comms>>,
    lanes: Lanes,
    rust: OnceLock<String>,
    ended: watch::Sender<bool>,
}

/// Serves one front end connection until shutdown; everything is flushed when it returns.
///
/// # Errors
/// When a socket cannot be opened.
pub fn serve(connection: Connection, start: Start, options: &Options) -> Result<(), ChannelError> {
    let signer = Signer::new(&connection.key);
    let iopub = Iopub::open(connection.endpoint(connection.iopub_port), signer.clone())?;
    let (shell, shell_orders) = Outgoing::new();
    let (control, control_orders) = Outgoing::new();
    let (stdin_queue, stdin_orders) = Outgoing::new();
    let stdin = Stdin::new(stdin_queue);
    let (jobs, queue) = std::sync::mpsc::channel();
    let comms = Arc::new(Mutex::new(Comms::default()));
    let session = Arc::new(Session {
        outputs: Outputs::new(iopub.clone(), stdin.clone(), comms.clone()),
        history: Mutex::new(History::open(&options.history)),
        jobs: Mutex::new(Some(jobs)),
        running: Mutex::default(),
        number: AtomicU32::new(1),
        comms,
        lanes: Lanes::default(),
        rust: OnceLock::new(),
        evaluator: OnceLock::new(),
        ended: watch::Sender::new(false),
        connection,
        iopub,
        shell,
        control,
        stdin,
    });
    session.spawn("cells", move |session| session.run_cells(start, &queue));
    session.spawn("version", |session| session.ask_rust_version());
    open_shell(&session, signer.clone(), shell_orders, stdin_orders)?;
    open_control(&session, signer, control_orders, options.signals)?;
    session.wait();
    Ok(())
}

fn open_shell(
    session: &Arc<Session>,
    signer: Signer,
    orders: router::Orders,
    stdin_orders: router::Orders,
) -> Result<(), ChannelError> {
    let session = session.clone();
    channels::on_thread("shell", move |opened: Opened| async move {
        let connection = &session.connection;
        let shell: zeromq::RouterSocket = channels::bind("shell", &connection.endpoint(connection.shell_port)).await?;
        let stdin: zeromq::RouterSocket = channels::bind("stdin", &connection.endpoint(connection.stdin_port)).await?;
        let (shell_sender, shell_receiver) = shell.split();
        let (stdin_sender, stdin_receiver) = stdin.split();
        opened.say();
        let mut ended = session.ended.subscribe();
        tokio::select! {
            () = router::receive("shell", shell_receiver, &signer, |message| session.on_shell(message)) => {}
            () = router::send("shell", shell_sender, &signer, orders, |_| {}) => {}
            () = router::receive("stdin", stdin_receiver, &signer, |message| session.stdin.answer(&message)) => {}
            () = router::send("stdin", stdin_sender, &signer, stdin_orders, |message| session.stdin.undelivered(message)) => {}
            _ = ended.wait_for(|ended| *ended) => {}
        }
        Ok(())
    })
}

fn open_control(
    session: &Arc<Session>,
    signer: Signer,
    orders: router::Orders,
    signals: bool,
) -> Result<(), ChannelError> {
    let session = session.clone();
    channels::on_thread("control", move |opened: Opened| async move {
        let connection = &session.connection;
        let socket: zeromq::RouterSocket =
            channels::bind("control", &connection.endpoint(connection.control_port)).await?;
        let heartbeat = heartbeat::open(&connection.endpoint(connection.hb_port)).await?;
        let (sender, receiver) = socket.split();
        opened.say();
        let mut ended = session.ended.subscribe();
        tokio::select! {
            () = router::receive("control", receiver, &signer, |message| session.on_control(message)) => {}
            () = router::send("control", sender, &signer, orders, |_| {}) => {}
            () = heartbeat => {}
            () = session.watch_signals(), if signals => {}
            _ = ended.wait_for(|ended| *ended) => {}
        }
        Ok(())
    })
}

impl Session {
    /// Runs `body` on a named thread.
    fn spawn(self: &Arc<Self>, name: &str, body: impl FnOnce(Arc<Self>) + Send + 'static) {
        let session = self.clone();
        let thread = std::thread::Builder::new().name(format!("recoil-{name}"));
        if let Err(error) = thread.spawn(move || body(session)) {
            tracing::error!(%error, name, "cannot start a thread");
        }
    }

    /// Blocks until the end.
    fn wait(&self) {
        let mut ended = self.ended.subscribe();
        // Any runtime will do: nothing but a flag is awaited.
        let waited = futures::executor::block_on(async { ended.wait_for(|ended| *ended).await.map(|_| ()) });
        if let Err(error) = waited {
            tracing::error!(%error, "the kernel lost its threads");
        }
    }

    /// The evaluator, once it is there.
    fn evaluator(&self, patience: Duration) -> Option<&Result<Arc<dyn Evaluator>, Failure>> {
        let until = Instant::now() + patience;
        loop {
            match self.evaluator.get() {
                Some(evaluator) => return Some(evaluator),
                None if Instant::now() >= until => return None,
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Publishes `idle` for a request, and `busy` again for the cell that runs meanwhile: front ends show the
    /// state that was published last.
    fn idle(&self, origin: &Parent) {
        let running = lock(&self.running);
        self.iopub.status(origin, ExecutionState::Idle);
        if let Some(running) = running.as_ref() {
            self.iopub.status(running, ExecutionState::Busy);
        }
    }

    /// The reply to a request: `x_request` is answered by `x_reply`.
    fn reply(&self, via: &Outgoing, origin: &Parent, content: Object) {
        let kind = origin.kind().replace("_request", "_reply");
        via.send(Message::to(origin, &kind, content));
    }
}
