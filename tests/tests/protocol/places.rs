//! Kernels in odd places: a folder for temporary files that runs no programs, a pinned toolchain, a compiler that is not there or
//! fails; and signals to whole groups of processes, as a terminal sends them.

use crate::real::Program;
use recoil_tests::kernel::{Home, prepared, said, turn};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn kernel() -> Command {
    let mut command = Command::new(prepared());
    command.args(["kernel", "-f"]);
    command
}

/// A crate in a folder, for `:dep`.
fn added(folder: &Path) -> String {
    let added = folder.join("added");
    std::fs::create_dir_all(added.join("src")).expect("a folder");
    let manifest = "[package]\nname = \"added\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    std::fs::write(added.join("Cargo.toml"), manifest).expect("writes");
    std::fs::write(added.join("src/lib.rs"), "pub fn answer() -> u32 { 42 }").expect("writes");
    // Its own program runs while it is built.
    std::fs::write(added.join("build.rs"), "fn main() {}").expect("writes");
    format!(":dep added = {{ path = {:?} }}\nadded::answer()", added.display().to_string())
}

/// An executable script.
fn script(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("writes");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("is ours");
}

/// The compiler behind rustup's stand-in.
fn compiler() -> PathBuf {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().expect("a compiler");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("bin/rustc")
}

/// A file system in memory, until it is dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn new(folder: PathBuf, options: &str) -> Result<Self, String> {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&folder).output();
        match output {
            Ok(output) if output.status.success() => Ok(Self(folder)),
            Ok(output) => Err(said(&output)),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: what still has a file open there does not keep it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn cells_run_where_temporary_files_cannot_be_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let mounted = match Mounted::new(folder.path().join("tmp"), "noexec,mode=1777") {
        Ok(mounted) => mounted,
        Err(why) => return recoil_tests::skipped("cells_run_where_temporary_files_cannot_be_programs", &why),
    };
    script(&mounted.0.join("program"), "exit 0");
    assert!(Command::new(mounted.0.join("program")).status().is_err(), "programs run there");
    let mut command = kernel();
    command.env("TMPDIR", &mounted.0).env("RECOIL_CACHE", folder.path().join("cells"));
    command.current_dir(&folder);
    let mut program = Program::start_by(command);
    assert_eq!(program.value("let temporary = std::env::temp_dir(); 6 * 7"), "42");
    assert_eq!(program.value("temporary.display().to_string()"), format!("{:?}", mounted.0.display().to_string()));
    assert_eq!(program.value(&added(folder.path())), "42");
    program.execute("std::fs::write(temporary.join(\"written\"), \"x\")?;");
    assert!(mounted.0.join("written").is_file(), "the user's own files go where they are wanted");
}

/// The command of a kernelspec, without its last argument, which is the connection file.
fn by_kernelspec(home: &Home, name: &str) -> Command {
    let file = home.path().join("share/jupyter/kernels").join(name).join("kernel.json");
    let spec: Value = serde_json::from_slice(&std::fs::read(file).expect("a kernelspec")).expect("JSON");
    let argv: Vec<&str> = spec["argv"].as_array().expect("argv").iter().filter_map(Value::as_str).collect();
    let [program, arguments @ .., "{connection_file}"] = argv.as_slice() else { panic!("{argv:?}") };
    let mut command = Command::new(program);
    let environment = spec["env"].as_object().expect("an environment");
    command.args(arguments).envs(environment.iter().map(|(name, value)| (name, value.as_str().expect("text"))));
    command
}

fn install(home: &Home, name: &str, environment: &str) {
    let mut install = Command::new(prepared());
    install.args(["install", "--name", name, "--env", environment, "--prefix"]).arg(home.path());
    let output = install.output().expect("starts");
    assert!(output.status.success(), "{}", said(&output));
}

/// By its path, with a compiler in front of it that fails; cells and added crates must both use it.
#[test]
fn a_kernelspec_pins_a_compiler() {
    let home = Home::new();
    let broken = home.path().join("broken");
    std::fs::create_dir(&broken).expect("a folder");
    script(&broken.join("rustc"), "echo 'error: this compiler must not be asked' >&2; exit 1");
    install(&home, "pinned", &format!("RUSTC={}", compiler().display()));
    let mut command = by_kernelspec(&home, "pinned");
    let path = std::env::var("PATH").expect("a search path");
    command.env("PATH", format!("{}:{path}", broken.display())).env("RECOIL_CACHE", home.path().join("cells"));
    command.current_dir(home.path());
    let mut program = Program::start_by(command);
    assert_eq!(program.value("6 * 7"), "42");
    assert_eq!(program.value(&added(home.path())), "42");
    // What the user's own programs see is what the user has set.
    let seen = program.execute("!rustc --version; echo $RUSTC");
    let told = format!("{}{}", seen.text("stdout"), seen.text("stderr"));
    assert!(told.contains("must not be asked") && told.contains(&compiler().display().to_string()), "{told}");
}

