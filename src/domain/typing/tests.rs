use proptest::prelude::*;
use serde_json::json;

use super::*;

const PROGRAM: &str = r#"
program: small
title: Small
version: 1
time: { zone: UTC, calendar: us_federal }
contact: { name: A, email: a@example.org }
roles: { nurse: { title: Nurse, top: true } }
codes: { colour: { red: Red, blue: Blue } }
workflows: {}
"#;

fn program() -> Program {
    serde_saphyr::from_str(PROGRAM).unwrap()
}

fn typed(field: Json, sent: Json) -> Result<Value, String> {
    let field: Field = serde_json::from_value(field).unwrap();
    read(&field, &sent, &program())
}

fn decimal(sent: Json) -> Result<String, String> {
    typed(json!({ "type": "decimal" }), sent).map(|value| value.to_json().as_str().unwrap().to_owned())
}

#[test]
fn reads_each_type_and_gives_it_back_as_the_api_shows_it() {
    for (field, sent, shown) in [
        (json!("text"), json!("two\nlines"), json!("two\nlines")),
        (json!("integer"), json!(-7), json!(-7)),
        (json!("decimal"), json!("12.5"), json!("12.50")),
        (json!({ "type": "decimal", "scale": 0 }), json!("12"), json!("12")),
        (json!("boolean"), json!(false), json!(false)),
        (json!("date"), json!("2024-02-29"), json!("2024-02-29")),
        (json!("timestamp"), json!("2026-01-05T08:00:00-05:00"), json!("2026-01-05T13:00:00.000Z")),
        (json!({ "code": "colour" }), json!("red"), json!("red")),
        (json!("person"), json!("ann"), json!("ann")),
        (json!({ "type": "list", "code": "colour" }), json!(["red", "blue"]), json!(["red", "blue"])),
    ] {
        assert_eq!(typed(field.clone(), sent).map(|value| value.to_json()), Ok(shown), "{field}");
        assert_eq!(typed(field.clone(), Json::Null), Ok(Value::Null), "{field}");
    }
}

#[test]
fn refuses_what_is_not_of_the_type_or_beyond_its_limits() {
    for (field, sent) in [
        (json!("text"), json!(5)),
        (json!("text"), json!(" \t")),
        (json!({ "type": "text", "at_most": 3 }), json!("äöüß")),
        (json!("integer"), json!(1.5)),
        (json!("integer"), json!("1")),
        (json!("integer"), json!(u64::MAX)),
        (json!({ "type": "integer", "from": 0, "to": 10 }), json!(11)),
        (json!({ "type": "integer", "from": 0, "to": 10 }), json!(-1)),
        (json!("boolean"), json!("true")),
        (json!("date"), json!("2023-02-29")),
        (json!("date"), json!("2026-1-5")),
        (json!("date"), json!("2026- 1- 5")),
        (json!("date"), json!("+2026-01-5")),
        (json!("date"), json!("2026-01-05T00:00:00Z")),
        (json!("timestamp"), json!("2026-01-05T08:00:00")),
        (json!({ "code": "colour" }), json!("green")),
        (json!("person"), json!("")),
        (json!("person"), json!("x".repeat(65))),
        (json!("list"), json!("red")),
        (json!({ "type": "list", "code": "colour" }), json!(["green"])),
        (json!({ "type": "list", "code": "colour" }), json!(["red", null])),
        (json!({ "type": "list", "at_most": 1 }), json!(["a", "b"])),
    ] {
        assert!(typed(field.clone(), sent.clone()).is_err(), "{field} {sent}");
    }
}

#[test]
fn a_decimal_is_never_rounded() {
    for (sent, read) in [
        (json!("0"), "0.00"),
        (json!("007.5"), "7.50"),
        (json!("-0.05"), "-0.05"),
        (json!("-0"), "0.00"),
        (json!("-0.00"), "0.00"),
        (json!(12.5), "12.50"),
        (json!(3), "3.00"),
        (json!("999999999999999.99"), "999999999999999.99"),
    ] {
        assert_eq!(decimal(sent.clone()).as_deref(), Ok(read), "{sent}");
    }
    for sent in ["1.005", "1.000", "1e2", "1,5", ".5", "5.", "+5", "--5", "-", "", " 1", "1_000", "٣", "NaN", "1000000000000000"] {
        assert!(decimal(json!(sent)).is_err(), "{sent}");
    }
}

#[test]
fn a_decimal_sent_as_a_number_that_a_machine_cannot_hold_is_refused() {
    let number: Json = serde_json::from_str("899999999999999.99").unwrap();
    assert!(decimal(number).is_err_and(|why| why.contains("string")), "the nearest machine number is 900000000000000");
    assert_eq!(decimal(json!("899999999999999.99")).as_deref(), Ok("899999999999999.99"));
}

