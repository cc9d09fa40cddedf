//! What a re-projection would move: every live clock is judged, outside the writer and on threads of their own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::calendar::{CalendarVersion, Calendars};
use crate::domain::clock::Reason;
use crate::domain::command::Principal;
use crate::domain::definition::Published;
use crate::domain::rejection::{Rejection, Violation, ViolationKind};
use crate::domain::reprojection::{Counts, Move, Onto, Standing, Subject, Verdict, hash_of, judge};
use crate::ids::{CalendarId, ClockId, ProgramId};
use crate::instant::Instant;
use crate::service::{Error, Services};
use crate::store::reprojections::LiveClock;

/// Clocks read at a time.
const PAGE: u64 = 1_000;
/// Moves shown with their reasons.
const SHOWN: usize = 50;

/// What is to be followed: the current version of a calendar, or a version of a program, the latest where none is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    #[schema(example = "us_federal")]
    pub calendar: Option<String>,
    #[serde(default)]
    #[schema(example = "oxygen_continuity")]
    pub program: Option<String>,
    /// Of a program only.
    #[serde(default)]
    pub to_version: Option<u32>,
}

/// What would happen. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReprojectionPreview {
    /// `calendar` or `program`, its id and the version that clocks would follow.
    #[schema(value_type = Object)]
    pub subject: Subject,
    pub counts: Counts,
    /// Hex, of the list of moves: a proposal that names it is refused when another list came out meanwhile.
    pub sha256: String,
    /// The first moves, in order of the clocks' ids. A proposal keeps all of them.
    pub moves: Vec<PreviewedMove>,
}

/// A clock that would move, and why to that instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PreviewedMove {
    #[serde(flatten)]
    pub what: Move,
    pub because: Vec<Reason>,
}

/// Everything that came out.
pub(super) struct Outcome {
    pub preview: ReprojectionPreview,
    pub moves: Vec<Move>,
}

/// Counts and lists the live clocks that would move. Needs an administrator or an auditor.
pub async fn preview(services: &Services, who: &Principal, asked: &Asked) -> Result<ReprojectionPreview, Error> {
    super::require_reader(who)?;
    Ok(compute(services, asked).await?.preview)
}

