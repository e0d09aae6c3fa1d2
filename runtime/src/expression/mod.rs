//! Functions, filters and tests of the spec language: one Rust function of the same name for each.
//!
//! Generated code calls them; the template renderer registers the ones that templates may use. The closed
//! table of their signatures is in codegen; [`FUNCTIONS`] is this side's list, and a test holds the two
//! together.

mod arithmetic;
mod lists;
mod maps;
mod names;
mod objects;
mod passwords;
mod quantities;
mod text;
mod times;

pub use arithmetic::{abs, add, div, floor_div, mul, neg, rem, sub, to_float};
pub use lists::{concat, contains, first, join, last, max, min, newest, same, sort, unique};
pub use maps::{Entry, entries, keys, values};
pub use names::{label_value, object_name};
pub use objects::{Length, MANAGED_BY_LABEL, MANAGER, MaybeEmpty, empty, length, ours, owned};
pub use passwords::random_password;
pub use quantities::amount;
pub use text::{
    endingwith, fence, int, kubectl_get_secret, lower, matching, replace, split, startingwith, string, trim, upper,
};
pub use times::{Moment, age, rfc3339};

pub(crate) use lists::NewestHeap;
pub(crate) use names::short_hash;
pub(crate) use text::shell;

/// Name and number of arguments of every function, filter and test of the language that this module
/// serves (a filter's or test's subject counts as its first argument). Functions that need the call are
/// methods of [`crate::call::Call`] and listed as well: `current_namespace`, `image_registry`, `now`.
pub const FUNCTIONS: &[(&str, usize)] = &[
    ("abs", 1),
    ("age", 1),
    ("current_namespace", 0),
    ("empty", 1),
    ("endingwith", 2),
    ("entries", 1),
    ("fence", 2),
    ("first", 1),
    ("image_registry", 0),
    ("int", 1),
    ("join", 2),
    ("keys", 1),
    ("kubectl_get_secret", 3),
    ("label_value", 1),
    ("last", 1),
    ("length", 1),
    ("lower", 1),
    ("matching", 2),
    ("max", 1),
    ("min", 1),
    ("now", 0),
    ("object_name", 2),
    ("ours", 1),
    ("owned", 2),
    ("random_password", 1),
    ("replace", 3),
    ("rfc3339", 2),
    ("sort", 1),
    ("split", 2),
    ("startingwith", 2),
    ("string", 1),
    ("trim", 1),
    ("unique", 1),
    ("upper", 1),
    ("values", 1),
];

#[cfg(test)]
mod tests {
    use super::FUNCTIONS;

    #[test]
    fn the_list_is_sorted_without_repeats() {
        assert!(FUNCTIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
