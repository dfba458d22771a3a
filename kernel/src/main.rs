//! The program `recoil`.

fn main() -> std::process::ExitCode {
    // The same program is the worker, and what evcxr takes for cargo.
    recoil_kernel::worker::hook();
    recoil_kernel::cell::hook();
    recoil_kernel::commands::main()
}
