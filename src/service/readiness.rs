//! Whether the database lets the server do its work.

use super::Services;

/// What stands in the way, in words for an operator and without details of the database; empty when nothing does.
pub async fn reasons(services: &Services) -> Vec<String> {
    match services.store.migration_status().await {
        Err(_) => vec!["the database cannot be reached".to_owned()],
        Ok(status) if !status.pending.is_empty() => vec![format!("{} migrations are not applied", status.pending.len())],
        Ok(status) if !status.unknown.is_empty() => vec!["the database belongs to a newer version of this server".to_owned()],
        Ok(_) => Vec::new(),
    }
}
