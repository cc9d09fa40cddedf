//! The people notices may concern, as the database knows them now.

use std::collections::{BTreeMap, BTreeSet};

use entity::{person, role_holding, source_row};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::domain::definition::Rota;
use crate::domain::facts::Row;
use crate::domain::value::Value;
use crate::ids::{ProgramId, RoleId, RotaId, Username};
use crate::instant::Instant;
use crate::store::{Error, Store};

/// Most shifts that are read of one list.
const SHIFTS: u64 = 10_000;

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
    /// Who stands in now, by the person stood in for.
    pub substitutes: BTreeMap<Username, BTreeSet<Username>>,
    /// By rota, where one was asked for.
    pub on_call: BTreeMap<(ProgramId, RotaId), Vec<Shift>>,
}

/// When somebody is on call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    pub person: Username,
    pub from: Instant,
    /// The first instant at which they no longer are.
    pub to: Instant,
}

impl Store {
    /// The shifts of a rota by the latest version of its source, in the order of its rows. A row that says less than it must is no shift.
    pub async fn shifts(&self, program: &ProgramId, rota: &Rota) -> Result<Vec<Shift>, Error> {
        let Some(latest) = self.source_versions(program, &rota.source, None, 1).await?.pop() else { return Ok(Vec::new()) };
        let rows = source_row::Entity::find().filter(source_row::Column::VersionId.eq(latest.id.0));
        let rows = rows.order_by_asc(source_row::Column::Ordinal).limit(SHIFTS).all(self.reader()).await?;
        let mut shifts = Vec::new();
        for stored in rows {
            let row: Row = serde_json::from_str(&stored.document).map_err(|why| Error::BadRow {
                what: "source row",
                id: stored.ordinal.to_string(),
                why: why.to_string(),
            })?;
            let instant = |column| match row.get(column) {
                Some(Value::Timestamp(at)) => Some(*at),
                _ => None,
            };
            let person = match row.get(&rota.person) {
                Some(Value::Person(name) | Value::Text(name)) => Some(Username::from(name.trim())),
                _ => None,
            };
            if let (Some(person), Some(from), Some(to)) = (person, instant(&rota.from), instant(&rota.to)) {
                shifts.push(Shift { person, from, to });
            }
        }
        Ok(shifts)
    }

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
