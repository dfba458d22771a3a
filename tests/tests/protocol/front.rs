//! A front end of few words: DEALER, SUB and REQ sockets, and a guard that nothing stays unread.

use bytes::Bytes;
use recoil_kernel::wire::{Connection, Message, Object, Parent, Signer};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use zeromq::util::PeerIdentity;
use zeromq::{DealerSocket, ReqSocket, Socket, SocketOptions, SocketRecv, SocketSend, SubSocket, ZmqMessage};

/// Far more than any answer takes, also on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Messages that nobody expects would arrive within this time.
const QUIET: Duration = Duration::from_millis(150);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Shell,
    Control,
    Stdin,
    Iopub,
}

pub struct Front {
    runtime: Runtime,
    shell: DealerSocket,
    control: DealerSocket,
    stdin: DealerSocket,
    iopub: SubSocket,
    heartbeat: ReqSocket,
    pub signer: Signer,
}

/// What one request caused.
#[derive(Debug)]
pub struct Caused {
    pub reply: Object,
    /// Published messages between busy and idle.
    pub published: Vec<Message>,
}

impl Caused {
    pub fn kinds(&self) -> Vec<&str> {
        self.published.iter().map(Message::kind).collect()
    }

    pub fn text(&self, stream: &str) -> String {
        let of = |message: &&Message| message.kind() == "stream" && message.content["name"] == stream;
        self.published.iter().filter(of).map(|message| message.content["text"].as_str().unwrap_or_default()).collect()
    }
}

/// A connection file's content with free ports.
pub fn connection(key: &str) -> Connection {
    Connection {
        transport: "tcp".into(),
        ip: "127.0.0.1".into(),
        shell_port: port(),
        iopub_port: port(),
        stdin_port: port(),
        control_port: port(),
        hb_port: port(),
        key: key.into(),
        signature_scheme: "hmac-sha256".into(),
    }
}

