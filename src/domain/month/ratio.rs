//! Ratios as two integers, shown half-up to four places.

/// Digits after the point.
const PLACES: u32 = 4;

/// `numerator / denominator` with four places, the fifth rounded half-up (away from zero for what is less than nothing);
/// none for a zero denominator.
pub fn shown(numerator: i64, denominator: i64) -> Option<String> {
    if denominator == 0 {
        return None;
    }
    let negative = (numerator < 0) != (denominator < 0);
    let (numerator, denominator) = (u128::from(numerator.unsigned_abs()), u128::from(denominator.unsigned_abs()));
    let unit = 10_u128.pow(PLACES);
    let rounded = (numerator * unit * 2 + denominator) / (denominator * 2);
    let sign = if negative && rounded > 0 { "-" } else { "" };
    Some(format!("{sign}{}.{:04}", rounded / unit, rounded % unit))
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn the_fifth_place_is_rounded_half_up() {
        for (numerator, denominator, expected) in [
            (2, 3, "0.6667"),
            (1, 3, "0.3333"),
            (1, 1, "1.0000"),
            (0, 7, "0.0000"),
            (1, 20_000, "0.0001"),
            (1, 20_001, "0.0000"),
            (-1, 3, "-0.3333"),
            (-1, 20_001, "0.0000"),
            (12_345, 1_000, "12.3450"),
            (i64::MAX, 1, "9223372036854775807.0000"),
            (i64::MIN, -1, "9223372036854775808.0000"),
        ] {
            assert_eq!(shown(numerator, denominator).as_deref(), Some(expected), "{numerator}/{denominator}");
        }
        assert_eq!(shown(5, 0), None);
    }
}
