//! Moments as people read them: in UTC, whatever the time of the machine is.

use serde_json::Value;

/// The first second that no calendar here goes up to: the year 10000.
const END_OF_TIME: u64 = 253_402_300_800;

/// A member that is a moment, for a column whose header says that it is UTC.
pub(super) fn moment(document: &Value, member: &str) -> String {
    document.get(member).and_then(Value::as_u64).map_or_else(|| "-".to_owned(), utc)
}

/// Seconds since 1970 as date and time.
pub(super) fn utc(seconds: u64) -> String {
    if seconds >= END_OF_TIME {
        return format!("second {seconds} since 1970");
    }
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Years of 365.2425 days that begin in March, in eras of 400 of them.
    let day = days + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month, is_next) = (day - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1, month >= 10);
    let year = era * 400 + year + u64::from(is_next);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_has_a_date() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_709_251_199, "2024-02-29 23:59:59"),
            (1_735_689_599, "2024-12-31 23:59:59"),
            (1_735_689_600, "2025-01-01 00:00:00"),
            (1_800_000_000, "2027-01-15 08:00:00"),
            (END_OF_TIME - 1, "9999-12-31 23:59:59"),
            (END_OF_TIME, "second 253402300800 since 1970"),
            (u64::MAX, "second 18446744073709551615 since 1970"),
        ] {
            assert_eq!(utc(seconds), text);
        }
    }
}
