//! What must have come of the story so far, without anybody's doing.

use super::driver::{Driver, Error};
use super::script::ExpectStarted;

impl Driver<'_> {
    /// Gives the newest instance of a workflow that started by itself a name.
    pub(super) async fn expect_started(&mut self, expected: &ExpectStarted) -> Result<(), Error> {
        let found = self.stage.services.store.started_by_itself(&self.program, &expected.workflow).await?;
        self.expect(found.is_some(), format!("a running {} that started by itself", expected.workflow));
        if let Some(id) = found {
            self.say(format!("{} has started by itself, called {}", expected.workflow, expected.alias));
            self.aliases.insert(expected.alias.clone(), id);
        }
        Ok(())
    }
}
