//! What becomes of a burst.

use uuid::Uuid;

use super::*;
use crate::domain::instance::TaskState;

const NOW: &str = "2026-01-05T15:00:00Z";

fn letter(task: u128, kind: Kind, due: &str) -> Letter {
    let due_at: Instant = due.parse().unwrap();
    Letter {
        kind,
        to_name: "<Lea>".to_owned(),
        program: "Oxygen".to_owned(),
        step: "Release".to_owned(),
        role: Some("Nurse".to_owned()),
        task: TaskId(Uuid::from_u128(task << 32)),
        assignee: Some("ann".into()),
        due: Some(due.to_owned()),
        due_at: Some(due_at),
        span: None,
        rung: Some("breach".to_owned()),
        repetition: 1,
        until_acknowledged: kind == Kind::Escalated,
        until_claimed: false,
        may_answer: kind != Kind::Warned,
        stands_for: None,
    }
}

fn held(number: u128, letter: &Letter) -> Held {
    Held {
        id: NoticeId(Uuid::from_u128(number)),
        program: "oxygen".to_owned(),
        body: serde_json::to_string(letter).unwrap(),
        queued_at: Instant::clamped(i64::try_from(number).unwrap()),
        task_state: Some(TaskState::Open),
        acknowledged: false,
    }
}

fn burst(mails: Vec<Held>) -> Burst {
    Burst { recipient: "lea".to_owned(), address: "lea@example.org".to_owned(), mails }
}

fn gathered(mails: Vec<Held>) -> (Collected, Option<Digest>) {
    let collected = gather(burst(mails), NOW.parse().unwrap());
    let digest = collected.digest.as_ref().map(|digest| serde_json::from_str(&digest.body).unwrap());
    (collected, digest)
}

fn ids(notices: &[NoticeId]) -> Vec<u128> {
    notices.iter().map(|id| id.0.as_u128()).collect()
}

#[test]
fn one_mail_goes_out_as_it_is() {
    let (collected, digest) = gathered(vec![held(1, &letter(1, Kind::Breached, NOW))]);
    assert_eq!((ids(&collected.told), digest), (vec![1], None));
}

#[test]
fn several_are_one_mail_and_a_task_is_named_once() {
    let mails = vec![
        held(1, &letter(1, Kind::Warned, "2026-01-05T14:00:00Z")),
        held(2, &letter(2, Kind::Warned, "2026-01-05T17:00:00Z")),
        held(3, &letter(1, Kind::Breached, "2026-01-05T14:00:00Z")),
        held(4, &letter(3, Kind::Warned, "2026-01-05T14:30:00Z")),
    ];
    let (collected, digest) = gathered(mails);
    assert_eq!(ids(&collected.told), [1, 2, 3, 4]);
    let digest = digest.unwrap();
    assert_eq!((digest.overdue, digest.soon), (2, 1), "the time of the third ran out while its mail waited");
    assert_eq!(digest.lines.iter().map(|line| line.task.0.as_u128() >> 32).collect::<Vec<_>>(), [1, 3, 2]);
    let mail = digest.render("https://proviso.example", |mail| format!("https://proviso.example/answer/{}", mail.0.as_u128())).unwrap();
    assert_eq!(mail.subject, "Overdue: 2 tasks, due soon: 1 task");
    for part in ["due 2026-01-05T14:00:00Z", "claimed by ann", "https://proviso.example/tasks/", "https://proviso.example/breaches"] {
        assert!(mail.text.contains(part), "{part} is missing:\n{}", mail.text);
    }
    assert!(mail.html.contains("&#60;Lea&#62;") && !mail.html.contains("<Lea>"), "{}", mail.html);
    assert!(!mail.text.contains("more."), "{}", mail.text);
    for form in [&mail.text, &mail.html] {
        let answered: Vec<&str> = form.split("https://proviso.example/answer/").skip(1).filter_map(|rest| rest.get(..1)).collect();
        assert_eq!(answered, ["3"], "only the mail that told of a breach is answered: {form}");
    }
}

#[test]
fn a_digest_of_warnings_and_one_from_before_there_were_links_have_none() {
    let warned = |task| held(task, &letter(task, Kind::Warned, "2026-01-05T17:00:00Z"));
    let digest = gathered(vec![warned(1), warned(2)]).1.unwrap();
    let older: Digest = serde_json::from_str(&serde_json::to_string(&digest).unwrap().replace(",\"mail\":null", "")).unwrap();
    assert_eq!(older, digest);
    let mail = older.render("", |_| "/answer".to_owned()).unwrap();
    for form in [&mail.text, &mail.html] {
        assert!(!form.contains("/answer") && !form.to_lowercase().contains("your answer") && !form.contains("once,"), "{form}");
    }
}

#[test]
fn what_lost_its_point_is_not_told() {
    let escalated = letter(1, Kind::Escalated, NOW);
    let mails = vec![
        Held { acknowledged: true, ..held(1, &escalated) },
        Held { task_state: Some(TaskState::Completed), ..held(2, &letter(2, Kind::Warned, NOW)) },
        Held { task_state: Some(TaskState::Completed), ..held(3, &letter(3, Kind::Breached, NOW)) },
    ];
    let (collected, digest) = gathered(mails);
    assert_eq!((ids(&collected.suppressed), ids(&collected.told)), (vec![1, 2], vec![3]));
    assert_eq!(digest, None, "the breach is a fact and the only one left");
}

#[test]
fn a_mail_that_cannot_be_read_stops_no_others() {
    let unreadable = Held { body: "{".to_owned(), ..held(1, &letter(1, Kind::Breached, NOW)) };
    let (collected, digest) = gathered(vec![unreadable.clone(), held(2, &letter(2, Kind::Breached, NOW))]);
    assert_eq!((ids(&collected.told), digest.unwrap().overdue), (vec![1, 2], 1));
    assert_eq!(gathered(vec![unreadable.clone(), Held { id: NoticeId(Uuid::from_u128(9)), ..unreadable }]).1, None);
}

#[test]
fn a_long_list_ends_with_a_number() {
    let mails = (1..=500).map(|number| held(number, &letter(number, Kind::Breached, NOW))).collect();
    let digest = gathered(mails).1.unwrap();
    assert_eq!((digest.overdue, digest.lines.len()), (500, NAMED));
    let mail = digest.render("", |_| "/answer".to_owned()).unwrap();
    assert_eq!(mail.subject, "Overdue: 500 tasks");
    assert!(mail.text.contains("And 400 more.") && mail.html.contains("And 400 more."), "{}", mail.text);
}
