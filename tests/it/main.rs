//! The real binary against a newsroom on real sockets.

#[allow(dead_code, reason = "the example uses the rest of it")]
#[path = "../../examples/newsroom/site/mod.rs"]
mod site;

#[allow(dead_code, reason = "the benchmark uses the rest of it")]
#[path = "../../benches/archive/simulation/mod.rs"]
mod simulation;

mod alarms;
mod archive;
mod commands;
mod connections;
mod copies;
mod corrections;
mod crashes;
mod cycles;
mod daemon;
mod edits;
mod faults;
mod feeds;
mod gaps;
mod harness;
mod inside;
mod layouts;
mod manners;
mod moving;
mod packaged;
mod pages;
mod pairs;
mod patience;
mod politeness;
mod published;
mod record;
mod redactions;
mod rules;
mod running;
mod security;
mod service;
mod shared;
mod sources;
mod state;
mod store;
mod topics;
mod websub;
mod withdrawals;
