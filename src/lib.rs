//! npcc-feeds reads a police newsroom on a schedule and republishes one RSS feed per topic.
//!
//! # How a release flows
//!
//! ```text
//! schedule ─► fetch ─► newsroom ─► duplicates ─► topics ─► store ─► feeds ─► serve
//!  (when)    (bytes)   (drafts)     (verdict)    (tags)    (rows)  (bytes)   (HTTP)
//! ```
//!
//! One way, one pass. [`daemon::cycle`] is the only place that knows the whole line.
//!
//! # The rooms
//!
//! Core rooms take values and return values; they ask neither network, disk nor clock, and import no edge:
//!
//! - [`release`] – the words that all rooms share
//! - [`newsroom`] – bytes become drafts and articles
//! - [`duplicates`] – whether a text is a release that we have, with the reason
//! - [`layout`] – whether what differs on a page is an edit, or the site's new layout
//! - [`topics`] – what a release is about, with the evidence
//! - [`difference`] – what an edit changed, word by word, and whether it matters
//! - [`feeds`] – releases become RSS, Atom, JSON Feed, OPML, pages and exports
//! - [`config`] – the configuration, its defaults and checks
//! - [`schedule`], [`text`], [`html`], [`document`], [`compression`] – cron times, plain text, markup, TOML that knows its
//!   lines, gzip and brotli
//! - [`clock`] – the time, passed in to whoever has to know it
//!
//! Edges do the input and output, and import the core:
//!
//! - [`fetch`] – polite HTTP
//! - [`store`] – SQL
//! - [`edition`] – what stands at which address, made from the store; as files for `publish`
//! - [`serve`] – HTTP: documents with validators and compression, health
//! - [`daemon`] – cycles, the past, editions, start and stop
//! - [`memory`] – what is freed goes back to the system
//! - [`cli`] – the command line, one file a command; imported by `main` alone

#![deny(missing_docs)]

pub mod cli;
pub mod clock;
pub mod compression;
pub mod config;
pub mod daemon;
pub mod difference;
pub mod document;
pub mod duplicates;
pub mod edition;
pub mod feeds;
pub mod fetch;
pub mod html;
pub mod layout;
pub mod memory;
pub mod metrics;
pub mod newsroom;
pub mod release;
pub mod schedule;
mod score;
pub mod serve;
pub mod store;
pub mod text;
pub mod topics;
