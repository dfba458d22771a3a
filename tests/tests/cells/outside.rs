//! What cells have to do with what is outside of them: programs, files, standard input, and places in the notebook.

use super::table::Comes::{Fails, Prints, To};
use super::table::{check, check_in};

/// evcxr: as here.
#[test]
fn a_command_has_the_streams_that_it_was_given() {
    check(&[
        (
            "use std::process::{Command, Stdio};\nlet (reader, mut writer) = std::io::pipe()?; std::io::Write::write_all(&mut writer, b\"given\")?; drop(writer);\n\
             String::from_utf8(Command::new(\"cat\").stdin(reader).output()?.stdout)?",
            To("\"given\""),
        ),
        ("String::from_utf8(Command::new(\"cat\").output()?.stdout)?", To("\"\"")),
        (
            "let o = Command::new(\"sh\").args([\"-c\", \"echo a; echo b >&2\"]).stderr(Stdio::null()).output()?; (o.stdout, o.stderr)",
            To("([97, 10], [])"),
        ),
        (
            "let mut c = Command::new(\"echo\"); c.arg(\"twice\"); c.output()?.stdout.len() + c.output()?.stdout.len()",
            To("12"),
        ),
        ("let mut c = Command::new(\"echo\"); c.arg(\"seen\"); c.output()?; c.status()?;", Prints("seen")),
        ("Command::new(\"sh\").args([\"-c\", \"exit 3\"]).output()?.status.code()", To("Some(3)")),
        ("Command::new(\"no-such-program\").output()", Fails("No such file")),
        // Much of both, which no pipe holds.
        (
            "let o = Command::new(\"sh\").args([\"-c\", \"head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2\"]).output()?; (o.stdout.len(), o.stderr.len())",
            To("(300000, 300000)"),
        ),
    ]);
}

/// evcxr: standard input is at its end.
#[test]
fn standard_input_asks_whatever_it_is_called() {
    check(&[
        ("let mut s = String::new(); std::io::stdin().read_line(&mut s)?; s", To("\"answer to \\n\"")),
        ("use std::io::stdin;\nlet mut s = String::new(); stdin().read_line(&mut s)?; s", To("\"answer to \\n\"")),
        ("let mut s = String::new(); stdin().read_line(&mut s)?; s", To("\"answer to \\n\"")),
        ("use std::io as inout;\ninout::stdin().lines().next().transpose()?", To("Some(\"answer to \")")),
    ]);
}

/// evcxr: files are looked for in its own folder, and places are in its own files.
#[test]
fn files_and_places_are_those_of_the_notebook() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("my data")).expect("a folder");
    std::fs::write(folder.path().join("my data/a.txt"), "text").expect("writes");
    let go = format!("%cd \"{}/my data\"", folder.path().display());
    check_in(
        folder.path(),
        &[
            (&go, Prints("")),
            ("const A: &str = include_str!(\"a.txt\");\nA", To("\"text\"")),
            ("static B: &[u8] = include_bytes!(\"a.txt\");\nB.len()", To("4")),
            ("struct C;\nimpl C { const N: usize = include_str!(\"a.txt\").len(); }\nC::N", To("4")),
            ("const fn d() -> &'static str { include_str!(\"a.txt\") }\nd()", To("\"text\"")),
            ("std::fs::write(\"a.txt\", \"longer\")?;", To("")),
            // A static has the value that it was made with.
            ("(A, B.len(), C::N, d())", To("(\"longer\", 4, 6, \"longer\")")),
            ("macro_rules! say { ($x:expr) => { dbg!($x) } }\nsay!(5);", Prints("[In[8]:1:35] 5 = 5")),
            ("println!(\"{}\", vec![dbg!(6)].len());", Prints("[In[9]:1:21] 6 = 6")),
            (
                "println!(\"{} {}:{} {}\", file!(), line!(), std::column!(), include_str!(\"a.txt\"));",
                Prints("In[10] 1:43 longer"),
            ),
            ("format!(\"{}\", concat!(file!(), \" \", include_str!(\"a.txt\")))", To("\"In[11] longer\"")),
            ("static L: [u8; include_str!(\"a.txt\").len()] = [1; 6];\nL.len()", To("6")),
            ("let seen = 1;\n!ls -la /", Fails("stand in front of the Rust")),
            ("\n(file!(), line!(), column!())", To("(\"In[14]\", 2, 20)")),
        ],
    );
}

