use std::task::Poll;

use futures_util::{future::FutureExt as _, poll};

use super::*;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

#[test]
fn a_manual_clock_shows_the_same_time_until_it_is_moved() {
    let clock = Clock::manual(at("2026-11-23T09:00:00Z"));
    assert_eq!((clock.now(), clock.wall()), (at("2026-11-23T09:00:00Z"), at("2026-11-23T09:00:00Z")));
    clock.set(at("2026-11-23T11:00:00Z")).unwrap();
    assert_eq!((clock.now(), clock.wall()), (at("2026-11-23T11:00:00Z"), at("2026-11-23T11:00:00Z")));
}

#[test]
fn no_clock_goes_back_and_the_system_clock_is_not_moved() {
    let start = at("2026-11-23T09:00:00Z");
    let earlier = at("2026-11-23T08:59:59.999Z");
    for clock in [Clock::manual(start), Clock::sandbox(start)] {
        clock.freeze().unwrap();
        assert!(matches!(clock.set(earlier), Err(Error::Backwards { asked, .. }) if asked == earlier));
    }
    let system = Clock::system();
    assert_eq!(system.set(Instant::MAX), Err(Error::NotMovable));
    assert_eq!(system.freeze(), Err(Error::NotMovable));
}

#[test]
fn a_mark_from_an_earlier_run_holds_now_up() {
    let clock = Clock::system();
    clock.not_before(at("9000-01-01T00:00:00Z"));
    assert_eq!(clock.now(), at("9000-01-01T00:00:00Z"));
    assert!(clock.wall() < at("9000-01-01T00:00:00Z"));
}

#[test]
fn a_sandbox_clock_starts_where_told_runs_on_and_stands_while_frozen() {
    let start = at("2030-01-01T00:00:00Z");
    let clock = Clock::sandbox(start);
    assert!(clock.now() >= start);
    let frozen = clock.freeze().unwrap();
    assert_eq!((clock.now(), clock.freeze().unwrap()), (frozen, frozen));
    clock.set(at("2030-03-01T00:00:00Z")).unwrap();
    assert_eq!(clock.now(), at("2030-03-01T00:00:00Z"));
    clock.thaw().unwrap();
    assert!(clock.now() >= at("2030-03-01T00:00:00Z"));
    assert!(clock.wall() < start, "wall time is not moved");
}

#[test]
fn a_stored_offset_takes_the_sandbox_on_after_a_restart() {
    let before = Clock::sandbox(at("2031-06-01T00:00:00Z"));
    let after = Clock::sandbox_at_offset(before.offset_millis());
    assert_eq!(after.offset_millis(), before.offset_millis());
    assert!(after.now() >= at("2031-06-01T00:00:00Z"));
}

#[tokio::test]
async fn a_sleeper_wakes_when_a_manual_clock_reaches_its_instant_and_not_before() {
    let clock = Clock::manual(at("2026-11-23T09:00:00Z"));
    let sleeper = clock.sleep_until(at("2026-11-23T13:00:00Z"));
    tokio::pin!(sleeper);
    assert_eq!(poll!(&mut sleeper), Poll::Pending);
    clock.set(at("2026-11-23T12:59:59.999Z")).unwrap();
    assert_eq!(poll!(&mut sleeper), Poll::Pending);
    clock.set(at("2026-11-23T13:00:00Z")).unwrap();
    assert_eq!(poll!(&mut sleeper), Poll::Ready(()));
}

#[tokio::test]
async fn a_jump_of_the_running_sandbox_wakes_a_sleeper() {
    let clock = Clock::sandbox(at("2026-11-23T09:00:00Z"));
    let sleeper = clock.sleep_until(at("2027-11-23T09:00:00Z"));
    tokio::pin!(sleeper);
    assert_eq!(poll!(&mut sleeper), Poll::Pending);
    clock.set(at("2027-11-23T09:00:00Z")).unwrap();
    assert_eq!(poll!(&mut sleeper), Poll::Ready(()));
}

#[tokio::test]
async fn a_wall_sleep_on_a_manual_clock_ends_when_the_clock_has_moved_that_far() {
    let clock = Clock::manual(at("2026-11-23T09:00:00Z"));
    let mut sleeper = Box::pin(clock.wall_sleep(Duration::from_secs(5)));
    assert_eq!(poll!(&mut sleeper), Poll::Pending);
    clock.set(at("2026-11-23T09:00:05Z")).unwrap();
    assert_eq!(poll!(&mut sleeper), Poll::Ready(()));
    assert_eq!(clock.sleep_until(at("2026-11-23T09:00:05Z")).now_or_never(), Some(()));
}