/// A port nobody uses, below those the system gives to outgoing connections, and never the same twice here.
pub fn port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id().wrapping_mul(101).wrapping_add(TAKEN.fetch_add(1, Ordering::SeqCst));
        let port = u16::try_from(10_000 + next % 20_000).expect("below 30 000");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Front {
    /// Connects and takes the welcome.
    pub fn connect(connection: &Connection) -> Self {
        let mut front = Self::connect_quietly(connection);
        let welcome = front.receive(Channel::Iopub);
        assert_eq!(welcome.kind(), "iopub_welcome");
        assert_eq!(welcome.content["subscription"], "");
        assert!(welcome.parent_header.is_empty());
        front
    }

    /// As [`Front::connect`], for the first client, which also sees the kernel start.
    pub fn connect_first(connection: &Connection) -> Self {
        let mut front = Self::connect(connection);
        let starting = front.receive(Channel::Iopub);
        assert_eq!(starting.content["execution_state"], "starting");
        front
    }

    fn connect_quietly(connection: &Connection) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let identity: PeerIdentity = uuid::Uuid::new_v4().to_string().parse().expect("an identity");
        let dealer = || {
            let mut options = SocketOptions::default();
            options.peer_identity(identity.clone());
            DealerSocket::with_options(options)
        };
        let (mut shell, mut control, mut stdin) = (dealer(), dealer(), dealer());
        let (mut iopub, mut heartbeat) = (SubSocket::new(), ReqSocket::new());
        runtime.block_on(async {
            shell.connect(&connection.endpoint(connection.shell_port)).await.expect("shell");
            control.connect(&connection.endpoint(connection.control_port)).await.expect("control");
            stdin.connect(&connection.endpoint(connection.stdin_port)).await.expect("stdin");
            heartbeat.connect(&connection.endpoint(connection.hb_port)).await.expect("heartbeat");
            iopub.connect(&connection.endpoint(connection.iopub_port)).await.expect("iopub");
            iopub.subscribe("").await.expect("subscribes");
        });
        Self { runtime, shell, control, stdin, iopub, heartbeat, signer: Signer::new(&connection.key) }
    }

    /// Sends a request; returns its id.
    pub fn send(&mut self, channel: Channel, kind: &str, content: Value) -> String {
        self.send_message(channel, request(kind, content))
    }

    pub fn send_message(&mut self, channel: Channel, message: Message) -> String {
        let id = message.header["msg_id"].as_str().expect("an id").to_owned();
        let frames = message.encode(&self.signer);
        self.send_frames(channel, frames);
        id
    }

    pub fn send_frames(&mut self, channel: Channel, frames: Vec<Bytes>) {
        let frames = ZmqMessage::try_from(frames).expect("frames");
        let socket = match channel {
            Channel::Shell => &mut self.shell,
            Channel::Control => &mut self.control,
            Channel::Stdin => &mut self.stdin,
            Channel::Iopub => panic!("nothing is sent on iopub"),
        };
        self.runtime.block_on(socket.send(frames)).expect("sends");
    }

    /// The next message; panics when none comes.
    pub fn receive(&mut self, channel: Channel) -> Message {
        self.receive_within(channel, PATIENCE).unwrap_or_else(|| panic!("no message on {channel:?}"))
    }

    pub fn receive_within(&mut self, channel: Channel, patience: Duration) -> Option<Message> {
        let receive = async {
            match channel {
                Channel::Shell => self.shell.recv().await,
                Channel::Control => self.control.recv().await,
                Channel::Stdin => self.stdin.recv().await,
                Channel::Iopub => self.iopub.recv().await,
            }
        };
        let frames = self.runtime.block_on(async { tokio::time::timeout(patience, receive).await });
        // A socket whose kernel has gone has nothing to say.
        let frames = frames.ok()?.ok()?;
        Some(Message::decode(frames.into_vec(), &self.signer).expect("a good message"))
    }

    /// Sends a request and takes all it causes: busy, outputs, reply, idle.
    pub fn ask(&mut self, channel: Channel, kind: &str, content: Value) -> Caused {
        let id = self.send(channel, kind, content);
        self.take(channel, &id)
    }

    /// Takes all that a request causes, and checks its order.
    pub fn take(&mut self, channel: Channel, id: &str) -> Caused {
        let reply = self.receive(channel);
        assert_eq!(reply.parent_header["msg_id"], id, "{reply:?}");
        let published = self.take_published(id);
        Caused { reply: reply.content, published }
    }

    pub fn take_published(&mut self, id: &str) -> Vec<Message> {
        let first = self.receive(Channel::Iopub);
        assert_eq!(first.content["execution_state"], "busy", "{first:?}");
        assert_eq!(first.parent_header["msg_id"], id, "{first:?}");
        let mut published = Vec::new();
        loop {
            let message = self.receive(Channel::Iopub);
            assert_eq!(message.parent_header["msg_id"], id, "{message:?}");
            match message.kind() {
                "status" => {
                    assert_eq!(message.content["execution_state"], "idle");
                    return published;
                }
                _ => published.push(message),
            }
        }
    }

    pub fn execute(&mut self, code: &str) -> Caused {
        self.ask(Channel::Shell, "execute_request", json!({"code": code}))
    }

    pub fn beat(&mut self, payload: &'static [u8]) -> Vec<u8> {
        let beat = async {
            self.heartbeat.send(Bytes::from_static(payload).into()).await.expect("beats");
            tokio::time::timeout(PATIENCE, self.heartbeat.recv()).await
        };
        let echo = self.runtime.block_on(beat).expect("an echo").expect("an echo");
        echo.get(0).expect("a frame").to_vec()
    }

    /// Shuts the kernel down and takes all that it says to that.
    pub fn shut_down(&mut self) {
        let caused = self.ask(Channel::Control, "shutdown_request", json!({"restart": false}));
        assert_eq!(Value::Object(caused.reply.clone()), json!({"status": "ok", "restart": false}));
        assert_eq!(caused.kinds(), ["shutdown_reply"]);
    }

    fn assert_nothing_unread(&mut self) {
        for channel in [Channel::Shell, Channel::Control, Channel::Stdin, Channel::Iopub] {
            if let Some(message) = self.receive_within(channel, QUIET) {
                panic!("unread on {channel:?}: {message:?}");
            }
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.assert_nothing_unread();
        }
    }
}

/// A request as a front end makes it.
pub fn request(kind: &str, content: Value) -> Message {
    let Value::Object(content) = content else { panic!("content is an object") };
    let mut message = Message::to(&Parent::default(), kind, content);
    message.header.insert("session".into(), json!("front"));
    message
}
