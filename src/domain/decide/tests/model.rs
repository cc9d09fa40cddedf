//! A second, naive account of one workflow: a list of everything that was ever opened, each with the bells its deadline
//! still has to ring. Written from the rules in words, with none of the code it is compared with.

/// The workflow it knows. `go` waits for `check` alone, so that `audit` can return what has long been released.
pub const STEPS: &str = r#"
      record: { kind: record, role: worker, due: { within: 2 hours, of: started.at }, ladder: full, then: decide }
      decide:
        kind: decision
        role: worker
        due: { within: 3 hours, of: record.completed }
        ladder: full
        outcomes: { yes: { then: [audit, check, go] }, ask: { then: answer }, no: { ends: no } }
      answer: { kind: clarification, role: worker, due: { within: 5 hours, of: decide.completed }, then: decide }
      audit: { kind: review, role: worker, outcomes: { cleared: {}, returned: { reopens: decide } } }
      check: { kind: review, role: worker, outcomes: { cleared: {}, returned: { reopens: decide } } }
      go:
        kind: release
        role: worker
        due: { within: 4 hours, of: decide.completed }
        ladder: full
        needs: check
        then: { series: look, every: 8 hours }
      look:
        kind: review
        role: worker
        ladder: full
        outcomes: { more: {}, fork: { then: [left, right] }, stop: { stops: series }, over: { ends: over } }
      left: { kind: record, role: worker, due: { within: 1 hour, of: look.completed }, ladder: full, then: merge }
      right: { kind: record, role: worker, then: merge }
      merge: { kind: record, role: worker, joins: all, due: { within: 6 hours, of: go.completed }, ladder: full }
"#;

const HOUR: i64 = 3_600_000;
const EVERY: i64 = 8 * HOUR;

/// What a step can end with; none where it has no outcomes.
pub fn outcomes(step: &str) -> &'static [&'static str] {
    match step {
        "decide" => &["yes", "ask", "no"],
        "audit" | "check" => &["cleared", "returned"],
        "look" => &["more", "fork", "stop", "over"],
        _ => &[],
    }
}

/// Hours a step may take, and whether it has the ladder.
fn budget(step: &str) -> Option<(i64, bool)> {
    match step {
        "record" => Some((2, true)),
        "decide" => Some((3, true)),
        "answer" => Some((5, false)),
        "go" => Some((4, true)),
        "left" => Some((1, true)),
        "merge" => Some((6, true)),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Claimed,
    Completed,
    Missed,
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bell {
    Percent(i64),
    Breach,
    /// One hour after the breach and every hour from then on, three times, until it is acknowledged.
    Hourly(u32),
    /// Ninety minutes after the breach.
    Late,
}

#[derive(Debug, Clone)]
pub struct Act {
    pub step: &'static str,
    pub round: u32,
    pub slot: Option<u32>,
    pub state: State,
    pub due: Option<i64>,
    pub by: Option<&'static str>,
    completed: Option<i64>,
    outcome: Option<&'static str>,
    /// The act that led to it.
    parent: Option<usize>,
    bells: Vec<(i64, Bell)>,
    /// When it was breached: when it was completed after all, and whether somebody acknowledged it.
    pub breach: Option<(Option<i64>, bool)>,
}

impl Act {
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Open | State::Claimed)
    }
}

struct Series {
    go: usize,
    anchor: i64,
    slot: u32,
    /// When the next slot opens, while none is open.
    opens: Option<i64>,
}

pub struct Model {
    pub now: i64,
    pub acts: Vec<Act>,
    pub ended: Option<&'static str>,
    /// What was told since it was last read.
    pub told: Vec<String>,
    series: Option<Series>,
    arrived: Vec<usize>,
}

impl Model {
    pub fn start(now: i64, anchor: i64) -> Self {
        let mut model = Self { now, acts: Vec::new(), ended: None, told: Vec::new(), series: None, arrived: Vec::new() };
        model.open("record", None, None, anchor, budget("record"));
        model
    }

    pub fn live(&self) -> Vec<usize> {
        (0..self.acts.len()).filter(|act| self.acts[*act].is_live()).collect()
    }

    /// What will ring, and when: acts by number, the next slot without one.
    pub fn armed(&self) -> Vec<(Option<usize>, i64)> {
        let bells = self.acts.iter().enumerate().filter_map(|(act, it)| it.bells.first().map(|bell| (Some(act), bell.0)));
        bells.chain(self.series.iter().filter_map(|series| series.opens.map(|at| (None, at)))).collect()
    }

