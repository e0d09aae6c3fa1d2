//! Figures, and tables of them in Markdown.

use std::fmt;

/// The figure in the middle; 0 where there is none.
pub fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    at(&figures, 0.5)
}

/// The figure below which a share of the sorted ones lies; 0 where there is none.
pub fn at(sorted: &[f64], share: f64) -> f64 {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let place = (share * sorted.len() as f64) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// A table.
pub struct Rows {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|&cell| cell.to_owned()).collect(), rows: Vec::new() }
    }

    pub fn add(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "| {} |", self.head.join(" | "))?;
        writeln!(formatter, "|{}", " --- |".repeat(self.head.len()))?;
        for row in &self.rows {
            writeln!(formatter, "| {} |", row.join(" | "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "figures are picked, not computed")]
    fn shares_of_figures() {
        let figures: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!([at(&figures, 0.5), at(&figures, 0.99), at(&figures, 1.0), at(&[], 0.5)], [51.0, 100.0, 100.0, 0.0]);
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
    }
}
