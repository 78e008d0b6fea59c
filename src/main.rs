//! The program; everything is in the library, so that tests and tools reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    npcc_feeds::cli::main()
}
