//! Every integration test, as one binary.

// The attribute tells clippy that the helpers of tests may end by panicking, as the tests themselves may.
#[cfg(test)]
mod cli;
#[cfg(test)]
mod compose;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod http;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod rehearsals;
#[cfg(test)]
mod store;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod work_over_http;
