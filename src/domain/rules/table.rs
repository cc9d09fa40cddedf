//! A decision table as the engine sees it: something indexed by the list of its inputs.

use std::fmt;
use std::sync::{Arc, Mutex};

use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelString, DYN_TYPE, Type};
use cel::common::value::{CowVal, Val};
use indexmap::IndexMap;

use super::exchange;
use crate::domain::definition::{Table, TableRow};
use crate::domain::value::Json;
use crate::ids::TableId;

/// The name under which the engine reports a table that gives nothing.
pub(super) const FUNCTION: &str = "table";
/// Most answers of tables one evaluation keeps for its finding.
const MAX_KEPT: usize = 50;

/// What tables gave during one evaluation: the call as text to its answer.
pub(super) type Answers = Arc<Mutex<IndexMap<String, Json>>>;

/// One table of a program.
#[derive(Clone)]
pub(super) struct Lookup<'a> {
    pub id: &'a TableId,
    pub table: &'a Table,
    pub answers: Answers,
}

impl fmt::Debug for Lookup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}", self.id)
    }
}

impl Val for Lookup<'_> {
    fn get_type(&self) -> &Type {
        &DYN_TYPE
    }

    fn cel_type() -> &'static Type {
        &DYN_TYPE
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }
}

impl Indexer for Lookup<'_> {
    fn get<'b, 'v>(&'b self, inputs: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.answer(inputs).map(CowVal::Owned)
    }

    fn steal<'v>(self: Box<Self>, inputs: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.answer(inputs).map(|answer| answer as Box<dyn Val + 'v>)
    }
}

impl Lookup<'_> {
    fn answer(&self, inputs: &dyn Val) -> Result<Box<dyn Val>, ExecutionError> {
        let failed = |why: String| ExecutionError::function_error(FUNCTION, why);
        let id = self.id;
        let inputs = inputs.downcast_ref::<CelList<'_>>().map(CelList::inner).unwrap_or_default();
        if inputs.len() != self.table.inputs.len() {
            return Err(failed(format!("the table {id} takes {} inputs", self.table.inputs.len())));
        }
        let inputs: Vec<Option<Json>> = inputs.iter().map(|input| plain(input.as_ref())).collect();
        let found = self.table.rows.iter().find(|row| self.holds(row, &inputs));
        self.keep(&inputs, found.map_or(&Json::Null, |row| &row.then));
        let row = found.ok_or_else(|| failed(format!("the table {id} has no row for what is given")))?;
        exchange::given(&row.then, self.table.gives)
            .ok_or_else(|| failed(format!("the table {id} gives nothing for what is given")))?
            .map_err(|why| failed(format!("{why} ({id})")))
    }

    /// Whether every condition of the row holds. A condition on an unknown input never does.
    fn holds(&self, row: &TableRow, inputs: &[Option<Json>]) -> bool {
        row.when.iter().all(|(name, condition)| {
            let input = self.table.inputs.iter().position(|input| input == name).and_then(|at| inputs.get(at));
            input.and_then(Option::as_ref).is_some_and(|input| meets(input, condition))
        })
    }

    fn keep(&self, inputs: &[Option<Json>], answer: &Json) {
        let inputs: Vec<String> = inputs.iter().map(|input| input.as_ref().map_or_else(|| "?".to_owned(), shown)).collect();
        // The lock is held by one thread only; a poisoned one means that the evaluation is lost anyway.
        if let Ok(mut answers) = self.answers.lock()
            && answers.len() < MAX_KEPT
        {
            answers.insert(format!("table({}, {})", self.id, inputs.join(", ")), answer.clone());
        }
    }
}

/// A single value as JSON; none for what no condition can name.
fn plain(value: &dyn Val) -> Option<Json> {
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        return Some(Json::from(text.inner()));
    }
    if let Some(number) = value.downcast_ref::<CelInt>() {
        return Some(Json::from(*number.inner()));
    }
    if let Some(number) = value.downcast_ref::<CelDouble>() {
        return Some(Json::from(*number.inner()));
    }
    value.downcast_ref::<CelBool>().map(|truth| Json::from(*truth.inner()))
}

fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a value equals the condition, or lies in its `{ from, to }`, both ends included and each optional.
fn meets(input: &Json, condition: &Json) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match condition {
        Json::Object(range) => {
            let end = |name: &str, refused| range.get(name).is_none_or(|end| order(input, end).is_some_and(|order| order != refused));
            end("from", Less) && end("to", Greater)
        }
        Json::Array(any) => any.iter().any(|condition| order(input, condition) == Some(Equal)),
        single => order(input, single) == Some(Equal),
    }
}

/// How two values of one kind compare. Whole numbers stay whole; a decimal may be written as a text.
fn order(left: &Json, right: &Json) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        (Json::Number(left), Json::String(right)) => left.as_f64()?.partial_cmp(&exchange::decimal(right).ok()?),
        (Json::String(left), Json::String(right)) => Some(left.cmp(right)),
        (Json::Bool(left), Json::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    }
}
