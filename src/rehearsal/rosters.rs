//! Actions on rosters.

use super::driver::{Driver, Error};
use super::script::OpenRoster;
use super::story::Kind;
use crate::domain::roster::Counts;
use crate::service::rosters;

impl Driver<'_> {
    pub(super) async fn open_roster(&mut self, action: &OpenRoster) -> Result<(), Error> {
        self.say(format!("{} opens the roster of {}", action.by, action.workflow));
        let who = self.somebody(&action.by).await?;
        let opened = rosters::open(&self.stage.services, &who, (&self.program, &action.workflow), None).await;
        let Some(answer) = self.answered(opened, action.expect.as_ref()) else { return Ok(()) };
        let (now, told) = (self.now(), answer.body.read());
        for row in told["rows"].as_array().into_iter().flatten() {
            let (key, refused) = (row["key"].as_str().unwrap_or_default(), row["refused"]["message"].as_str());
            if let Some(why) = refused {
                self.story.tell(now, Kind::Event, format!("{key} refused: {why}"));
            }
            let alias = action.lines.get(key).zip(row["instance_id"].as_str().and_then(|id| id.parse().ok()));
            if let Some((alias, id)) = alias {
                self.aliases.insert(alias.clone(), id);
            }
        }
        let differences = told["compared"]["differences"].as_array().cloned().unwrap_or_default();
        for one in &differences {
            let (subject, kind) = (one["subject"].as_str().unwrap_or_default(), one["kind"].as_str().unwrap_or_default());
            self.story.tell(now, Kind::Event, format!("{subject} against the other source: {kind}"));
        }
        if let Some(wanted) = action.counts {
            let found: Option<Counts> = serde_json::from_value(told["counts"].clone()).ok();
            self.expect(found == Some(wanted), format!("the roster to give {wanted:?}, found {found:?}"));
        }
        if let Some(wanted) = action.differences {
            let found = differences.len();
            self.expect(found == wanted, format!("{wanted} differences to the other source, found {found}"));
        }
        Ok(())
    }
}
