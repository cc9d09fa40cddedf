//! Rotas: the source and its columns exist and can say who is on call when, and somebody is told while the list is silent.

use super::report::{FaultCode, Path, Report};
use super::{Program, names, roles};
use crate::domain::definition::FieldType;
use crate::ids::FieldId;

pub fn check(program: &Program, report: &mut Report) {
    for (id, rota) in &program.rotas {
        let path = Path::default().to("rotas").to(id);
        roles::known(program, &rota.otherwise, &path.to("otherwise"), report);
        let Some(source) = program.sources.get(&rota.source) else {
            report.unknown(&path.to("source"), FaultCode::UnknownSource, "source", rota.source.as_str(), names(&program.sources));
            continue;
        };
        let mut column = |key: &str, name: &FieldId, fits: &[FieldType], what: &str| match source.columns.get(name) {
            None => report.unknown(&path.to(key), FaultCode::UnknownField, "column", name.as_str(), names(&source.columns)),
            Some(kind) if !fits.contains(kind) => {
                report.add(&path.to(key), FaultCode::BadLadder, format!("the column {name} must be {what}"));
            }
            Some(_) => {}
        };
        column("person", &rota.person, &[FieldType::Person, FieldType::Text], "a person or a text with a username");
        column("from", &rota.from, &[FieldType::Timestamp], "a timestamp");
        column("to", &rota.to, &[FieldType::Timestamp], "a timestamp");
    }
}