/// evcxr: files are looked for in its own folder.
#[test]
fn modules_in_files_are_items_like_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writes");
    std::fs::create_dir(folder.path().join("st")).expect("a folder");
    write(
        "st.rs",
        "//! Counts.\nuse std::sync::atomic::{AtomicUsize, Ordering};\nstatic N: AtomicUsize = AtomicUsize::new(0);\n\
         thread_local! { pub static L: std::cell::Cell<u8> = const { std::cell::Cell::new(0) }; }\npub mod inner;\n\
         pub fn count() -> usize { N.fetch_add(1, Ordering::SeqCst) + 1 }\npub fn add(x: u8) -> u8 {\n    100 + x\n}\n",
    );
    write(
        "st/inner.rs",
        "use std::sync::Mutex;\nmacro_rules! counter { ($n:ident) => { static $n: Mutex<u8> = Mutex::new(0); } }\n\
         pub fn count() -> u8 { counter!(M); let mut m = M.lock().unwrap(); *m += 1; *m } // counts",
    );
    write(
        "items.rs",
        "#!/usr/bin/env x\nstatic T: Mutex<u8> = Mutex::new(0);\nfn tick() -> u8 { *T.lock().unwrap() += 1; *T.lock().unwrap() }",
    );
    let go = format!("%cd {}", folder.path().display());
    for (name, body) in [("wrong", "\"a\""), ("broken", "1 +"), ("mended", "dbg!(7)")] {
        write(name, &format!("pub fn count() -> u8 {{\n    {body}\n}}"));
    }
    check_in(
        folder.path(),
        &[
            (&go, Prints("")),
            ("mod st;\nst::count()", To("1")),
            ("(st::count(), st::inner::count(), st::L.get())", To("(2, 1, 0)")),
            ("st::L.set(5); st::inner::count()", To("2")),
            ("st::L.get()", To("5")),
            ("st::add(200)", Fails("st.rs:8:5")),
            ("use std::sync::Mutex;\ninclude!(\"items.rs\");\ntick()", To("1")),
            ("tick()", To("2")),
            ("!cp wrong st/inner.rs", Prints("")),
            ("st::count()", Fails("st/inner.rs:2:5")),
            ("!cp broken st/inner.rs", Prints("")),
            ("st::count()", Fails("st/inner.rs:3:1")),
            ("!cp mended st/inner.rs", Prints("")),
            ("println!(\"{}\", st::inner::count());", Prints("[st/inner.rs:2:5] 7 = 7")),
            // What the other file has counted is still there.
            ("st::count()", To("3")),
            ("mod none;", Fails("none")),
            // A file that is not Rust keeps no cell from defining its module anew.
            ("!cp broken st/inner.rs", Prints("")),
            ("1 + 1", Fails("st/inner.rs:3:1")),
            ("mod st { pub fn count() -> u8 { 9 } }\nst::count()", To("9")),
            ("1 + 1", To("2")),
        ],
    );
}

/// evcxr: files are looked for in its own folder.
#[test]
fn a_file_may_stand_in_several_places_but_not_in_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writes");
    std::fs::create_dir(folder.path().join("out")).expect("a folder");
    let counter = "use std::sync::atomic::{AtomicU8, Ordering::SeqCst};\nstatic C: AtomicU8 = AtomicU8::new(0);\n\
                   pub fn bump() -> u8 { C.fetch_add(1, SeqCst) + 1 } // last";
    write("x.rs", counter);
    write("out/x.rs", &counter.replace("new(0)", "new(50)"));
    write("itself.rs", "#[path = \"itself.rs\"] pub mod again;");
    write("included.rs", "include!(\"included.rs\"); fn f() {}");
    write("wrong.rs", "pub fn f() {} /// the end");
    let go = format!("%cd {}", folder.path().display());
    check_in(
        folder.path(),
        &[
            (&go, Prints("")),
            (
                "#[path = \"x.rs\"] mod a;\n#[path = \"x.rs\"] mod b;\nmod out { pub mod x; }\n(a::bump(), a::bump(), b::bump(), out::x::bump())",
                To("(1, 2, 1, 51)"),
            ),
            ("(b::bump(), a::bump(), out::x::bump())", To("(2, 3, 52)")),
            (
                "mod p { include!(\"x.rs\"); }\nmod q { include!(\"x.rs\"); }\n(p::bump(), q::bump(), p::bump())",
                To("(1, 1, 2)"),
            ),
            ("(a::bump(), q::bump())", To("(4, 2)")),
            ("#[path = \"itself.rs\"] mod itself;", Fails("itself.rs names itself")),
            ("include!(\"included.rs\");", Fails("included.rs names itself")),
            ("mod wrong;", Fails("wrong.rs:1:15")),
            ("a::bump()", To("5")),
        ],
    );
}
