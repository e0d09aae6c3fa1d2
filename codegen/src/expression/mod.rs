//! Expressions: parsed, then typed into their lowered form.

mod calls;
mod coerce;
mod compare;
mod describe;
mod foregone;
mod foreign;
mod hints;
mod limits;
mod parse;
mod presence;
mod range;
mod scope;
#[cfg(test)]
mod tests;
mod tree;
mod typing;
mod values;

pub use describe::describe;
pub use foreign::Foreign;
pub use parse::{parse_parts, parse_template};
pub use range::Range;
pub use scope::{Mark, Scope, Seen};
pub use tree::{Part, Statement, Tree, TreeKind, Word};
pub use typing::{Context, Facts, Typer};
pub use values::{camel, literal_fits_quantity};
