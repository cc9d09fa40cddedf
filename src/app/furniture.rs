//! What a sandbox and a rehearsal find in place: the embedded programs, made-up people and sample sources.

use super::Installation;
use super::people;
use crate::definitions::embedded;
use crate::domain::command::Principal;
use crate::ids::{ProgramId, SourceId, Username};
use crate::service::authenticate::hash_password;
use crate::service::webhooks::Wanted;
use crate::service::{Error, people as people_service, sources, webhooks};

impl Installation {
    /// Publishes the embedded programs (or `only` one), adds one person per role and imports every sample source. What is
    /// there already stays as it is.
    pub async fn furnish(&self, only: Option<&ProgramId>) -> Result<(), Error> {
        let by = Username::from(people::ADMINISTRATOR);
        let mut published = Vec::new();
        for (name, text) in embedded::programs() {
            if only.is_none_or(|only| only.as_str() == name) {
                published.push(self.publish_or_keep(&name, text, &by).await?);
            }
        }
        let programs: Vec<_> = published.iter().map(|one| &*one.program).collect();
        let hash = hash_password(people::PASSWORD.to_owned()).await?;
        people_service::create_many(&self.services, people::cast(&programs), &hash).await?;
        for program in programs {
            for (source, bytes) in embedded::samples(program.program.as_str()) {
                let source = SourceId::from(source);
                if self.services.store.source_versions(&program.program, &source, None, 1).await?.is_empty() {
                    self.import(&program.program, &source, bytes).await?;
                }
            }
        }
        Ok(())
    }

    /// Publishes an embedded program where none of its name is; one that is there, in whatever version, is kept.
    async fn publish_or_keep(
        &self,
        name: &str,
        text: String,
        by: &Username,
    ) -> Result<std::sync::Arc<crate::domain::definition::Published>, Error> {
        match self.services.programs.latest(&ProgramId::from(name)).await {
            Ok(kept) => Ok(kept),
            Err(Error::NotFound) => Ok(self.services.programs.publish(text, by, self.services.clock.now()).await?.published),
            Err(error) => Err(error),
        }
    }

    /// Imports the sample of a source as a new version.
    pub async fn import_sample(&self, program: &ProgramId, source: &SourceId) -> Result<(), Error> {
        let samples = embedded::samples(program.as_str());
        let (_, bytes) = samples.into_iter().find(|(name, _)| name == source.as_str()).ok_or(Error::NotFound)?;
        self.import(program, source, bytes).await
    }

    /// Imports CSV as a new version, in the integrator's name.
    pub async fn import(&self, program: &ProgramId, source: &SourceId, csv: Vec<u8>) -> Result<(), Error> {
        sources::import(&self.services, &integrator(), (program, source), (sources::Format::Csv, csv), None).await.map(|_| ())
    }

    /// Subscribes a receiver in the integrator's name and returns its secret.
    pub async fn subscribe(&self, url: &str, events: &[String], program: &ProgramId) -> Result<String, Error> {
        let wanted = Wanted { url: url.to_owned(), events: events.to_vec(), program: Some(program.clone()), ..Wanted::default() };
        let answer = webhooks::create(&self.services, &self.receivers, &integrator(), wanted, None).await?;
        Ok(answer.body.read()["secret"].as_str().unwrap_or_default().to_owned())
    }
}

fn integrator() -> Principal {
    Principal { username: people::INTEGRATOR.to_owned(), active: true, integrator: true, ..Principal::default() }
}
