//! The control channel: interrupt, shutdown. It is never behind a cell.

use super::Session;
use crate::channels::Outgoing;
use crate::lock::lock;
use crate::wire::{Message, Object, content};
use jupyter_protocol::{ExecutionState, InterruptReply, ShutdownReply};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// How long the worker may take to end; Jupyter kills a kernel after 5 s.
const WORKER_END: Duration = Duration::from_secs(2);
/// The transport's own queues have no barrier: what was handed to them leaves within this time.
const LINGER: Duration = Duration::from_millis(150);

impl Session {
    /// A message on the control socket.
    pub(super) fn on_control(self: &Arc<Self>, message: Message) {
        match message.kind() {
            "interrupt_request" => self.direct(&message, |session| {
                session.interrupt();
                content(&InterruptReply::new())
            }),
            "shutdown_request" => self.on_shutdown(&message, &self.control),
            _ => {
                let session = self.clone();
                self.lanes.send("control", Box::new(move || session.answer(&message, &session.control)));
            }
        }
    }

    fn direct(&self, message: &Message, work: impl FnOnce(&Self) -> Object) {
        let origin = message.origin();
        self.iopub.status(&origin, ExecutionState::Busy);
        let reply = work(self);
        self.reply(&self.control, &origin, reply);
        self.idle(&origin);
    }

    /// Interrupts the running cell; a question to the user ends with it.
    pub(super) fn interrupt(&self) {
        if let Some(Ok(evaluator)) = self.evaluator.get() {
            evaluator.interrupt();
        }
        self.stdin.cancel();
    }

    /// Replies, then ends: in this order also when a cell runs.
    pub(super) fn on_shutdown(self: &Arc<Self>, message: &Message, via: &Outgoing) {
        let origin = message.origin();
        let restart = message.content.get("restart").and_then(Value::as_bool).unwrap_or(false);
        self.iopub.status(&origin, ExecutionState::Busy);
        let reply = content(&ShutdownReply { restart, ..ShutdownReply::default() });
        self.iopub.publish(&origin, "shutdown_reply", reply.clone());
        self.reply(via, &origin, reply);
        self.iopub.status(&origin, ExecutionState::Idle);
        self.spawn("end", |session| session.end());
    }

    /// Ends the worker and the kernel; everything queued is sent before.
    pub(super) fn end(self: Arc<Self>) {
        // No cell starts any more.
        lock(&self.jobs).take();
        self.stdin.cancel();
        let (done, ended) = std::sync::mpsc::channel();
        self.spawn("worker-end", move |session| {
            if let Some(Ok(evaluator)) = session.evaluator.get() {
                evaluator.shutdown();
            }
            let _ = done.send(());
        });
        if ended.recv_timeout(WORKER_END).is_err() {
            tracing::warn!("the worker did not end in time");
        }
        futures::executor::block_on(async {
            self.shell.flush().await;
            self.control.flush().await;
            self.iopub.flush().await;
        });
        std::thread::sleep(LINGER);
        self.ended.send_replace(true);
    }

    /// SIGINT interrupts, SIGTERM and the end of the parent end the kernel.
    pub(super) async fn watch_signals(self: &Arc<Self>) {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            tracing::error!("cannot listen for signals");
            return std::future::pending().await;
        };
        let parent = parent();
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                _ = interrupt.recv() => {
                    tracing::info!("SIGINT");
                    self.interrupt();
                }
                _ = terminate.recv() => self.spawn("end", |session| session.end()),
                _ = tick.tick() => if parent.is_some_and(|parent| !alive(parent)) {
                    tracing::warn!("the process that started this kernel has ended");
                    self.spawn("end", |session| session.end());
                    return std::future::pending().await;
                }
            }
        }
    }
}

/// The process that started the kernel, when it says so.
fn parent() -> Option<i32> {
    std::env::var("JPY_PARENT_PID").ok()?.parse().ok().filter(|parent| *parent > 1)
}

fn alive(process: i32) -> bool {
    // SAFETY: signal 0 sends nothing; it only asks whether the process exists.
    let answer = unsafe { libc::kill(process, 0) };
    answer == 0 || std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}
