//! Substitutions, and in whose name a credential acts.

use std::collections::{BTreeMap, BTreeSet};

use entity::{credential, substitution};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set};
use uuid::Uuid;

use super::{Error, Store, WriteTransaction};
use crate::domain::substitution::Substitution;
use crate::ids::{SubstitutionId, Username};
use crate::instant::Instant;

impl Store {
    /// Every substitution somebody is part of, the latest first.
    pub async fn substitutions_of(&self, who: &Username) -> Result<Vec<Substitution>, Error> {
        let part =
            Condition::any().add(substitution::Column::Principal.eq(who.as_str())).add(substitution::Column::Substitute.eq(who.as_str()));
        let rows = substitution::Entity::find().filter(part).order_by_desc(substitution::Column::FromAt);
        let rows = rows.order_by_desc(substitution::Column::Id).all(self.reader()).await?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// One substitution.
    pub async fn substitution(&self, id: SubstitutionId) -> Result<Option<Substitution>, Error> {
        Ok(substitution::Entity::find_by_id(id.0).one(self.reader()).await?.map(read))
    }

    /// Who stands in at `at`, by the person stood in for.
    pub async fn substitutes_at(&self, at: Instant) -> Result<BTreeMap<Username, BTreeSet<Username>>, Error> {
        let in_force = substitution::Entity::find()
            .filter(substitution::Column::FromAt.lte(at.millis()))
            .filter(substitution::Column::UntilAt.gt(at.millis()));
        let mut found: BTreeMap<Username, BTreeSet<Username>> = BTreeMap::new();
        for row in in_force.all(self.reader()).await? {
            found.entry(Username(row.principal)).or_default().insert(Username(row.substitute));
        }
        Ok(found)
    }

    /// Sets in whose name a credential acts from now on; none is its owner's own.
    pub async fn set_acting_for(&self, id: Uuid, principal: Option<&Username>) -> Result<(), Error> {
        let mut write = self.begin_write().await?;
        let change = credential::ActiveModel { acting_for: Set(principal.map(ToString::to_string)), ..Default::default() };
        credential::Entity::update_many().set(change).filter(credential::Column::Id.eq(id)).exec(write.connection()).await?;
        write.commit().await
    }
}

impl WriteTransaction {
    pub async fn add_substitution(&mut self, new: &Substitution) -> Result<(), Error> {
        let row = substitution::Model {
            id: new.id.0,
            principal: new.principal.to_string(),
            substitute: new.substitute.to_string(),
            from_at: new.from.millis(),
            until_at: new.until.millis(),
            made_at: new.made_at.millis(),
            made_by: new.made_by.to_string(),
        };
        row.into_active_model().reset_all().insert(self.connection()).await?;
        Ok(())
    }

    /// Lets a substitution end at `at`, or takes it back when it has not begun by then. False where it was over already.
    pub async fn end_substitution(&mut self, id: SubstitutionId, at: Instant) -> Result<bool, Error> {
        const TAKE_BACK: &str = "DELETE FROM substitution WHERE id = $1 AND from_at >= $2";
        const END: &str = "UPDATE substitution SET until_at = $2 WHERE id = $1 AND from_at < $2 AND until_at > $2";
        let values = || vec![id.0.into(), at.millis().into()];
        if self.execute(TAKE_BACK, values()).await? > 0 {
            return Ok(true);
        }
        Ok(self.execute(END, values()).await? > 0)
    }
}

fn read(row: substitution::Model) -> Substitution {
    Substitution {
        id: SubstitutionId(row.id),
        principal: Username(row.principal),
        substitute: Username(row.substitute),
        from: Instant::clamped(row.from_at),
        until: Instant::clamped(row.until_at),
        made_at: Instant::clamped(row.made_at),
        made_by: Username(row.made_by),
    }
}
