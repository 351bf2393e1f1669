//! Medians and quantiles.

use std::time::{Duration, Instant};

/// The median; of an even number, the lower one of the two in the middle.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value below which a share of the values lies; NaN where there are none.
pub fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).floor() as usize).copied().unwrap_or(f64::NAN)
}

/// How long one of many takes, in microseconds. `many` does as many as it is told to; how many that
/// has to be is found out such that they take about `duration`.
pub fn microseconds_each<E>(
    duration: Duration,
    mut many: impl FnMut(u32) -> Result<(), E>,
) -> Result<f64, E> {
    let mut timed = |count: u32| {
        let start = Instant::now();
        many(count)?;
        Ok(start.elapsed())
    };
    let mut count = 1;
    loop {
        let elapsed = timed(count)?;
        if elapsed * 8 >= duration || count > 1 << 24 {
            let wanted = duration.as_secs_f64() / elapsed.as_secs_f64() * f64::from(count);
            let count = (wanted as u32).max(1);
            return Ok(timed(count)?.as_secs_f64() * 1e6 / f64::from(count));
        }
        count *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(quantile((0..=100).map(f64::from), 0.99), 99.0);
        assert!(median([]).is_nan());
    }

    #[test]
    fn one_of_many() {
        let wait = |count: u32| -> Result<(), ()> {
            std::thread::sleep(Duration::from_micros(200) * count);
            Ok(())
        };
        let each = microseconds_each(Duration::from_millis(20), wait).expect("it only sleeps");
        assert!((200.0..2000.0).contains(&each), "{each}");
    }
}