/// By its name, for rustup.
#[test]
fn a_kernelspec_pins_a_toolchain() {
    let active =
        Command::new("rustup").args(["show", "active-toolchain"]).current_dir(recoil_tests::cases::project()).output();
    let active = match active {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(output) => return recoil_tests::skipped("a_kernelspec_pins_a_toolchain", &said(&output)),
        Err(error) => return recoil_tests::skipped("a_kernelspec_pins_a_toolchain", &error.to_string()),
    };
    let active = active.split_whitespace().next().expect("a name");
    let home = Home::new();
    install(&home, "pinned", &format!("RUSTUP_TOOLCHAIN={active}"));
    let mut command = by_kernelspec(&home, "pinned");
    // Elsewhere another one would be taken.
    command.env_remove("RUSTC").current_dir("/");
    let mut program = Program::start_by(command);
    assert_eq!(program.value("6 * 7"), "42");
    drop(program);
    install(&home, "gone", "RUSTUP_TOOLCHAIN=1.2.3-of-nobody");
    let mut command = by_kernelspec(&home, "gone");
    command.env_remove("RUSTC");
    let mut program = Program::start_by(command);
    let told = program.execute("6 * 7").reply["evalue"].to_string();
    assert!(told.contains("1.2.3-of-nobody"), "{told}");
}

#[test]
fn a_compiler_that_fails_or_is_not_there_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = folder.path().join("rustc");
    script(&broken, "echo 'librustc_driver.so: cannot open shared object file' >&2; exit 127");
    for (compiler, words) in [(broken.as_path(), "librustc_driver.so"), (Path::new("/no/such/rustc"), "/no/such/rustc")]
    {
        let mut command = kernel();
        command.env("RUSTC", compiler);
        let mut program = Program::start_by(command);
        let reply = program.execute("6 * 7").reply;
        let told = reply["evalue"].as_str().expect("text");
        assert!(told.contains(words) && told.contains("https://rustup.rs"), "{told}");
        assert!(reply["traceback"].to_string().contains(words), "{reply:?}");
    }
}

/// When it fails for added crates only, which cargo builds.
#[test]
fn a_failing_cargo_says_what_it_said() {
    let folder = tempfile::tempdir().expect("a folder");
    script(&folder.path().join("cargo"), "echo 'the disk of cargo is full' >&2; exit 3");
    let mut command = kernel();
    let path = std::env::var("PATH").expect("a search path");
    command.env("PATH", format!("{}:{path}", folder.path().display())).env("RECOIL_CACHE", folder.path().join("cells"));
    command.env("RUSTC", compiler()).current_dir(&folder);
    let mut program = Program::start_by(command);
    assert_eq!(program.value("6 * 7"), "42");
    let reply = program.execute(&added(folder.path())).reply;
    assert!(reply["evalue"].as_str().expect("text").contains("the disk of cargo is full"), "{reply:?}");
    assert_eq!(program.value("6 * 7 + 1"), "43");
}

fn is_there(process: &str) -> bool {
    // A process that has ended and was not waited for has no command line.
    std::fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|line| !line.is_empty())
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A terminal sends Ctrl-C to all processes of the group in the foreground: kernel, worker, compiler.
#[test]
fn ctrl_c_to_the_group_keeps_the_variables() {
    let mut command = kernel();
    command.process_group(0);
    let mut program = Program::start_by(command);
    assert_eq!(program.execute("let kept = 41;").reply["status"], "ok");
    let interrupt = |program: &Program| {
        let group = i32::try_from(program.kernel()).expect("a process id");
        // SAFETY: the group is that of our own child, which leads it.
        assert_eq!(unsafe { libc::kill(-group, libc::SIGINT) }, 0);
    };
    for code in ["println!(\"running\"); loop {}", "!echo running; sleep 600"] {
        let cell = program.start_cell(code);
        program.until_text("running");
        interrupt(&program);
        assert_eq!(program.reply_of(&cell)["ename"], "Interrupted", "{code}");
        assert_eq!(program.value("kept + 1"), "42", "{code}");
    }
    // While it compiles: it ends interrupted, or it was through already.
    let cell = program.start_cell(&format!("let long: Vec<Vec<String>> = vec![]; long.len() + {}", std::process::id()));
    std::thread::sleep(Duration::from_millis(60));
    interrupt(&program);
    let reply = program.reply_of(&cell);
    assert!(reply["ename"] == "Interrupted" || reply["status"] == "ok", "{reply}");
    assert_eq!(program.value("kept + 1"), "42");
}

