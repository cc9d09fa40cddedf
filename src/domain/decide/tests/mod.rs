//! Stories, tables and properties of the decisions, acted out on a stage.

mod acting;
mod amendments;
mod edges;
mod flow;
mod huddles;
mod invariants;
mod late;
mod model;
mod moved;
mod next_meeting;
mod oxygen;
mod properties;
mod receipts;
mod reprojected;
mod rungs;
mod series;
mod small;
mod spoiled;
mod stage;
mod story;
mod work;
