use proptest::prelude::{ProptestConfig, any, prop, prop_oneof, proptest};
use proptest::strategy::{Just, Strategy};

use super::fixture::World;
use crate::domain::record::Verdict;
use crate::domain::rules::{MAX_CHARS, Rule};

/// Runs on the stack a worker thread has.
fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap().join().unwrap()
}

fn refusal(text: &str) -> String {
    let text = text.to_owned();
    on_a_small_stack(move || Rule::parse(&text).err().map_or_else(|| "accepted".to_owned(), |fault| fault.message))
}

#[test]
fn a_rule_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Rule>();
}

#[test]
fn a_long_text_is_refused() {
    assert!(refusal(&format!("true{}", " ".repeat(MAX_CHARS))).starts_with("the rule has 1004 characters"));
    assert_eq!(refusal(&format!("true{}", " ".repeat(MAX_CHARS - 4))), "accepted");
}

#[test]
fn deep_nesting_is_refused_before_it_can_use_up_the_stack() {
    let nested = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(refusal(&nested(20)), "accepted");
    for depth in [21, 400] {
        assert_eq!(refusal(&nested(depth)), "more than 20 brackets are open here: split the rule into several");
    }
    assert!(refusal(&"(".repeat(900)).starts_with("more than 20"));
    assert!(refusal(&format!("{}1{}", "[".repeat(300), "]".repeat(300))).starts_with("more than 20"));
    assert_eq!(refusal(&format!("actor == \"{}\"", "(".repeat(300))), "accepted", "brackets inside a text are text");
    assert!(refusal(&format!("actor == r\"\\\" || {}", "(".repeat(30))).starts_with("more than 20"), "a raw text ends at its quote");
}

#[test]
fn long_chains_are_refused() {
    for text in [
        format!("1{} == 1", " + 1".repeat(240)),
        format!("{}true", "!".repeat(900)),
        format!("{}1 == 1", "-".repeat(900)),
        format!("fields.x{} == 1", ".y".repeat(450)),
        format!("fields.x{} == 1", "[0]".repeat(250)),
        format!("{}true", "true ? true : ".repeat(65)),
        format!("{}true", "true ? ".repeat(100)),
        format!("fields.x{} == 1", ".size()".repeat(130)),
    ] {
        assert_ne!(refusal(&text), "accepted", "{text}");
    }
    assert_eq!(refusal(&format!("true{}", " && true".repeat(120))), "accepted");
}

#[test]
fn the_longest_accepted_rules_evaluate_on_a_small_stack() {
    let chain = |part: &str, count: usize| format!("1{} > 0", part.repeat(count));
    let longest = (1..250).rev().map(|count| chain(" + 1", count)).find(|text| refusal(text) == "accepted").unwrap();
    let nested = format!("{}1{} == 19", "(1 + ".repeat(18), ")".repeat(18));
    let ternaries = format!("{}true", "false ? true : ".repeat(20));
    for text in [longest, nested, ternaries, format!("{}true", "true && ".repeat(120))] {
        assert_eq!(on_a_small_stack(move || World::new().find(&text).verdict), Verdict::Pass);
    }
}

#[test]
fn going_through_a_list_for_each_item_of_another_is_refused() {
    let refused = "a rule may go through a list once, not through a list for each item of another";
    assert_eq!(refusal("fields.a.all(x, fields.b.all(y, x == y))"), refused);
    assert_eq!(refusal("fields.a.all(x, fields.b.exists(y, true) || fields.c.map(z, z) == [])"), refused);
    assert_eq!(refusal("fields.a.filter(x, x > 1).all(x, x > 2)"), "accepted");
}

#[test]
fn a_faulty_rule_is_evaluated_without_harm() {
    let world = World::new();
    for rule in
        ["nope.x == 1", "fields == null", "{'a': 1}.a == 1", "b'x' == b'x'", "fields.severity.x.y", "nope(1)", "actor", "now.getHours()"]
    {
        assert!(matches!(world.find_unchecked(rule).verdict, Verdict::CannotTell { .. }), "{rule}");
    }
}

/// Pieces rules are made of, so that many texts get past the grammar.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "fields",
        ".",
        "severity",
        "tags",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "==",
        "!=",
        "<",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "/",
        "%",
        "?",
        ":",
        ",",
        "null",
        "true",
        "1",
        "0",
        "9223372036854775807",
        "1.5",
        "5u",
        "'a'",
        "\"",
        "'",
        "\\",
        "b'\\xff'",
        "r'",
        "'''",
        "in",
        "has(",
        ".all(x, ",
        ".map(x, ",
        "x",
        "one(\"service_register\", ",
        "rows(",
        "table(\"risk_rule\", ",
        "date(",
        "now",
        "hours(",
        "steps",
        "review",
        "outcome",
        ".matches(\"",
        "//",
        "\n",
        "@",
        "$0",
        "`",
        "size(",
        "duration(\"",
        "timestamp(",
        "..",
        "é",
        "\u{0}",
    ]);
    prop::collection::vec(piece, 1..24).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_parsing_checking_or_evaluating_panic(text in prop_oneof![any::<String>().boxed(), pieces().boxed(), Just(String::new()).boxed()]) {
        super::fixture::faults(&text);
        if let Ok(rule) = Rule::parse(&text) {
            let world = World::new().with("service_register", "2026-11-23T00:00:00Z", &[]);
            let finding = rule.evaluate(&world.scope(), &world.facts, &world.program);
            assert_eq!(rule.evaluate(&world.scope(), &world.facts, &world.program), finding, "the same on the same inputs");
        }
    }
}
