//! Quantities, compared.

use crate::arguments::quantity_amount;
use crate::failure::Failure;

/// What a quantity amounts to, for `< <= > >=`: `1Gi` is more than `1G`, and as much as `1024Mi`.
///
/// # Errors
/// Where the text is no quantity, which the API server and the checks of parameters rule out.
pub fn amount(quantity: &str) -> Result<i128, Failure> {
    quantity_amount(quantity).ok_or_else(|| Failure::internal("A quantity cannot be read, so it cannot be compared."))
}
