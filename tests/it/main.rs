//! The real binary against a newsroom on real sockets.

#[allow(dead_code, reason = "the example uses the rest of it")]
#[path = "../../examples/newsroom/site/mod.rs"]
mod site;

mod commands;
mod cycles;
mod daemon;
mod edits;
mod faults;
mod gaps;
mod harness;
mod layouts;
mod politeness;
mod withdrawals;
