//! The wheel: `pip install` of it is the whole installation. A fresh virtual environment, a new home, no repository
//! in sight; only the compiler is shared. `cargo test --release --test wheel`.

use recoil_tests::kernel::{prepared, said, turn};
use recoil_tests::python;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs a command that must succeed; returns what it said.
fn succeed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("starts");
    assert!(output.status.success(), "{command:?}\n{}", said(&output));
    said(&output)
}

/// A notebook's cells, run through the installed kernelspec by nbclient; prints the output types and mime types.
const CLIENT: &str = r#"
import nbformat, nbclient, sys
cells = ['std::fs::write("t.csv", "x\n1.5\n2.5\n2.5\n").unwrap();', 'load("t.csv")?.all().hist("x", (4, 0.0, 4.0))']
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
nbclient.NotebookClient(notebook, kernel_name="recoil", timeout=120).execute()
for output in notebook.cells[1].outputs:
    print(output.output_type, *output.get("data", {}))
"#;

#[test]
fn a_wheel_is_the_whole_installation() {
    let Some(tools) = python::environment("wheel", "wheel", &["auditwheel==6.8.2"]) else { return };
    let _turn = turn();
    let program = prepared();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    // A weak compression: this test is about what is in the wheel.
    succeed(Command::new(&program).args(["package", "--level", "3", "-o"]).arg(path("dist")));
    let wheels: Vec<PathBuf> =
        std::fs::read_dir(path("dist")).expect("dist").flatten().map(|file| file.path()).collect();
    let [wheel] = &wheels[..] else { panic!("one wheel in {wheels:?}") };

    let tag = wheel.file_stem().expect("a name").to_string_lossy().rsplit('-').next().expect("a tag").to_owned();
    let audit = succeed(Command::new(&tools).args(["-m", "auditwheel", "show"]).arg(wheel));
    // auditwheel does not look into the archive, whose dylib may need a newer C library than the program.
    let minor = |tag: &str| tag.split("manylinux_2_").nth(1)?.split('_').next()?.parse::<u32>().ok();
    let confirmed = audit.split('"').find(|word| word.starts_with("manylinux_2_")).expect("a tag");
    assert!(
        minor(&tag) >= minor(confirmed) && minor(confirmed).is_some(),
        "{tag} is older than auditwheel says:\n{audit}"
    );

    succeed(Command::new("python3").args(["-m", "venv"]).arg(path("venv")));
    let python = path("venv/bin/python");
    let begun = Instant::now();
    let pip = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "nbclient==0.11.0"];
    succeed(Command::new(&python).args(pip).arg(wheel));
    std::fs::create_dir_all(path("home")).expect("a home");
    let kernels = succeed(installed(&python, &path("home")).args(["-m", "jupyter_client.kernelspecapp", "list"]));
    assert!(kernels.contains("recoil"), "{kernels}");
    let shown = succeed(installed(&python, &path("home")).args(["-c", CLIENT]));
    let took = begun.elapsed();
    assert!(shown.contains("image/svg+xml"), "{shown}");
    assert!(shown.contains("unpacking the prelude"), "the first start says what it does: {shown}");
    eprintln!("pip install to the first histogram: {:.1} s", took.as_secs_f64());
    assert!(took < Duration::from_secs(60), "{took:?}");

    let again = succeed(installed(&python, &path("home")).args(["-c", CLIENT]));
    assert!(again.contains("image/svg+xml") && !again.contains("unpacking"), "{again}");
    let doctor = succeed(installed(&path("venv/bin/recoil"), &path("home")).arg("doctor"));
    assert!(doctor.contains("ok       prelude"), "{doctor}");

    // Without the compiler: one message with the one command that brings it.
    let mut bare = installed(&path("venv/bin/recoil"), &path("home"));
    let output = bare.env("PATH", "/nowhere").arg("doctor").stdin(Stdio::null()).output().expect("starts");
    assert!(!output.status.success());
    assert!(said(&output).contains("rustup toolchain install 1."), "{}", said(&output));
}

/// A program in the new home, which knows neither the project nor a cache.
fn installed(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    let real = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    for (name, default) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
        command.env(name, std::env::var_os(name).unwrap_or_else(|| real.join(default).into()));
    }
    for name in ["RECOIL_HOME", "CARGO_TARGET_DIR", "CARGO_MANIFEST_DIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "RUSTC"] {
        command.env_remove(name);
    }
    command.env("HOME", home).current_dir(home);
    command
}

fn read(name: &str) -> String {
    std::fs::read_to_string(recoil_tests::cases::project().join(name)).expect("a file")
}

/// What stands between `before` and the next quotation mark.
fn quoted(text: &str, before: &str) -> String {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no `{before}`")).1;
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn the_container_has_the_compiler_of_the_project() {
    let release = quoted(&read("rust-toolchain.toml"), "channel = \"");
    let container = read(".devcontainer/Dockerfile");
    assert!(container.contains(&format!("--default-toolchain {release}\n")), "the container has not Rust {release}");
}

/// conda-build is not on PyPI, so the recipe is not built here: its versions, places and form are checked.
#[test]
fn the_conda_recipe_fits_the_project() {
    let recipe = read("docs/conda/recipe/meta.yaml");
    let version = quoted(&recipe, "set version = \"");
    assert_eq!(version, quoted(&read("Cargo.toml"), "\nversion = \""));
    assert_eq!(quoted(&recipe, "set rust = \""), quoted(&read("rust-toolchain.toml"), "channel = \""));
    // Sections of conda-build's schema, each once and at the left edge.
    let known = ["package", "source", "build", "requirements", "test", "about"];
    let at_edge = |line: &&str| !line.starts_with([' ', '#']);
    let sections: Vec<&str> = recipe.lines().filter_map(|line| line.strip_suffix(':')).filter(at_edge).collect();
    assert_eq!(sections, known);
    assert!(!recipe.contains('\t') && recipe.lines().all(|line| line.len() - line.trim_start().len() != 1));
    let folder = recoil_tests::cases::project().join("docs/conda/recipe");
    for file in recipe.lines().filter_map(|line| line.trim().strip_prefix("- ../")) {
        assert!(folder.join("..").join(file).is_file(), "the recipe names {file}, which is not there");
    }
    // The file that `recoil package` writes and the one that the recipe installs.
    assert!(recipe.contains("path: ../../../dist") && recipe.contains("recoil-{{ version }}-*.whl"));
}
