//! The one binary: it reads the command line and wires; everything else is in the library.

mod commands;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::main()
}
