use super::fixture::{World, at};
use crate::domain::record::Verdict;
use crate::domain::rules::{KeyExpr, Rule};
use crate::domain::value::Value;

const FRESH: &str = "2026-11-23T00:00:00Z";

#[test]
fn what_is_given_passes_or_fails() {
    let world = World::new();
    world.passes("fields.severity == 7");
    world.fails("fields.severity > 7");
    world.passes(r#"fields["severity"] in [6, 7] && !fields.urgent"#);
    world.passes(r#"fields.support == "concentrator" && fields.amount >= 12.5"#);
    world.passes(r#"actor == "carla" && instance.started_at < now"#);
    world.passes(r#"fields.tags.exists(tag, tag == "liquid") && size(fields.tags) == 2"#);
}

#[test]
fn a_missing_value_cannot_tell_whatever_the_operator() {
    let world = World::new().without("severity");
    for rule in ["fields.severity == 7", "fields.severity != 7", "fields.severity > 3", "fields.severity in [7]", "!(fields.severity == 7)"]
    {
        world.cannot_tell(rule, "severity is not given");
    }
    world.cannot_tell(r#"outcome == "done""#, "no outcome is given");
    world.cannot_tell("asks.deadline > now", "deadline is not given");
    world.cannot_tell("started.confirmed_at < now", "confirmed_at was not given at the start");
    world.cannot_tell(r#"steps.review.outcome == "cleared""#, "review has not been completed");
}

#[test]
fn what_makes_no_difference_may_be_missing() {
    let world = World::new().without("severity");
    world.passes("fields.severity > 3 || fields.impact == 5");
    world.fails("fields.impact == 6 && fields.severity > 3");
    world.passes("fields.urgent ? fields.severity > 3 : fields.impact == 5");
}

#[test]
fn only_null_and_has_see_a_gap_as_a_value() {
    let world = World::new().without("severity");
    world.passes("fields.severity == null");
    world.fails("null != fields.severity");
    world.fails("has(fields.severity)");
    world.passes("has(fields.impact) && fields.impact != null");
    world.passes("fields.severity == null || fields.severity > 3");
    world.passes("steps.review.outcome == null && !has(steps.review.fields.note)");
}

#[test]
fn a_step_is_read_through_its_latest_record() {
    let world = World::new().with_record("review", Some("cleared"), &[("note", Value::Text("fine".into()))]);
    world.passes(r#"steps.review.outcome == "cleared" && steps.review.fields.note.startsWith("fi")"#);
    world.passes(r#"steps.review.completed_at + hours(4) <= now && steps.review.completed_by == actor"#);
    world.fails("now - steps.review.completed_at > hours(4)");
}

#[test]
fn a_source_that_was_never_imported_cannot_tell() {
    let rule = r#"one("eligibility_file", fields.participant_id) != null"#;
    World::new().cannot_tell(rule, "the eligibility file has not been imported");
    World::new().cannot_tell(r#"fresh("eligibility_file")"#, "the eligibility file has not been imported");
}

#[test]
fn a_stale_source_cannot_tell_and_is_not_fresh() {
    let world = World::new().with("eligibility_file", "2026-11-22T11:59:59.999Z", &[&[("status", Value::Text("active".into()))]]);
    world.cannot_tell(r#"one("eligibility_file", fields.participant_id) != null"#, "the eligibility file is older than 1 day");
    world.fails(r#"fresh("eligibility_file")"#);
    let world = World::new().with("eligibility_file", "2026-11-22T12:00:00Z", &[]);
    world.passes(r#"fresh("eligibility_file")"#);
}

#[test]
fn a_version_is_the_number_of_the_newest_import() {
    let world = World::new().with("service_register", FRESH, &[]);
    world.passes(r#"version("service_register") == 4"#);
    World::new().cannot_tell(r#"version("service_register") == 4"#, "the service register has not been imported");
    let lookups = Rule::parse(r#"version("service_register") > 0 && fresh("eligibility_file")"#).unwrap().lookups(&World::new().scope());
    let wanted: Vec<_> = lookups.iter().map(|lookup| (lookup.source.as_str(), lookup.key.as_str())).collect();
    assert_eq!(wanted, [("eligibility_file", ""), ("service_register", "")], "a version alone is read through a key that no row has");
}

#[test]
fn no_row_fails() {
    let world = World::new().with("service_register", FRESH, &[]);
    world.fails(r#"one("service_register", fields.participant_id) != null"#);
    world.passes(r#"one("service_register", fields.participant_id) == null"#);
    world.fails(r#"one("service_register", fields.participant_id).status == "active""#);
    world.fails(r#"one("service_register", fields.participant_id).status != "active""#);
    world.fails(r#"has(one("service_register", fields.participant_id).status)"#);
}

#[test]
fn one_row_is_read_by_column() {
    let row: &[(&str, Value)] =
        &[("status", Value::Text("active".into())), ("score", Value::Null), ("active_from", Value::Date("2026-11-01".parse().unwrap()))];
    let world = World::new().with("service_register", FRESH, &[row]);
    world.passes(r#"one("service_register", fields.participant_id).status == "active""#);
    world.passes(r#"one("service_register", fields.participant_id).active_from <= fields.seen_on"#);
    world.passes(r#"one("service_register", "p1")["participant_id"] == "p1""#);
    world.cannot_tell(r#"one("service_register", fields.participant_id).score > 3"#, "the service register gives no score");
    world.passes(r#"one("service_register", fields.participant_id).score == null"#);
    world.fails(r#"has(one("service_register", fields.participant_id).score)"#);
}

#[test]
fn several_rows_cannot_tell_one_but_can_be_gone_through() {
    let row = |score: Value| [("score", score)];
    let world = World::new().with("service_register", FRESH, &[&row(Value::Integer(1)), &row(Value::Integer(4))]);
    world.cannot_tell(
        r#"one("service_register", fields.participant_id) != null"#,
        "the service register has 2 rows for this participant_id",
    );
    world.passes(r#"rows("service_register", fields.participant_id).all(row, row.score > 0 && row.participant_id == "p1")"#);
    world.passes(r#"rows("service_register", fields.participant_id).filter(row, row.score > 3).size() == 1"#);
    world.passes(r#"rows("service_register", fields.participant_id).filter(row, row.score > 3).map(row, row.score) == [4]"#);
    let world = World::new().with("service_register", FRESH, &[&row(Value::Integer(1)), &row(Value::Null)]);
    world.cannot_tell(r#"rows("service_register", fields.participant_id).all(row, row.score > 0)"#, "a row gives no score");
    world.passes(r#"rows("service_register", fields.participant_id).exists_one(row, row.score == null)"#);
    world.passes(r#"rows("service_register", fields.participant_id).exists(row, has(row.score) && row.score == 1)"#);
}

#[test]
fn too_many_rows_or_items_cannot_tell() {
    let row: &[(&str, Value)] = &[("score", Value::Integer(1))];
    let world = World::new().with("service_register", FRESH, &vec![row; 501]);
    world.cannot_tell(
        r#"size(rows("service_register", fields.participant_id)) > 3"#,
        "the service register has more than 500 rows for this participant_id",
    );
    let tags = vec![Value::Code("liquid".into()); 501];
    World::new().set("tags", Value::List(tags)).cannot_tell("size(fields.tags) > 3", "fields.tags: a list has more than 500 items");
}

#[test]
fn a_lookup_without_a_key_cannot_tell_and_is_not_asked_for() {
    let world = World::new().without("participant_id").with("service_register", FRESH, &[]);
    let rule = r#"one("service_register", fields.participant_id) == null"#;
    world.cannot_tell(rule, "participant_id is not given");
    assert!(Rule::parse(rule).unwrap().lookups(&world.scope()).is_empty());
    let lookups = Rule::parse(rule).unwrap().lookups(&World::new().scope());
    assert_eq!(
        lookups.iter().map(|lookup| (lookup.source.as_str(), lookup.key.as_str())).collect::<Vec<_>>(),
        [("service_register", "p1")]
    );
}

#[test]
fn a_table_gives_the_first_row_that_applies() {
    let rule = r#"fields.severity == table("risk_rule", fields.support, fields.impact)"#;
    World::new().passes(rule);
    World::new().set("impact", Value::Integer(3)).fails(rule);
    World::new().without("impact").cannot_tell(rule, "impact is not given");
    World::new().set("impact", Value::Integer(-1)).cannot_tell(rule, "the table risk_rule has no row for what is given");
    let finding = World::new().find(rule);
    assert_eq!(finding.saw["table(risk_rule, concentrator, 5)"], 7);
}

#[test]
fn a_date_is_the_local_one_of_the_programs_zone() {
    let world = World::new();
    world.passes("date(fields.seen_at) == fields.seen_on");
    world.passes(r#"date(now) == "2026-11-23" && fields.seen_on < date(now) && fields.seen_on >= date(now - days(1))"#);
}

#[test]
fn a_decimal_that_is_too_long_cannot_tell() {
    World::new()
        .set("amount", Value::Decimal("1234567890123456.7".into()))
        .cannot_tell("fields.amount > 1.0", "fields.amount: a decimal with more than 15 digits cannot be compared exactly");
}

#[test]
fn a_finding_names_what_it_saw_with_version_and_digest() {
    let world = World::new().without("severity").with("eligibility_file", FRESH, &[&[("status", Value::Text("active".into()))]]);
    let rule = r#"fields.severity == 1 || fresh("eligibility_file") && one("eligibility_file", fields.participant_id).status == "active""#;
    let finding = world.find(rule);
    assert_eq!(finding.verdict, Verdict::Pass);
    let shown = serde_json::to_string(&finding.saw).unwrap();
    let read = format!(r#""version":4,"sha256":"{}","imported_at":"2026-11-23T00:00:00.000Z""#, "ab".repeat(32));
    assert_eq!(
        shown,
        format!(
            r#"{{"fields.severity":null,"fresh(eligibility_file)":{{{read}}},"eligibility_file[p1]":{{{read},"count":1,"rows":[{{"status":"active"}}]}}}}"#
        )
    );
}

#[test]
fn what_a_rule_reads_is_known_without_evaluating_it() {
    let text = r#"one("service_register", fields.participant_id).status == "a" || table("risk_rule", steps.review.fields.note, 1) == 1
        || rows("eligibility_file", "all").size() > 0 || fresh("eligibility_file") || asks.owner == actor"#;
    let rule = Rule::parse(text).unwrap();
    let paths: Vec<String> = rule.reads().paths.iter().map(|path| path.join(".")).collect();
    assert_eq!(paths, ["actor", "asks.owner", "fields.participant_id", "steps.review.fields.note"]);
    let path = KeyExpr::Path(vec!["fields".into(), "participant_id".into()]);
    assert_eq!(rule.reads().lookups, [("service_register".into(), path), ("eligibility_file".into(), KeyExpr::Literal("all".into()))]);
    assert_eq!(rule.reads().tables, [("risk_rule".into(), 2)]);
    assert_eq!(rule.reads().versions, ["eligibility_file".into()]);
}

#[test]
fn a_computed_value_has_the_type_of_its_field() {
    let world = World::new().set("seen_at", Value::Timestamp(at("2026-11-23T12:00:00Z")));
    let value = |field: &str, rule: &str| {
        let field = &world.program.workflows["episode"].steps["record"].fields[field];
        Rule::parse(rule).unwrap().value(&world.scope(), &world.facts, &world.program, field)
    };
    assert_eq!(value("severity", r#"table("risk_rule", fields.support, fields.impact)"#), Ok(Value::Integer(7)));
    assert_eq!(value("amount", "fields.amount * 2.0"), Ok(Value::Decimal("25.00".into())));
    assert_eq!(value("amount", "fields.impact"), Ok(Value::Decimal("5.00".into())));
    assert_eq!(value("support", r#"fields.urgent ? "liquid" : "concentrator""#), Ok(Value::Code("concentrator".into())));
    assert_eq!(value("seen_on", "date(fields.seen_at)"), Ok(Value::Date("2026-11-23".parse().unwrap())));
    assert_eq!(value("seen_at", "fields.seen_at + minutes(30)"), Ok(Value::Timestamp(at("2026-11-23T12:30:00Z"))));
    assert_eq!(value("urgent", "fields.impact > 3"), Ok(Value::Boolean(true)));
    assert_eq!(value("nurse", "fields.urgent ? actor : null"), Ok(Value::Null));
    assert_eq!(value("severity", "size(fields.nurse)"), Err("nurse is not given".to_owned()));
    assert_eq!(value("tags", r#"fields.tags.filter(tag, tag != "liquid")"#), Ok(Value::List(vec![Value::Code("concentrator".into())])));
}

#[test]
fn arithmetic_that_goes_wrong_cannot_tell() {
    let world = World::new().set("impact", Value::Integer(0));
    world.cannot_tell("fields.severity / fields.impact > 1", "the rule divides by zero");
    world.cannot_tell("9223372036854775807 + fields.severity > 1", "a number or date grows too large");
    world.cannot_tell(r#"fields.tags[7] == "liquid""#, "a list has fewer items than the rule reads");
    world.cannot_tell("int(fields.participant_id) > 1", "int() cannot use what is given");
    world.cannot_tell("days(fields.severity * 1000000) > hours(1)", "days() cannot use what is given");
}
