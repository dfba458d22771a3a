//! The program `recoil`.

fn main() -> std::process::ExitCode {
    recoil_kernel::commands::main()
}
