//! ISO 8601 durations, as the API takes them.
//!
//! Guarantee: a duration is positive, whole in milliseconds and at most 100 years; anything else is refused with what to
//! write instead. Months and years are refused: they have no fixed length.

/// Longest duration: 36,525 days.
const MAX_MILLIS: i64 = 36_525 * 86_400_000;
/// Longest text that is looked at.
const MAX_CHARS: usize = 40;
/// Designators in their order, before and after the `T`.
const DATE_UNITS: [(char, i64); 2] = [('W', 604_800_000), ('D', 86_400_000)];
const TIME_UNITS: [(char, i64); 3] = [('H', 3_600_000), ('M', 60_000), ('S', 1_000)];

/// Reads `P2W`, `P1DT12H`, `PT2H`, `PT90M`, `PT0.25S` as milliseconds.
pub fn parse_millis(text: &str) -> Result<i64, String> {
    let wrong = |why: &str| format!("\"{}\" {why}: write for example PT2H, PT90M or P3D", text.chars().take(MAX_CHARS).collect::<String>());
    if text.len() > MAX_CHARS {
        return Err(wrong("is too long"));
    }
    let body = text.strip_prefix('P').ok_or_else(|| wrong("is no duration"))?;
    let (date, time) = match body.split_once('T') {
        Some((_, "")) => return Err(wrong("ends where a length should follow")),
        Some((date, time)) => (date, time),
        None => (body, ""),
    };
    let millis = sum(date, &DATE_UNITS).zip(sum(time, &TIME_UNITS)).and_then(|(date, time)| date.checked_add(time));
    match millis {
        None => Err(wrong("is no duration of weeks, days, hours, minutes and seconds")),
        Some(0) => Err(wrong("is no time at all")),
        Some(millis) if millis > MAX_MILLIS => Err(wrong("is longer than 100 years")),
        Some(millis) => Ok(millis),
    }
}

/// The sum of `<number><unit>` parts whose units come in the given order, each at most once.
fn sum(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut total: i64 = 0;
    let mut units = units.iter();
    while !text.is_empty() {
        let end = text.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, rest) = text.split_at(end);
        let designator = rest.chars().next()?;
        let (_, millis) = units.by_ref().find(|(unit, _)| *unit == designator)?;
        total = total.checked_add(part(number, *millis, designator == 'S')?)?;
        text = rest.get(1..)?;
    }
    Some(total)
}

/// A number times its unit; only seconds may have a fraction, of at most three digits.
fn part(number: &str, millis: i64, fraction_allowed: bool) -> Option<i64> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if fraction_allowed && digits(fraction) && fraction.len() <= 3 => (whole, fraction),
        Some(_) => return None,
        None => (number, ""),
    };
    if !digits(whole) {
        return None;
    }
    let fraction: i64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<3}").parse().ok()? };
    whole.parse::<i64>().ok()?.checked_mul(millis)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::parse_millis;

    #[test]
    fn reads_weeks_days_hours_minutes_and_seconds() {
        assert_eq!(parse_millis("PT2H"), Ok(7_200_000));
        assert_eq!(parse_millis("P1DT1H30M"), Ok(91_800_000));
        assert_eq!(parse_millis("P2W"), Ok(1_209_600_000));
        assert_eq!(parse_millis("PT0.25S"), Ok(250));
    }

    #[test]
    fn refuses_what_has_no_fixed_positive_length() {
        let wrong = ["", "P", "PT", "PT0S", "-P1D", "P1Y", "P1M", "1d", "PT1.5H", "PT1H1H", "PT1M1H", "PT9223372036854775807S", "PTé"];
        for text in wrong {
            assert!(parse_millis(text).is_err(), "{text}");
        }
        assert!(parse_millis(&"9".repeat(500)).is_err());
    }
}