pub(super) async fn compute(services: &Services, asked: &Asked) -> Result<Outcome, Error> {
    services.calendars.refresh(&services.store).await?;
    let calendars = services.calendars.book();
    let subject = subject(services, &calendars, asked).await?;
    let target = match &subject {
        Subject::Calendar { calendar, version } => Target::Calendar(CalendarVersion { calendar: calendar.clone(), number: *version }),
        Subject::Program { program, version } => Target::Program(services.programs.get(program, *version).await?),
    };
    let program = match &subject {
        Subject::Calendar { .. } => None,
        Subject::Program { program, .. } => Some(program.clone()),
    };
    let judging = Arc::new(Judging { target, calendars, now: services.clock.now() });
    let mut found = Found::default();
    let mut after: Option<ClockId> = None;
    loop {
        let page = services.store.live_clocks(program.as_ref(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let programs = programs(services, &page).await?;
        let judging = judging.clone();
        let judged = tokio::task::spawn_blocking(move || {
            judging.page(&page, &programs, &mut found)?;
            Ok::<_, Error>(found)
        });
        found = judged.await.map_err(|error| Error::Internal(format!("judging clocks broke off: {error}")))??;
    }
    let sha256 = hash_of(&subject, &found.moves);
    Ok(Outcome { preview: ReprojectionPreview { subject, counts: found.counts, sha256, moves: found.shown }, moves: found.moves })
}

/// What is asked for, by its version.
async fn subject(services: &Services, calendars: &Calendars, asked: &Asked) -> Result<Subject, Error> {
    let wrong = |id: &str, message: String| Error::from(Rejection::Violations(vec![Violation::new(ViolationKind::Field, id, message)]));
    match (&asked.calendar, &asked.program, asked.to_version) {
        (Some(calendar), None, None) => {
            let calendar = CalendarId::from(calendar.as_str());
            let current = calendars.current(&calendar).ok_or_else(|| wrong("calendar", "is no calendar of this server".to_owned()))?;
            let version = current.version.number;
            Ok(Subject::Calendar { calendar, version })
        }
        (None, Some(program), version) => {
            let program = ProgramId::from(program.as_str());
            let latest = services.store.latest_version(&program).await?;
            let latest = latest.ok_or_else(|| wrong("program", "is no program of this server".to_owned()))?;
            let version = version.unwrap_or(latest);
            if version == 0 || version > latest {
                return Err(wrong("to_version", format!("must be a version of {program}, 1 to {latest}")));
            }
            Ok(Subject::Program { program, version })
        }
        (Some(_), None, Some(_)) => Err(wrong("to_version", "a calendar is followed in its current version: leave it out".to_owned())),
        (Some(_), Some(_), _) | (None, None, _) => Err(wrong("calendar", "name either a calendar or a program".to_owned())),
    }
}

type Programs = HashMap<(ProgramId, u32), Arc<Published>>;

/// The program versions that the instances of a page are pinned to.
async fn programs(services: &Services, page: &[LiveClock]) -> Result<Programs, Error> {
    let mut programs = Programs::new();
    for one in page {
        if let Entry::Vacant(free) = programs.entry((one.program.clone(), one.version)) {
            free.insert(services.programs.get(&one.program, one.version).await?);
        }
    }
    Ok(programs)
}

enum Target {
    Calendar(CalendarVersion),
    Program(Arc<Published>),
}

/// What every clock is judged by.
struct Judging {
    target: Target,
    calendars: Calendars,
    now: Instant,
}

#[derive(Default)]
struct Found {
    counts: Counts,
    moves: Vec<Move>,
    shown: Vec<PreviewedMove>,
}

impl Judging {
    fn page(&self, page: &[LiveClock], programs: &Programs, found: &mut Found) -> Result<(), Error> {
        for one in page {
            let standing = one.standing()?;
            found.counts.live += 1;
            let Some(published) = programs.get(&(one.program.clone(), one.version)) else { continue };
            if let Some(onto) = self.onto(one, &standing) {
                self.judge(one, &standing, &onto, published, found);
            }
        }
        Ok(())
    }

    fn judge(&self, one: &LiveClock, standing: &Standing, onto: &Onto, published: &Published, found: &mut Found) {
        let time = &published.program.time;
        let verdict = judge(standing, onto, time, &self.calendars, self.now);
        found.counts.concerned += u64::from(verdict != Verdict::Unconcerned);
        match verdict {
            Verdict::Unconcerned | Verdict::Same => {}
            Verdict::Stays(why) => found.counts.stayed(&why),
            Verdict::Moves(projected) => {
                found.counts.moved(standing.due_at, projected.due_at, self.now);
                let what = Move {
                    clock: standing.id,
                    generation: standing.generation,
                    instance: one.instance,
                    task: standing.task,
                    program: one.program.clone(),
                    workflow: one.workflow.clone(),
                    step: standing.step.clone(),
                    due_before: standing.due_at,
                    due_after: projected.due_at,
                };
                if found.shown.len() < SHOWN {
                    let because = projected.derivation(time, &self.calendars).map(|derivation| derivation.because).unwrap_or_default();
                    found.shown.push(PreviewedMove { what: what.clone(), because });
                }
                found.moves.push(what);
            }
        }
    }

    /// What the clock is to follow; none where nothing changes for it.
    fn onto(&self, one: &LiveClock, standing: &Standing) -> Option<Onto> {
        match &self.target {
            Target::Calendar(version) => Some(Onto::Calendar(version.clone())),
            Target::Program(published) if published.program.version <= one.version => None,
            Target::Program(published) => {
                let rule = published.step(&one.workflow, &standing.step)?.due.clone()?;
                Some(Onto::Rule { version: published.program.version, rule })
            }
        }
    }
}
