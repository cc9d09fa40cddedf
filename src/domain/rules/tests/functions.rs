use super::fixture::World;

/// Every operator and function the check lets through works in the engine on the kinds it lets through.
#[test]
fn what_the_check_lets_through_can_be_evaluated() {
    let world = World::new();
    for rule in [
        "-fields.severity < 0 && -fields.amount < 0.0 && hours(-1) < hours(0)",
        "fields.severity + 1 - 1 * 2 / 2 % 5 == 7",
        "fields.amount + 1.0 - 1.0 * 2.0 / 2.0 == 12.5",
        "fields.amount > 12 && 12 < fields.amount && fields.amount != 12",
        r#"fields.participant_id + "x" == "p1x""#,
        "now + hours(1) == hours(1) + now && now - hours(1) < now",
        "now - instance.started_at == hours(6) && hours(1) + minutes(30) - minutes(90) == minutes(0)",
        "days(1) == hours(24) && hours(1) == minutes(60) && days(-1) < days(1)",
        r#"duration("90m") == minutes(90) && duration(hours(1)) == hours(1)"#,
        r#"timestamp("2026-11-23T12:00:00Z") == now && timestamp(now) == now && int(now) > 0"#,
        r#"size(fields.tags) == 2 && fields.tags.size() == 2 && size("añb") == 3 && "ab".size() == 2"#,
        r#"int("7") == 7 && int(7.9) == 7 && int(7) == 7 && double("1.5") == 1.5 && double(1) == 1.0 && double(1.0) == 1.0"#,
        r#"string(7) == "7" && string(true) == "true" && string(1.5) == "1.5" && string(hours(1)) == "3600s" && string(now).size() > 0"#,
        r#""abc".contains("b") && "abc".startsWith("a") && "abc".endsWith("c") && "abc".matches("^[a-c]+$")"#,
        r#"now.getHours("America/New_York") == 7 && now.getMinutes("UTC") == 0 && now.getSeconds("UTC") == 0"#,
        r#"now.getMilliseconds("UTC") == 0 && now.getDayOfWeek("UTC") == 1 && now.getDayOfYear("UTC") == 326"#,
        r#"now.getFullYear("UTC") == 2026 && now.getMonth("UTC") == 10 && now.getDate("UTC") == 23 && now.getDayOfMonth("UTC") == 22"#,
        "hours(1).getHours() == 1 && hours(1).getMinutes() == 60 && hours(1).getSeconds() == 3600 && hours(1).getMilliseconds() == 3600000",
        r#"fields.tags.exists(t, t == "liquid") && !fields.tags.all(t, t == "liquid") && fields.tags.exists_one(t, t == "liquid")"#,
        r#"fields.tags.map(t, size(t)) == [6, 12] && fields.tags.map(t, t == "liquid", size(t)) == [6] && fields.tags[0] == "liquid""#,
        r#"fields.tags.filter(t, t == "liquid").all(t, t in fields.tags) && [1, 2].exists(n, n == 2) && [] == []"#,
        r#"fields.seen_on == "2026-11-22" && fields.seen_on in ["2026-11-22"] && (fields.urgent ? 1 : 2) == 2 && actor in ["carla"]"#,
        r#"fields["tags"].size() == 2 && instance.id.size() == 36 && actor < "d""#,
    ] {
        world.passes(rule);
    }
}
