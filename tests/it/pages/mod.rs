//! The pages, used as a browser uses them: links followed, forms sent, the cookie kept.

mod account;
mod amendments;
mod answer;
pub mod browser;
mod bulk;
mod forms;
mod months;
mod safety;
mod webhooks;
