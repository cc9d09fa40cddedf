//! Proviso: a workflow orchestration server with a deadline scheduler.
//!
//! In the order data flows: `http` takes a request, `service` turns it into a command, `domain` decides it, `store`
//! commits it, `scheduler` fires what falls due and `outbox` sends what people must be told. `app` puts them together.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod definitions;
pub mod domain;
pub mod duration;
pub mod failpoint;
pub mod http;
pub mod ids;
pub mod instant;
pub mod outbox;
pub mod rehearsal;
pub mod scheduler;
pub mod service;
pub mod store;
pub mod telemetry;
