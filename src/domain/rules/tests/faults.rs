use super::fixture::{faults, program, value_faults};
use crate::domain::definition::{Field, Filled, Program};
use crate::domain::rules::{Declared, Rule, RuleBook, Wanted};

/// The single fault of a rule: message, the text from its offset on, suggestion.
fn fault(rule: &str) -> (String, String, Option<String>) {
    let faults = faults(rule);
    assert_eq!(faults.len(), 1, "{rule}: {faults:?}");
    let fault = &faults[0];
    (fault.message.clone(), rule.chars().skip(fault.offset.unwrap_or(usize::MAX)).collect(), fault.suggestion.clone())
}

fn assert_fault(rule: &str, message: &str, at: &str, suggestion: Option<&str>) {
    assert_eq!(fault(rule), (message.to_owned(), at.to_owned(), suggestion.map(str::to_owned)), "{rule}");
}

#[test]
fn unknown_names_are_faults_with_a_suggestion() {
    assert_fault(
        "field.severity > 3",
        "nothing is called `field`: a rule reads fields, outcome, asks, steps, started, instance, actor, now",
        "field.severity > 3",
        Some("fields"),
    );
    assert_fault("fields.severty > 3", "the step has no field severty", "fields.severty > 3", Some("severity"));
    assert_fault(
        "true && started.confirmed > now",
        "the workflow is not started with confirmed",
        "started.confirmed > now",
        Some("confirmed_at"),
    );
    assert_fault("steps.reviw.outcome == null", "the workflow has no step reviw", "steps.reviw.outcome == null", Some("review"));
    assert_fault(r#"asks.ownr == "x""#, "no outcome asks for ownr", r#"asks.ownr == "x""#, Some("owner"));
    assert_fault(r#"outcome == "doen""#, r#""doen" is none of the step's outcomes"#, r#"== "doen""#, Some("done"));
    assert_fault(
        r#"fields.support in ["liquid", "concentrater"]"#,
        r#""concentrater" is none of support"#,
        r#"in ["liquid", "concentrater"]"#,
        Some("concentrator"),
    );
    assert_fault(
        r#"one("service_registry", actor) != null"#,
        "the program has no source service_registry",
        r#"one("service_registry", actor) != null"#,
        Some("service_register"),
    );
    assert_fault(
        r#"one("service_register", actor).state == "a""#,
        "service_register has no column state",
        r#"one("service_register", actor).state == "a""#,
        Some("status"),
    );
    assert_fault(
        r#"rows("service_register", actor).all(row, row.state == "a")"#,
        "service_register has no column state",
        r#"row.state == "a")"#,
        Some("status"),
    );
    assert_fault(r#"table("risk", 1) == 1"#, "the program has no table risk", r#"table("risk", 1) == 1"#, Some("risk_rule"));
    assert_fault(r#""é" == actor && fields.severty > 3"#, "the step has no field severty", "fields.severty > 3", Some("severity"));
    assert_fault("siez(fields.tags) > 1", "there is no function siez()", "siez(fields.tags) > 1", Some("size"));
    assert_fault(
        r#"fields.nurse.startWith("c")"#,
        "there is no function startWith()",
        r#"fields.nurse.startWith("c")"#,
        Some("startsWith"),
    );
}

#[test]
fn kinds_that_do_not_fit_are_faults() {
    for (rule, message) in [
        (r#"fields.severity == "7""#, r#"an integer cannot be compared with the text "7""#),
        (r#"fields.urgent > 3"#, "a boolean is neither larger nor smaller than anything"),
        (r#"fields.support > "concentrator""#, "a code of support is neither larger nor smaller than anything"),
        ("fields.amount * 2 > 3.0", "an integer and a decimal do not mix"),
        ("fields.seen_on == now", "a date cannot be compared with a timestamp"),
        (r#"fields.seen_on < "22/11/2026""#, r#""22/11/2026" is no date"#),
        (r#"now < "2026-11-23T00:00:00Z""#, r#"a timestamp cannot be compared with the text "2026-11-23T00:00:00Z""#),
        ("fields.severity && fields.urgent", "an integer stands where true or false is needed"),
        ("!fields.severity", "an integer stands where true or false is needed"),
        ("fields.severity ? true : false", "an integer stands where true or false is needed"),
        ("fields.support.part == 1", "a code of support has no part `part`"),
        ("3 in fields.severity", "an integer is no list to look in"),
        ("fields.tags + fields.tags == fields.tags", "a list and a list cannot be added"),
        (r#"one("service_register", actor) == "x""#, r#"a row of service_register cannot be compared with the text "x""#),
        (r#"table("risk_rule", fields.support) == 1"#, "the table risk_rule takes 2 inputs (support, impact), not 1"),
        (
            r#"table("risk_rule", fields.impact, fields.impact) == 1"#,
            r#"the table's input support does not fit: an integer cannot be compared with the text "concentrator""#,
        ),
        ("fields.tags.map(t, fields.tags) == []", "a list holds no lists"),
        (r#"fields.tags.all(t, t + t == "x")"#, "texts cannot be joined inside all(), exists(), map() or filter()"),
        (r#"fresh("service_register")"#, "service_register does not say how long it is fresh"),
        ("hours(1.5) > hours(1)", "hours() cannot take a decimal"),
        ("now.getHours() > 3", "getHours() would count in UTC: name the zone"),
        (r#"now > now + duration("4 hours")"#, "duration() cannot use what is written here"),
        (r#"fields.nurse.matches("(")"#, "matches() cannot use what is written here"),
        ("fields.severity.all(x, x > 1)", "an integer is no list to go through"),
        ("fields.severity", "the rule must be true or false, but it gives an integer"),
        (r#"one("service_register", fields.tags) == null"#, "fields.tags is a list and cannot be a key"),
    ] {
        assert_eq!(fault(rule).0, message, "{rule}");
    }
}

#[test]
fn what_a_rule_cannot_say_is_a_fault() {
    for (rule, message) in [
        (
            r#"one("service_register", fields.nurse + "x") != null"#,
            "the key of one() must be a path such as fields.x, or a text in quotes, so that the rows can be read before deciding",
        ),
        (r#"rows(fields.nurse, "x").size() > 0"#, "rows() takes the source's id in quotes"),
        (r#"one("service_register") != null"#, "one() takes a source and a key, as in one(\"source\", fields.x)"),
        (r#"table(fields.nurse) == 1"#, "table() takes the table's id in quotes, then its inputs"),
        ("fields == null", "`fields` is no value: name one value of fields, as in fields.x"),
        (
            "steps.review.nonsense == 1",
            "`steps.review.nonsense` is no value: write steps.<step>.fields.<x>, .asks.<x>, .outcome, .completed_at or .completed_by",
        ),
        ("{'a': 1}.a == 1", "a rule makes no maps: compare the values one by one"),
        ("5u == 5", "write the number or text without a letter beside it"),
        ("fields.nurse.matches(actor)", "matches() takes a pattern in quotes"),
        (r#"fields.tags.all(tag, tag.matches("a"))"#, "matches() cannot stand inside all(), exists(), map() or filter()"),
        (r#"fields.nurse.matches("(a{50}){50}")"#, "the pattern is too large: at most 100 characters and 100 counted repetitions"),
        ("fields.tags.all(now, true)", "`now` already means something: choose another name for the item"),
    ] {
        assert_eq!(fault(rule).0, message, "{rule}");
    }
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_text() {
    let messages: Vec<String> =
        faults("fields.a > 1 && fields.severity == true && nope(fields.b)").into_iter().map(|fault| fault.message).collect();
    assert_eq!(
        messages,
        [
            "the step has no field a",
            "an integer cannot be compared with a boolean",
            "there is no function nope()",
            "the step has no field b"
        ]
    );
}

#[test]
fn what_is_not_grammatical_is_a_fault_at_its_place() {
    assert_fault("fields.severity >\n\n  && true", "this is no rule: `&&` cannot stand here", "&& true", None);
    assert_fault("fields.severity = 3", "this is no rule: `=` cannot stand here", "= 3", Some("=="));
    assert_fault("fields.urgent and true", "this is no rule: `and` cannot stand here", "and true", Some("&&"));
    assert_fault("actor == \"é\" and true", "this is no rule: `and` cannot stand here", "and true", Some("&&"));
    assert_fault("actor == 'é'\n|| actor == 'é' = true", "this is no rule: `=` cannot stand here", "= true", Some("=="));
    assert_fault("fields.severity >", "this is no rule: it ends too early", "", None);
    assert_fault("(fields.severity > 3", "this is no rule: it ends too early", "", None);
    assert_fault("actor == \"é", "this is no rule: a text is not closed", "\"é", None);
    assert_fault("has(now)", "this is no rule: invalid argument to has() macro", "now)", None);
    assert_eq!(faults("")[0].message, "the rule is empty");
}

#[test]
fn a_computed_value_must_fit_its_field() {
    assert!(value_faults("amount", "fields.severity * 2").is_empty());
    assert!(value_faults("support", r#"fields.urgent ? "liquid" : "concentrator""#).is_empty());
    assert!(value_faults("severity", r#"table("risk_rule", fields.support, fields.impact)"#).is_empty());
    assert!(value_faults("tags", r#"fields.tags.filter(tag, tag != "liquid")"#).is_empty());
    assert!(value_faults("seen_on", "date(now)").is_empty());
    assert_eq!(value_faults("support", r#"fields.urgent ? "liquid" : "gas""#)[0].message, r#""gas" is none of support"#);
    assert_eq!(value_faults("severity", "fields.amount")[0].message, "the field takes an integer, but the rule gives a decimal");
    assert_eq!(value_faults("support", "fields.nurse")[0].message, "a text may be none of support");
}

#[test]
fn a_rule_of_a_start_value_reads_no_step() {
    let program = program();
    let declared = Declared { program: &program, workflow: &program.workflows["episode"], step: None, wants: Wanted::Verdict };
    let told = |rule: &str| Rule::parse(rule).unwrap().check_types(&declared);
    assert!(told("started.confirmed_at <= now").is_empty());
    assert_eq!(told("fields.severity > 1")[0].message, "a rule outside a step cannot read fields");
}

#[test]
fn a_book_holds_every_rule_and_places_every_fault() {
    let yaml = super::fixture::PROGRAM
        .replace("impact: integer\n          support", "impact: { type: integer, when: fields.severity > 3 }\n          support")
        .replace("urgent: boolean", "urgent: { type: boolean, filled: computed(fields.severty > 3) }")
        .replace(
            "        then: review\n",
            "        then: review\n        gates: { g: { says: g, met_by: fields.urgent } }\n        checks: { c: { says: c, rule: fields.impact > }, d: { says: d, rule: fields.impact } }\n",
        );
    let program: Program = serde_saphyr::from_str(&yaml).unwrap();
    let (book, faults) = RuleBook::compile(&program);
    let shown: Vec<String> = faults.iter().map(|(path, fault)| format!("{}@{:?}", path.join("."), fault.offset)).collect();
    assert_eq!(
        shown,
        [
            "workflows.episode.steps.record.fields.urgent.filled@Some(9)",
            "workflows.episode.steps.record.checks.c.rule@Some(15)",
            "workflows.episode.steps.record.checks.d.rule@Some(0)",
        ]
    );
    assert!(book.get("fields.urgent").is_some() && book.get("fields.severity > 3").is_some());
    assert!(book.get("fields.impact >").is_none());
}

#[test]
fn a_computed_field_that_needs_itself_is_a_fault() {
    let mut program = program();
    let fields = &mut program.workflows["episode"].steps["record"].fields;
    let computed = |field: &Field, rule: &str| Field { filled: Some(Filled::Computed(rule.into())), ..field.clone() };
    fields["severity"] = computed(&fields["severity"], "fields.impact + 1");
    fields["impact"] = computed(&fields["impact"], "fields.severity - 1");
    let faults = RuleBook::compile(&program).1;
    let shown: Vec<String> = faults.iter().map(|(path, fault)| format!("{}: {}", path[5], fault.message)).collect();
    assert_eq!(
        shown,
        [
            "severity: severity is computed from itself: severity, impact, severity",
            "impact: impact is computed from itself: impact, severity, impact"
        ]
    );
}