    pub fn runs_series(&self) -> bool {
        self.series.is_some()
    }

    pub fn may_complete(&self, act: usize) -> bool {
        let checked = || self.latest("check").is_some_and(|check| self.acts[check].outcome == Some("cleared"));
        self.acts[act].step != "go" || checked()
    }

    pub fn claim(&mut self, act: usize, by: &'static str) {
        self.acts[act].state = State::Claimed;
        self.acts[act].by = Some(by);
    }

    pub fn acknowledge(&mut self, act: usize) {
        let act = &mut self.acts[act];
        act.breach = act.breach.map(|(completed, _)| (completed, true));
        act.bells.retain(|(_, bell)| !matches!(bell, Bell::Hourly(_)));
    }

    pub fn complete(&mut self, act: usize, outcome: Option<&'static str>) {
        let Act { step, slot, due, .. } = self.acts[act];
        self.acts[act].state = State::Completed;
        self.acts[act].completed = Some(self.now);
        self.acts[act].outcome = outcome;
        if self.acts[act].breach.is_none() && due.is_some_and(|due| self.now > due) {
            self.breach(act);
        }
        if let Some((completed @ None, _)) = &mut self.acts[act].breach {
            *completed = Some(self.now);
        }
        self.acts[act].bells.clear();
        match (step, outcome) {
            ("record" | "answer", _) => self.lead_to("decide", act),
            ("decide", Some("yes")) => ["audit", "check", "go"].into_iter().for_each(|next| self.lead_to(next, act)),
            ("decide", Some("ask")) => self.lead_to("answer", act),
            ("decide" | "look", Some(end @ ("no" | "over"))) => return self.end(end),
            ("audit" | "check", Some("returned")) => self.reopen(act),
            ("go", _) => {
                self.series = Some(Series { go: act, anchor: self.now, slot: 0, opens: None });
                self.open_slot();
            }
            ("look", Some("fork")) => ["left", "right"].into_iter().for_each(|next| self.lead_to(next, act)),
            ("look", Some("stop")) => self.series = None,
            ("left" | "right", _) => self.arrive(act),
            _ => {}
        }
        if let (Some(series), Some(slot)) = (&mut self.series, slot) {
            let next = series.anchor + i64::from(slot) * EVERY;
            if self.now < next {
                series.opens = Some(next);
            } else {
                self.open_slot();
            }
        }
    }

    /// The bell of an act that is due rings.
    pub fn ring(&mut self, act: usize) {
        let now = self.now;
        if self.acts[act].breach.is_none() {
            let past = self.acts[act].bells.iter().filter(|(at, bell)| *at <= now && *bell != Bell::Breach).count();
            if self.acts[act].bells.iter().any(|(at, bell)| *at <= now && *bell == Bell::Breach) {
                self.supersede(act);
                self.acts[act].bells.retain(|(_, bell)| *bell != Bell::Breach);
                self.breach(act);
                if self.acts[act].slot.is_some() {
                    self.acts[act].state = State::Missed;
                    self.open_slot();
                }
            } else if past > 0 {
                self.supersede(act);
                let (_, bell) = self.acts[act].bells.remove(0);
                self.tell(act, bell);
            }
            return;
        }
        let newest = self.acts[act].bells.iter().rev().find_map(|(at, bell)| match bell {
            Bell::Hourly(count) if *at <= now => Some(*count),
            _ => None,
        });
        let stands = |bell: Bell| !matches!(bell, Bell::Hourly(count) if newest.is_some_and(|newest| count < newest));
        let Some(position) = self.acts[act].bells.iter().position(|(_, bell)| stands(*bell)) else { return };
        let rung: Vec<(i64, Bell)> = self.acts[act].bells.drain(..=position).collect();
        self.tell(act, rung[position].1);
    }

    /// The next slot opens as planned.
    pub fn open_slot(&mut self) {
        let Some(series) = &mut self.series else { return };
        series.opens = None;
        series.slot += 1;
        let (go, slot) = (series.go, series.slot);
        let from = series.anchor + i64::from(slot - 1) * EVERY;
        self.open("look", Some(go), Some(slot), from, Some((8, true)));
    }

    fn latest(&self, step: &str) -> Option<usize> {
        self.acts.iter().rposition(|act| act.step == step)
    }

