//! npcc-feeds reads a police newsroom on a schedule and republishes one RSS feed per topic.

#![deny(missing_docs)]

pub mod cli;
pub mod config;
pub mod daemon;
pub mod document;
pub mod duplicates;
pub mod feeds;
pub mod fetch;
pub mod html;
pub mod newsroom;
pub mod release;
pub mod schedule;
pub mod serve;
pub mod store;
pub mod text;
pub mod topics;
