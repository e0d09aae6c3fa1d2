//! The operator's stand-in, seen from outside.

#[path = "../fixture/mod.rs"]
mod fixture;

mod controllers;
mod databases;
mod lifecycle;
mod roles;
mod seeds;
