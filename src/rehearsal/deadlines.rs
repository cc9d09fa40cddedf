//! What somebody in a rehearsal does to the deadline of a task.

use super::driver::{Driver, Error};
use super::script::{Expect, Extend, Pause, Reanchor, Resume};
use crate::domain::command::Command;
use crate::ids::{StepId, TaskId, Username};

impl Driver<'_> {
    pub(super) async fn pause(&mut self, pause: &Pause) -> Result<(), Error> {
        let says = format!("pauses {} until {}", pause.step, pause.until);
        let command = |task| Command::Pause { task, reason: pause.reason.clone(), note: None, until: pause.until };
        self.on_deadline((&pause.on, &pause.step), &pause.by, says, command, pause.expect.as_ref()).await
    }

    pub(super) async fn resume(&mut self, resume: &Resume) -> Result<(), Error> {
        let says = format!("resumes {}", resume.step);
        self.on_deadline((&resume.on, &resume.step), &resume.by, says, Command::Resume, None).await
    }

    pub(super) async fn extend(&mut self, extend: &Extend) -> Result<(), Error> {
        let says = format!("extends {} by {}", extend.step, extend.length);
        let command = |task| Command::Extend { task, by: extend.length, reason: extend.reason.clone(), note: None };
        self.on_deadline((&extend.on, &extend.step), &extend.by, says, command, extend.expect.as_ref()).await
    }

    pub(super) async fn reanchor(&mut self, reanchor: &Reanchor) -> Result<(), Error> {
        let says = format!("counts {} from {}", reanchor.step, reanchor.anchor_at);
        let command = |task| Command::Reanchor { task, anchor_at: reanchor.anchor_at, reason: reanchor.reason.clone() };
        self.on_deadline((&reanchor.on, &reanchor.step), &reanchor.by, says, command, reanchor.expect.as_ref()).await
    }

    async fn on_deadline(
        &mut self,
        (on, step): (&str, &StepId),
        by: &Username,
        says: String,
        command: impl FnOnce(TaskId) -> Command,
        expect: Option<&Expect>,
    ) -> Result<(), Error> {
        self.say(format!("{by} {says}"));
        if let Some(task) = self.task(on, step).await? {
            self.send(by, command(task), expect).await;
        }
        Ok(())
    }
}
