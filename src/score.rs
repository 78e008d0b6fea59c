//! How evaluations count: shares of what is right, and their mean.

/// A part of a whole; 1 where there is none to be part of.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of labelled examples are small"
)]
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

/// The harmonic mean of precision and recall.
pub(crate) fn f1(precision: f64, recall: f64) -> f64 {
    match precision + recall {
        0.0 => 0.0,
        both => 2.0 * precision * recall / both,
    }
}