#[test]
fn limits_of_a_decimal_count_the_part_after_the_point() {
    let limited =
        |from: Option<i64>, to: Option<i64>, sent: &str| typed(json!({ "type": "decimal", "from": from, "to": to }), json!(sent)).is_ok();
    assert!(limited(Some(0), Some(10), "10.00") && !limited(Some(0), Some(10), "10.01"));
    assert!(limited(Some(0), Some(10), "0") && !limited(Some(0), Some(10), "-0.01"));
    assert!(limited(Some(-3), Some(0), "-0.50"), "less than nothing is not beyond nothing");
    assert!(limited(None, Some(-5), "-5.50") && !limited(None, Some(-5), "-4.99"));
    assert!(limited(Some(-5), None, "-5.00") && !limited(Some(-5), None, "-5.01"));
}

#[test]
fn control_characters_and_marks_that_turn_text_around_are_refused() {
    for bad in ["a\u{0}b", "a\u{7}b", "a\u{1b}[31m", "a\u{202e}b", "a\u{2066}b", "\u{85}x"] {
        for field in [json!("text"), json!("person"), json!("list")] {
            let sent = if field == "list" { json!([bad]) } else { json!(bad) };
            assert!(typed(field.clone(), sent).is_err(), "{field} {bad:?}");
        }
    }
    assert!(typed(json!("text"), json!("tab\tline\nline\r\n")).is_ok());
}

fn any_json() -> impl Strategy<Value = Json> {
    let number = prop_oneof![any::<i64>().prop_map(Json::from), any::<f64>().prop_map(Json::from), any::<u64>().prop_map(Json::from)];
    let text = prop_oneof![
        any::<String>(),
        "[-+]?[0-9]{0,18}[.,]?[0-9]{0,6}(e[0-9]{1,3})?",
        "[+ -]?[0-9]{1,6}-[0-9 ]{1,3}-[0-9 ]{1,3}(T[0-9:]{0,9}(Z|[+-][0-9:]{1,5})?)?",
    ];
    let leaf = prop_oneof![Just(Json::Null), any::<bool>().prop_map(Json::from), number, text.prop_map(Json::from)];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::vec((any::<String>(), inner), 0..3).prop_map(|pairs| Json::Object(pairs.into_iter().collect())),
        ]
    })
}

fn any_field() -> impl Strategy<Value = Field> {
    let kinds = ["text", "integer", "decimal", "boolean", "date", "timestamp", "code", "person", "list"];
    let limit = || prop::option::of(-20_i64..20);
    (prop::sample::select(kinds.to_vec()), limit(), limit(), prop::option::of(0_u32..=9), prop::option::of(1_u32..30), any::<bool>())
        .prop_map(|(kind, from, to, scale, at_most, coded)| {
            let code = coded.then_some("colour");
            let field = json!({ "type": kind, "from": from, "to": to, "scale": scale, "at_most": at_most, "code": code });
            serde_json::from_value(field).unwrap()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_read_or_refused_and_what_is_read_reads_again(field in any_field(), sent in any_json()) {
        let program = program();
        if let Ok(value) = read(&field, &sent, &program) {
            prop_assert_eq!(read(&field, &value.to_json(), &program), Ok(value));
        }
    }

    #[test]
    fn a_decimal_keeps_its_digits(negative: bool, whole in 0_i64..1_000_000_000_000_000, part in "[0-9]{0,4}", scale in 0_u32..=4) {
        let field: Field = serde_json::from_value(json!({ "type": "decimal", "scale": scale })).unwrap();
        let sign = if negative { "-" } else { "" };
        let point = if part.is_empty() { "" } else { "." };
        let read = read(&field, &json!(format!("{sign}{whole}{point}{part}")), &program());
        let scale = scale as usize;
        if part.len() > scale {
            prop_assert!(read.is_err());
        } else {
            let point = if scale == 0 { "" } else { "." };
            let digits = format!("{whole}{point}{part:0<scale$}");
            let nothing = digits.bytes().all(|byte| matches!(byte, b'0' | b'.'));
            let sign = if nothing { "" } else { sign };
            prop_assert_eq!(read, Ok(Value::Decimal(format!("{sign}{digits}"))));
        }
    }

    #[test]
    fn a_text_with_a_control_character_is_refused(before: String, control in "[\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{7f}-\u{9f}]", after: String) {
        let sent = json!(format!("{before}{control}{after}"));
        for kind in ["text", "person", "code"] {
            prop_assert!(typed(json!(kind), sent.clone()).is_err(), "{}", kind);
        }
    }
}