/// The whole tree of a build: cargo, rustc, and what a crate's own script has started.
#[test]
fn an_interrupt_ends_a_build_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let dep = added(folder.path());
    let begun = folder.path().join("begun");
    let slow = format!(
        "fn main() {{ let child = std::process::Command::new(\"sleep\").arg(\"600\").spawn().unwrap(); \
         std::fs::write({:?}, format!(\"{{}} {{}}\", std::process::id(), child.id())).unwrap(); \
         std::thread::sleep(std::time::Duration::from_secs(600)); }}",
        begun.display().to_string()
    );
    std::fs::write(folder.path().join("added/build.rs"), slow).expect("writes");
    let mut command = kernel();
    command.env("RECOIL_CACHE", folder.path().join("cells")).current_dir(&folder);
    let mut program = Program::start_by(command);
    assert_eq!(program.execute("let kept = 41;").reply["status"], "ok");
    let cell = program.start_cell(&dep);
    let written = || std::fs::read_to_string(&begun).unwrap_or_default();
    until("the build does not begin", || written().contains(' '));
    let stop = Instant::now();
    program.signal(program.kernel(), libc::SIGINT);
    assert_eq!(program.reply_of(&cell)["ename"], "Interrupted");
    assert!(stop.elapsed() < Duration::from_secs(10), "{:?}", stop.elapsed());
    let pids = written();
    until("a process of the build is left", || !pids.split(' ').any(is_there));
    assert_eq!(program.value("kept + 1"), "42");
    // And it can be built afterwards.
    std::fs::write(folder.path().join("added/build.rs"), "fn main() {}").expect("writes");
    assert_eq!(program.value(&dep), "42");
}

#[test]
fn children_of_cells_end_with_the_kernel() {
    let mut program = Program::start();
    let child = program.value("let child = std::process::Command::new(\"sleep\").arg(\"600\").spawn()?; child.id()");
    program.execute("!sleep 600 & echo $!");
    assert!(is_there(&child));
    program.shut_down();
    assert!(program.ends_well());
    until("a child is left", || !is_there(&child));
}

/// `recoil run` under Ctrl-C: it says what was interrupted, writes what there is, and leaves no process.
#[test]
fn ctrl_c_ends_a_notebook_that_runs_alone() {
    let program = prepared();
    let _turn = turn();
    let folder = tempfile::tempdir().expect("a folder");
    let begun = folder.path().join("begun");
    let cell = |code: String| json!({"cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [], "source": [code]});
    let looping = format!(
        "let child = std::process::Command::new(\"sleep\").arg(\"600\").spawn()?;\n\
         std::fs::write({:?}, format!(\"{{}} {{}}\", std::process::id(), child.id()))?; loop {{}}",
        begun.display().to_string()
    );
    let cells = [cell("let kept = 41; kept + 1".into()), cell(looping), cell("kept".into())];
    let notebook = json!({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4});
    std::fs::write(folder.path().join("in.ipynb"), notebook.to_string()).expect("writes");
    let mut run = Command::new(program);
    run.args(["run", "in.ipynb", "-o", "out.ipynb"]).current_dir(&folder).process_group(0);
    let child = run.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let written = || std::fs::read_to_string(&begun).unwrap_or_default();
    until("the second cell does not begin", || written().contains(' '));
    let group = i32::try_from(child.id()).expect("a process id");
    // SAFETY: the group is that of our own child, which leads it and was not waited for.
    assert_eq!(unsafe { libc::kill(-group, libc::SIGINT) }, 0);
    let output = child.wait_with_output().expect("ends");
    let told = said(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("cell 2 of in.ipynb failed: Interrupted"), "{told}");
    let out = std::fs::read_to_string(folder.path().join("out.ipynb")).expect("written");
    assert!(out.contains("\"42\"") && out.contains("Interrupted"), "{out}");
    until("a process is left", || !written().split(' ').any(is_there));
}
