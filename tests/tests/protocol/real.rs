//! The program itself, with compiler, prelude and worker: what only whole processes can show.

use crate::front::Channel::{Control, Iopub, Shell, Stdin};
use crate::front::{Front, connection, request};
use recoil_kernel::wire::{Connection, Message};
use recoil_tests::kernel::{prepared, turn};
use serde_json::{Value, json};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::MutexGuard;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Program {
    front: Front,
    child: Child,
    connection: Connection,
    _state: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Program {
    pub(crate) fn start() -> Self {
        let mut command = Command::new(prepared());
        command.args(["kernel", "-f"]);
        Self::start_by(command)
    }

    /// Starts it by a command to which only the connection file is missing.
    pub(crate) fn start_by(mut command: Command) -> Self {
        let turn = turn();
        let state = tempfile::tempdir().expect("a folder");
        let connection = connection("real");
        let file = state.path().join("connection.json");
        std::fs::write(&file, serde_json::to_vec(&connection).expect("json")).expect("writes");
        command.arg(&file).env("RECOIL_HISTORY", state.path().join("history.sqlite"));
        let child = command.stdin(Stdio::null()).spawn().expect("starts");
        let front = Front::connect_first(&connection);
        Self { front, child, connection, _state: state, _turn: turn }
    }

    /// Where it can be reached.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Waits for its end, which somebody has asked for.
    pub(crate) fn ends_well(&mut self) -> bool {
        self.child.wait().expect("ends").success()
    }

    pub(crate) fn kernel(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, process: u32, signal: i32) {
        let process = i32::try_from(process).expect("a process id");
        // SAFETY: the kernel is our child and not yet waited for, the worker is its child.
        assert_eq!(unsafe { libc::kill(process, signal) }, 0);
    }

    /// The worker, which must be there soon.
    fn worker(&self) -> u32 {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(worker) = workers_of(self.kernel()).first() {
                return *worker;
            }
            assert!(Instant::now() < until, "no worker");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn value(&mut self, code: &str) -> String {
        let caused = self.execute(code);
        let result = caused.published.iter().find(|message| message.kind() == "execute_result");
        let result = result.unwrap_or_else(|| panic!("no result of {code}: {caused:?}"));
        result.content["data"]["text/plain"].as_str().expect("text").to_owned()
    }

    /// Takes what is published until the state of `parent` is idle, and its reply. Says whether it was asked.
    pub(crate) fn reply_of(&mut self, parent: &str) -> Value {
        let reply = self.receive(Shell);
        assert_eq!(reply.parent_header["msg_id"], parent);
        self.until_idle(parent);
        Value::Object(reply.content)
    }

    fn until_idle(&mut self, parent: &str) {
        loop {
            let message = self.receive(Iopub);
            let idle = message.content.get("execution_state") == Some(&json!("idle"));
            if idle && message.parent_header["msg_id"] == parent {
                return;
            }
        }
    }

    pub(crate) fn until_text(&mut self, text: &str) {
        loop {
            let message = self.receive(Iopub);
            if message.content.get("text").and_then(Value::as_str).is_some_and(|have| have.contains(text)) {
                return;
            }
        }
    }

    pub(crate) fn start_cell(&mut self, code: &str) -> String {
        self.send(Shell, "execute_request", json!({"code": code}))
    }
}

impl Deref for Program {
    type Target = Front;
    fn deref(&self) -> &Front {
        &self.front
    }
}

impl DerefMut for Program {
    fn deref_mut(&mut self) -> &mut Front {
        &mut self.front
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.child.kill();
        } else if self.child.try_wait().expect("can be asked").is_none() {
            self.front.shut_down();
        }
        let _ = self.child.wait();
    }
}

/// Processes below `kernel` that are workers.
fn workers_of(kernel: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").expect("a proc file system").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| is_below(*id, kernel) && is_worker(*id)).collect()
}

fn is_worker(process: u32) -> bool {
    let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
    let program = std::fs::read_link(format!("/proc/{process}/exe")).unwrap_or_default();
    let recoil = program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("recoil"));
    recoil && environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(b"RECOIL_WORKER="))
}

fn is_below(process: u32, ancestor: u32) -> bool {
    let mut process = process;
    while process > 1 {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // The name is in parentheses and may hold anything; state and parent follow.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        process = parent.unwrap_or(0);
        if process == ancestor {
            return true;
        }
    }
    false
}

