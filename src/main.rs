//! The one binary: it reads the command line and wires; everything else is in the library.
#![expect(clippy::doc_markdown, reason = "the commands' words are printed as they stand")]

mod commands;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::main()
}
