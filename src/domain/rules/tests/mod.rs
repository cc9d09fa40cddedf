//! Each verdict, each rail, each kind of fault.

mod faults;
mod fixture;
mod functions;
mod rails;
mod verdicts;
