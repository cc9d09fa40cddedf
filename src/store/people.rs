//! People and the roles they hold.

use std::collections::{BTreeMap, BTreeSet};

use entity::{person, role_holding, task};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QueryResult,
};

use super::{Error, Store};
use crate::domain::command::Principal;
use crate::ids::{ProgramId, RoleId, Username};
use crate::instant::Instant;

/// Somebody to be added, with everything checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    pub username: Username,
    pub name: String,
    /// None: gets no notices.
    pub email: Option<String>,
    /// argon2id, PHC form.
    pub password_hash: String,
    pub administrator: bool,
    pub auditor: bool,
    pub integrator: bool,
    pub roles: BTreeMap<ProgramId, BTreeSet<RoleId>>,
    pub created_at: Instant,
}

/// How many tasks wait for somebody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskCounts {
    pub open: u64,
    pub overdue: u64,
}

impl Store {
    /// Adds people and their roles in one transaction. `Duplicate` when one of them exists and `keep_existing` is not set; with it
    /// those stay as they are.
    pub async fn add_people(&self, people: &[NewPerson], keep_existing: bool) -> Result<(), Error> {
        let mut write = self.begin_write().await?;
        for new in people {
            if keep_existing && person::Entity::find_by_id(new.username.as_str()).one(write.connection()).await?.is_some() {
                continue;
            }
            row_of(new).into_active_model().reset_all().insert(write.connection()).await?;
            let holdings: Vec<_> = holdings_of(new).collect();
            if !holdings.is_empty() {
                role_holding::Entity::insert_many(holdings).exec_without_returning(write.connection()).await?;
            }
        }
        write.commit().await
    }

    /// Gives somebody more roles. Roles they hold already change nothing.
    pub async fn add_roles(&self, username: &Username, roles: &BTreeMap<ProgramId, BTreeSet<RoleId>>) -> Result<(), Error> {
        let mut write = self.begin_write().await?;
        let holdings: Vec<_> = roles
            .iter()
            .flat_map(|(program, roles)| roles.iter().map(move |role| (program, role)))
            .map(|(program, role)| holding(username, program, role))
            .collect();
        if !holdings.is_empty() {
            role_holding::Entity::insert_many(holdings)
                .on_conflict(OnConflict::new().do_nothing().to_owned())
                .exec_without_returning(write.connection())
                .await?;
        }
        write.commit().await
    }

    /// Somebody as they are now, with the hash of their password.
    pub async fn person(&self, username: &Username) -> Result<Option<(Principal, String)>, Error> {
        let Some(row) = person::Entity::find_by_id(username.as_str()).one(self.reader()).await? else { return Ok(None) };
        let mut principal = Principal {
            username: row.username,
            name: row.name,
            active: row.active,
            roles: BTreeMap::new(),
            administrator: row.administrator,
            auditor: row.auditor,
            integrator: row.integrator,
            stands_for: None,
        };
        let held = role_holding::Entity::find().filter(role_holding::Column::Username.eq(username.as_str())).all(self.reader()).await?;
        for one in held {
            principal.roles.entry(ProgramId(one.program)).or_default().insert(RoleId(one.role));
        }
        Ok(Some((principal, row.password_hash)))
    }

    /// Every username in order.
    pub async fn usernames(&self) -> Result<Vec<Username>, Error> {
        let rows = person::Entity::find().order_by_asc(person::Column::Username).all(self.reader()).await?;
        Ok(rows.into_iter().map(|row| Username(row.username)).collect())
    }

    /// Open and claimed tasks of the roles somebody holds, or assigned to them by name; overdue are those due before `now`.
    pub async fn task_counts(&self, who: &Principal, now: Instant) -> Result<TaskCounts, Error> {
        let mut mine = Condition::any().add(task::Column::Assignee.eq(who.username.as_str()));
        for (program, roles) in &who.roles {
            let roles = roles.iter().map(|role| role.as_str());
            mine = mine.add(Condition::all().add(task::Column::Program.eq(program.as_str())).add(task::Column::Role.is_in(roles)));
        }
        let waiting = task::Entity::find().filter(task::Column::State.is_in(["open", "claimed"])).filter(mine);
        let overdue = waiting.clone().filter(task::Column::DueAt.lt(now.millis()));
        Ok(TaskCounts { open: waiting.count(self.reader()).await?, overdue: overdue.count(self.reader()).await? })
    }
}

/// The columns of a person that make a principal.
pub(super) struct PersonRow;

impl PersonRow {
    pub(super) fn columns() -> [(person::Entity, person::Column); 5] {
        use person::Column;
        [Column::Name, Column::Active, Column::Administrator, Column::Auditor, Column::Integrator].map(|column| (person::Entity, column))
    }

    /// A principal without roles out of a row with those columns and `username`.
    pub(super) fn read(row: &QueryResult) -> Result<Principal, Error> {
        Ok(Principal {
            username: row.try_get("", "username")?,
            name: row.try_get("", "name")?,
            active: row.try_get("", "active")?,
            roles: BTreeMap::new(),
            administrator: row.try_get("", "administrator")?,
            auditor: row.try_get("", "auditor")?,
            integrator: row.try_get("", "integrator")?,
            stands_for: None,
        })
    }
}

fn row_of(new: &NewPerson) -> person::Model {
    person::Model {
        username: new.username.to_string(),
        name: new.name.clone(),
        email: new.email.clone(),
        password_hash: new.password_hash.clone(),
        administrator: new.administrator,
        auditor: new.auditor,
        integrator: new.integrator,
        active: true,
        created_at: new.created_at.millis(),
    }
}

fn holdings_of(new: &NewPerson) -> impl Iterator<Item = role_holding::ActiveModel> + '_ {
    new.roles
        .iter()
        .flat_map(|(program, roles)| roles.iter().map(move |role| (program, role)))
        .map(|(program, role)| holding(&new.username, program, role))
}

fn holding(username: &Username, program: &ProgramId, role: &RoleId) -> role_holding::ActiveModel {
    role_holding::Model { username: username.to_string(), program: program.to_string(), role: role.to_string() }
        .into_active_model()
        .reset_all()
}