fn gone(process: u32) -> bool {
    let until = Instant::now() + PATIENCE;
    while Path::new(&format!("/proc/{process}/environ")).exists() && is_worker(process) {
        if Instant::now() > until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// How often in each state: `RECOIL_KILLS=50` for the long run.
fn kills() -> u32 {
    std::env::var("RECOIL_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(3)
}

fn kill(program: &mut Program) {
    let worker = program.worker();
    program.signal(worker, libc::SIGKILL);
    assert!(gone(worker));
}

#[test]
fn the_kernel_survives_its_worker_while_idle() {
    let mut program = Program::start();
    for round in 0..kills() {
        program.execute(&format!("let kept = {round};"));
        kill(&mut program);
        // The next cell says what was lost, and that it can be had back.
        let reply = program.execute("1 + 1").reply;
        assert_eq!(reply["ename"], "WorkerDied", "{reply:?}");
        let said = reply["evalue"].as_str().expect("text");
        assert!(said.contains("kept") && said.contains("%restore"), "{said}");
        assert_eq!(program.value("1 + 1"), "2");
        assert_eq!(program.execute("%restore").reply["status"], "ok");
        assert_eq!(program.value("kept"), round.to_string());
    }
}

#[test]
fn the_kernel_survives_its_worker_while_compiling() {
    let mut program = Program::start();
    program.execute("1");
    for round in 0..kills() {
        // Never seen before, so rustc has to work.
        let stamp = std::process::id();
        let cell =
            program.start_cell(&format!("let x_{stamp}_{round} = vec![{round}, {stamp}]; x_{stamp}_{round}.len()"));
        std::thread::sleep(Duration::from_millis(30));
        kill(&mut program);
        // Whether it was reached before or after its compilation, it has exactly one reply.
        let reply = program.reply_of(&cell);
        assert!(matches!(reply["status"].as_str(), Some("ok" | "error")), "{reply}");
        // If it was killed after its cell had ended, the next one says so.
        if program.execute("1 + 1").reply["status"] == "error" {
            assert_eq!(program.value("1 + 1"), "2");
        }
    }
}

#[test]
fn the_kernel_survives_its_worker_while_running() {
    let mut program = Program::start();
    for _ in 0..kills() {
        let cell = program
            .start_cell("println!(\"running\"); loop { std::thread::sleep(std::time::Duration::from_millis(5)); }");
        program.until_text("running");
        kill(&mut program);
        assert_eq!(program.reply_of(&cell)["status"], "error");
        assert_eq!(program.value("1 + 1"), "2");
    }
}

#[test]
fn the_kernel_survives_its_worker_while_it_waits_for_input() {
    let mut program = Program::start();
    for _ in 0..kills() {
        let cell = program.start_cell("input(\"who? \")");
        assert_eq!(program.receive(Stdin).content["prompt"], "who? ");
        kill(&mut program);
        assert_eq!(program.reply_of(&cell)["status"], "error");
        assert_eq!(program.value("1 + 1"), "2");
    }
}

#[test]
fn an_interrupt_by_message_and_by_signal_keeps_the_variables() {
    let mut program = Program::start();
    program.execute("let survivor = 41;");
    let looping =
        "println!(\"running\"); let mut n = 0_u64; loop { n = n.wrapping_add(1); if n == u64::MAX { break; } }";
    for by_signal in [false, true] {
        let cell = program.start_cell(looping);
        program.until_text("running");
        if by_signal {
            let kernel = program.kernel();
            program.signal(kernel, libc::SIGINT);
        } else {
            program.send(Control, "interrupt_request", json!({}));
            assert_eq!(program.receive(Control).content["status"], "ok");
        }
        let reply = program.reply_of(&cell);
        assert_eq!(reply["ename"], "Interrupted", "{reply}");
        assert_eq!(program.value("survivor + 1"), "42");
    }
}

#[test]
fn input_answers_and_threads_speak_after_their_cell() {
    let mut program = Program::start();
    let cell = program.start_cell("let name = input(\"who? \"); name");
    let question = program.receive(Stdin);
    let mut answer = request("input_reply", json!({"value": "Ada"}));
    answer.parent_header = question.header;
    program.send_message(Stdin, answer);
    let caused = program.take(Shell, &cell);
    let shown = caused.published.last().expect("a result").content["data"]["text/plain"].clone();
    assert!(shown.as_str().is_some_and(|text| text.contains("Ada")), "{shown}");
    let late =
        "std::thread::spawn(|| { std::thread::sleep(std::time::Duration::from_millis(500)); println!(\"late\"); });";
    let cell = program.start_cell(late);
    program.take(Shell, &cell);
    let message = program.receive(Iopub);
    assert_eq!((&message.parent_header["msg_id"], &message.content["text"]), (&json!(cell), &json!("late\n")));
}

#[test]
fn threads_and_tasks_speak_into_their_cell_while_the_next_one_is_compiled() {
    let mut program = Program::start();
    let pause = "std::thread::sleep(std::time::Duration::from_millis";
    let ticks = |pause: &str| format!("for i in 0..60 {{ {pause}(10)).await; println!(\"tick {{i}}\"); }}");
    for begin in [
        format!("std::thread::spawn(|| {{ {} }});", ticks(pause).replace(".await", "")),
        format!("tokio::spawn(async {{ {} }});", ticks("tokio::time::sleep(std::time::Duration::from_millis")),
        format!("tokio::task::spawn_blocking(|| {{ {} }});", ticks(pause).replace(".await", "")),
    ] {
        let ids = [begin, format!("let kept = vec![0]; {pause}(200)); println!(\"main {{kept:?}}\");")]
            .map(|code| program.start_cell(&code));
        let (mut texts, mut ended) = ([String::new(), String::new()], false);
        while !ended || !texts[0].ends_with("tick 59\n") {
            let message = program.receive(Iopub);
            let Some(at) = ids.iter().position(|id| message.parent_header["msg_id"] == **id) else { continue };
            if message.kind() == "stream" {
                texts[at] += message.content["text"].as_str().expect("a text");
            }
            ended |= at == 1 && message.content.get("execution_state") == Some(&json!("idle"));
        }
        for _ in &ids {
            program.receive(Shell);
        }
        assert_eq!(texts[1], "main [0]\n");
        assert!(texts[0].starts_with("tick 0\n") && texts[0].lines().count() == 60, "{texts:?}");
    }
}

#[test]
fn no_worker_outlives_its_kernel() {
    let mut program = Program::start();
    assert_eq!(program.value("1 + 1"), "2");
    let worker = program.worker();
    program.shut_down();
    assert!(program.child.wait().expect("ends").success());
    assert!(gone(worker), "after a shutdown");
    drop(program);
    let mut program = Program::start();
    assert_eq!(program.value("1 + 1"), "2");
    let worker = program.worker();
    let kernel = program.kernel();
    program.signal(kernel, libc::SIGKILL);
    program.child.wait().expect("ends");
    assert!(gone(worker), "after the kernel was killed");
}

#[test]
fn long_work_has_one_bar_that_comes_in_time_moves_and_stays_and_short_work_has_none() {
    let mut program = Program::start();
    let made = program.execute(
        "let part = || df!(\"x\" => (0..200_000).map(f64::from).collect::<Vec<_>>());\n\
         let data = Data::from_frames([(\"a\", part()?), (\"b\", part()?), (\"c\", part()?)])?;",
    );
    assert_eq!(made.reply["status"], "ok", "{made:?}");
    // Five microseconds for each of 600,000 rows: 1.5 s on two cores, and no unit of rows is soon done.
    let cell = "println!(\"running\"); data.define_with([\"x\"], \"y\", |x: f64| { let start = std::time::Instant::now(); \
                while start.elapsed().as_micros() < 5 {} x }).hist(\"y\", (10, 0.0, 2e5))?.sum()";
    let id = program.start_cell(cell);
    program.until_text("running");
    let start = Instant::now();
    let mut bars: Vec<(Duration, Message)> = Vec::new();
    loop {
        let message = program.receive(Iopub);
        match message.kind() {
            "display_data" | "update_display_data" => bars.push((start.elapsed(), message)),
            "execute_result" => assert_eq!(message.content["data"]["text/plain"], "600000.0"),
            "status" if message.content["execution_state"] == "idle" => break,
            other => assert_eq!(other, "stream", "{message:?}"),
        }
    }
    let took = start.elapsed();
    assert_eq!(program.receive(Shell).parent_header["msg_id"], id);
    let words = |message: &Message| message.content["data"]["text/plain"].as_str().expect("words").to_owned();
    let said: Vec<String> = bars.iter().map(|(_, message)| words(message)).collect();
    let (first, updates) = bars.split_first().unwrap_or_else(|| panic!("no bar in {took:?}"));
    assert!(first.1.kind() == "display_data" && first.0 < Duration::from_millis(500), "{:?} {said:?}", first.0);
    // One bar for all three processes.
    let of = |message: &Message| message.content["transient"]["display_id"].clone();
    assert!(updates.iter().all(|(_, m)| m.kind() == "update_display_data" && of(m) == of(&first.1)), "{said:?}");
    // It moves on all the time, also within a unit of rows.
    assert!(updates.len() as f64 > 3.0 * took.as_secs_f64(), "{} updates in {took:?}: {said:?}", updates.len());
    assert!(
        said[0].starts_with("all: ▕") && said[0].contains("of 600,000 rows") && said[0].contains("memory"),
        "{said:?}"
    );
    let last = bars.last().map(|(_, message)| message.content["data"]["text/html"].clone()).expect("a bar");
    assert!(last.as_str().is_some_and(|html| html.contains("done in") && !html.contains("<progress")), "{last}");
    assert!(said.last().is_some_and(|words| words.contains("600,000 of 600,000 rows")), "{said:?}");

    let short = program.execute("data.hist(\"x\", 10)?.sum()");
    assert!(!short.kinds().iter().any(|kind| kind.contains("display")), "{short:?}");
    // Loops of the user's own, one step of which is long.
    let pause = "std::thread::sleep(std::time::Duration::from_millis";
    let slow = program.execute(&format!("for _ in progress(0..2, \"steps\") {{ {pause}(400)); }}"));
    let kinds = slow.kinds().into_iter().filter(|kind| kind.contains("display")).collect::<Vec<_>>();
    assert!(kinds[0] == "display_data" && kinds[1..].iter().all(|kind| *kind == "update_display_data"), "{kinds:?}");
    let last = slow.published.iter().rfind(|message| message.kind() == "update_display_data").expect("an update");
    assert!(words(last).starts_with("steps: 2 of 2 items"), "{}", words(last));
    let quick = program.execute(&format!("for _ in progress(0..2, \"steps\") {{ {pause}(40)); }}"));
    assert!(!quick.kinds().iter().any(|kind| kind.contains("display")), "{quick:?}");
}
