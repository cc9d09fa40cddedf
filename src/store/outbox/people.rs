//! The people notices may concern, as the database knows them now.

use std::collections::{BTreeMap, BTreeSet};

use entity::{person, role_holding};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use crate::ids::{ProgramId, RoleId, Username};
use crate::store::{Error, Store};

/// Somebody who can sign in, as far as telling them goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    pub username: Username,
    pub name: String,
    pub email: Option<String>,
    pub active: bool,
}

/// The people a page of entries may concern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    pub by_name: BTreeMap<Username, Person>,
    pub holders: BTreeMap<(ProgramId, RoleId), BTreeSet<Username>>,
}

impl Store {
    /// All who hold a role in one of `programs`, and `others`.
    pub async fn people_for(&self, programs: &BTreeSet<ProgramId>, others: &BTreeSet<Username>) -> Result<People, Error> {
        let programs: Vec<String> = programs.iter().map(|program| program.0.clone()).collect();
        let others: Vec<String> = others.iter().map(|username| username.0.clone()).collect();
        let mut people = People::default();
        let holdings =
            role_holding::Entity::find().filter(role_holding::Column::Program.is_in(programs.clone())).all(self.reader()).await?;
        for row in holdings {
            people.holders.entry((ProgramId(row.program), RoleId(row.role))).or_default().insert(Username(row.username));
        }
        let holders = Query::select()
            .column(role_holding::Column::Username)
            .from(role_holding::Entity)
            .and_where(Expr::col(role_holding::Column::Program).is_in(programs))
            .to_owned();
        let concerned = Condition::any().add(person::Column::Username.in_subquery(holders)).add(person::Column::Username.is_in(others));
        for row in person::Entity::find().filter(concerned).all(self.reader()).await? {
            let username = Username(row.username);
            people.by_name.insert(username.clone(), Person { username, name: row.name, email: row.email, active: row.active });
        }
        Ok(people)
    }
}
