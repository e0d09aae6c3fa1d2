//! Why some changes are neither refused nor seen.

use super::mutants::Mutant;

/// The reason for which a mutant may live on; `None` where there is none.
pub fn reason(mutant: &Mutant) -> Option<&'static str> {
    if mutant.kind == "a line removed"
        && matches!(mutant.from.trim(), "idempotent: false" | "core: false" | "idempotent: true")
    {
        return Some("it said what holds anyway: a default written out");
    }
    // `sinceSeconds: { min: 1 }`, which the one tool that sends it demands of its parameter already.
    if mutant.file == "resources/pod.yaml" && (mutant.from.as_str(), mutant.to.as_str()) == ("1", "-1") {
        return Some("a bound became wider than what tools pass");
    }
    None
}