    fn descends(&self, act: usize, from: usize) -> bool {
        self.acts[act].parent.is_some_and(|parent| parent == from || self.descends(parent, from))
    }

    fn lead_to(&mut self, next: &'static str, from: usize) {
        if self.latest(next).is_some_and(|act| self.acts[act].is_live()) {
            return;
        }
        // Only here the deadline of a first round counts from something that lies back.
        let go = || self.acts.iter().filter(|act| act.step == "go").filter_map(|act| act.completed).max();
        let first = next == "merge" && self.latest(next).is_none();
        let anchor = if first { go() } else { None };
        self.open(next, Some(from), None, anchor.unwrap_or(self.now), budget(next));
    }

    fn arrive(&mut self, branch: usize) {
        self.arrived.push(branch);
        let all = ["left", "right"].iter().all(|step| self.arrived.iter().any(|act| self.acts[*act].step == *step));
        if all {
            self.arrived.clear();
            self.lead_to("merge", branch);
        }
    }

    fn reopen(&mut self, by: usize) {
        let Some(decision) = self.latest("decide") else { return };
        for act in 0..self.acts.len() {
            if self.descends(act, decision) && self.acts[act].is_live() {
                self.cancel(act);
            }
        }
        let stale: Vec<usize> = self.arrived.iter().copied().filter(|act| self.descends(*act, decision)).collect();
        self.arrived.retain(|act| !stale.contains(act));
        if self.series.as_ref().is_some_and(|series| self.descends(series.go, decision)) {
            self.series = None;
        }
        self.open("decide", Some(by), None, self.now, budget("decide"));
    }

    fn end(&mut self, outcome: &'static str) {
        for act in 0..self.acts.len() {
            self.acts[act].bells.clear();
            if self.acts[act].is_live() {
                self.cancel(act);
            }
        }
        self.series = None;
        self.ended = Some(outcome);
    }

    fn cancel(&mut self, act: usize) {
        self.acts[act].state = State::Cancelled;
        self.acts[act].bells.clear();
    }

    fn open(&mut self, step: &'static str, parent: Option<usize>, slot: Option<u32>, from: i64, hours: Option<(i64, bool)>) {
        let round = match (slot, parent) {
            (Some(_), Some(go)) => self.acts[go].round,
            _ => self.latest(step).map_or(1, |act| self.acts[act].round + 1),
        };
        let due = hours.map(|(hours, _)| from + hours * HOUR);
        let mut bells = Vec::new();
        if let (Some((hours, ladder)), Some(due)) = (hours, due) {
            bells.push((due + 1, Bell::Breach));
            if ladder {
                bells.extend([50, 75].map(|percent| (from + hours * HOUR * percent / 100, Bell::Percent(percent))));
                bells.extend([1, 2, 3].map(|count| (due + i64::from(count) * HOUR, Bell::Hourly(count))));
                bells.push((due + HOUR * 3 / 2, Bell::Late));
            }
        }
        bells.sort_by_key(|bell| bell.0);
        let state = State::Open;
        self.acts.push(Act { step, round, slot, state, due, by: None, completed: None, outcome: None, parent, bells, breach: None });
        self.supersede(self.acts.len() - 1);
    }

    /// Percentages that have passed give way to the highest of them, and all of them to a breach that is due.
    fn supersede(&mut self, act: usize) {
        let now = self.now;
        let bells = &mut self.acts[act].bells;
        let breached = bells.iter().any(|(at, bell)| *at <= now && *bell == Bell::Breach);
        let past = bells.iter().filter(|(at, bell)| *at <= now && matches!(bell, Bell::Percent(_))).count();
        let gone: Vec<(i64, Bell)> = bells.drain(..if breached { past } else { past.saturating_sub(1) }).collect();
        for (_, bell) in gone {
            if let Bell::Percent(percent) = bell {
                self.told.push(format!("superseded {percent}%"));
            }
        }
    }

    fn breach(&mut self, act: usize) {
        self.acts[act].breach = Some((None, false));
        self.tell(act, Bell::Breach);
    }

    fn tell(&mut self, act: usize, bell: Bell) {
        let step = self.acts[act].step;
        self.told.push(match bell {
            Bell::Percent(percent) => format!("{step} {percent}%"),
            Bell::Breach => format!("{step} breach"),
            Bell::Hourly(count) => format!("{step} breach + 1 hour ×{count}"),
            Bell::Late => format!("{step} breach + 90 minutes ×1"),
        });
    }
}
