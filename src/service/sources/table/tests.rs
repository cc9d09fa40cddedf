use super::*;

fn source() -> Source {
    serde_json::from_str(
        r#"{"key": "participant_id", "columns": {"status": "text", "active_from": "date", "score": "integer", "amount": "decimal",
            "active": "boolean", "seen_at": "timestamp", "tags": "list"}}"#,
    )
    .unwrap()
}

const HEADER: &str = "status,participant_id,active_from,score,amount,active,seen_at,tags\n";

fn csv(rows: &str) -> Result<Vec<(String, Row)>, Faults> {
    read(&source(), Format::Csv, format!("{HEADER}{rows}").as_bytes())
}

fn places(faults: &[Fault]) -> Vec<(usize, &str, &str)> {
    faults.iter().map(|fault| (fault.row, fault.column.as_str(), fault.code)).collect()
}

#[test]
fn a_file_becomes_typed_rows_and_empty_is_null() {
    let rows = csv("\"two\nlines\",P-1,2026-01-31,7,12.50,true,2026-11-23T09:00:00+01:00,a; b\n,P-1,,,,,,\n").unwrap();
    assert_eq!(rows.len(), 2);
    let (key, row) = &rows[0];
    assert_eq!(key, "P-1");
    assert_eq!(row["status"], Value::Text("two\nlines".to_owned()));
    assert_eq!(row["amount"], Value::Decimal("12.50".to_owned()));
    assert_eq!(row["seen_at"].to_json(), "2026-11-23T08:00:00.000Z");
    assert_eq!(row["tags"], Value::List(vec![Value::Text("a".to_owned()), Value::Text("b".to_owned())]));
    assert_eq!(rows[1].1["active"], Value::Null);
    assert_eq!(rows[1].1["participant_id"], Value::Text("P-1".to_owned()));
}

#[test]
fn every_bad_value_is_told_with_its_line() {
    let faults = csv("x,,2026-02-30,7.5,1e3,yes,2026-11-23,a\nx,P-2,,,,,\nx,P-3,26-1-1,,,,,\n").unwrap_err();
    assert_eq!(
        places(&faults),
        [
            (2, "participant_id", "key_missing"),
            (2, "active_from", "bad_value"),
            (2, "score", "bad_value"),
            (2, "amount", "bad_value"),
            (2, "active", "bad_value"),
            (2, "seen_at", "bad_value"),
            (3, "", "wrong_width"),
            (4, "active_from", "bad_value"),
        ]
    );
}

#[test]
fn the_header_must_name_the_columns_exactly() {
    let faults = read(&source(), Format::Csv, b"participant_id,state,participant_id\nP-1,x,y\n").unwrap_err();
    assert_eq!(
        places(&faults)[..3],
        [(1, "state", "unknown_column"), (1, "participant_id", "repeated_column"), (1, "status", "missing_column")]
    );
    assert_eq!(places(&read(&source(), Format::Csv, b"").unwrap_err()), [(1, "", "header_missing")]);
    assert_eq!(read(&source(), Format::Csv, format!("\u{feff}{HEADER}").as_bytes()), Ok(Vec::new()));
}

#[test]
fn json_objects_are_numbered_from_1_and_typed_too() {
    let good = r#"[{"participant_id":"P-1","status":"active","active_from":null,"score":3,"amount":"0.10","active":false,"seen_at":null,"tags":["a"]}]"#;
    let rows = read(&source(), Format::Json, good.as_bytes()).unwrap();
    assert_eq!(rows[0].1["amount"], Value::Decimal("0.10".to_owned()));
    let bad = r#"[{"participant_id":"P-1","status":1,"active_from":"x","score":"3","amount":1.5,"active":"true","seen_at":null,"tags":"a","more":1}, 7]"#;
    let faults = read(&source(), Format::Json, bad.as_bytes()).unwrap_err();
    assert_eq!(
        places(&faults),
        [
            (1, "more", "unknown_column"),
            (1, "status", "bad_value"),
            (1, "active_from", "bad_value"),
            (1, "score", "bad_value"),
            (1, "active", "bad_value"),
            (1, "tags", "bad_value"),
            (2, "", "malformed"),
        ]
    );
    assert_eq!(read(&source(), Format::Json, b"{}").unwrap_err()[0].code, "malformed");
}

#[test]
fn a_value_that_is_not_utf8_is_told() {
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend_from_slice(b"\xff,P-1,,,,,,\n");
    assert_eq!(places(&read(&source(), Format::Csv, &bytes).unwrap_err())[0], (2, "status", "not_utf8"));
}
