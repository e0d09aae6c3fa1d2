//! The operator's stand-in, seen from outside.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "../fixture/mod.rs"]
mod fixture;

mod controllers;
mod databases;
mod lifecycle;
mod recorded;
mod roles;
mod seeds;
mod upkeep;
