//! Which nodes are alive, and what a node that is gone had in hand.
//!
//! Guarantee: no two clocks are compared. A node that is taken for gone and is not loses its leases, and their fences keep it from writing
//! what another node has taken over.

use sea_orm::{ConnectionTrait, Statement};

use super::{Backend, Error, Store};

const BEAT: &str = "INSERT INTO node (name, beats) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET beats = node.beats + 1";

impl Store {
    /// Gives this node's sign, and reads those of all: name and count, by name.
    pub async fn beat(&self, node: &str) -> Result<Vec<(String, i64)>, Error> {
        let mut write = self.begin_write().await?;
        write.execute(BEAT, vec![node.into()]).await?;
        write.commit().await?;
        let signs = Statement::from_string(self.reader().get_database_backend(), "SELECT name, beats FROM node ORDER BY name");
        let rows = self.reader().query_all_raw(signs).await?;
        rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "beats")?))).collect()
    }

    /// Forgets this node, which stops and holds nothing any more.
    pub async fn leave(&self, node: &str) -> Result<(), Error> {
        let mut write = self.begin_write().await?;
        write.execute("DELETE FROM node WHERE name = $1", vec![node.into()]).await?;
        write.commit().await
    }

    /// Forgets a node whose sign still stands at `beats` and frees what it held; false when it has given another sign or is forgotten.
    pub async fn bury(&self, node: &str, beats: i64) -> Result<bool, Error> {
        let mut write = self.begin_write().await?;
        if write.execute("DELETE FROM node WHERE name = $1 AND beats = $2", vec![node.into(), beats.into()]).await? == 0 {
            return Ok(false);
        }
        write.free_leases_of(node).await?;
        write.commit().await?;
        Ok(true)
    }

    /// Frees the leases an earlier process held, when it starts anew: on SQLite there is only one process, so nobody else can hold one;
    /// on PostgreSQL those of its own name.
    pub async fn free_outbox_leases(&self, node: &str) -> Result<(), Error> {
        let mut write = self.begin_write().await?;
        match self.backend() {
            Backend::Sqlite => {
                write.execute("UPDATE notice SET lease_until = 0 WHERE state = 'sending'", Vec::new()).await?;
                write.execute("UPDATE cursor SET lease_until = 0", Vec::new()).await?;
                write.execute("UPDATE webhook SET lease_until = 0", Vec::new()).await?;
            }
            Backend::Postgres => write.free_leases_of(node).await?,
        }
        write.commit().await
    }
}

impl super::WriteTransaction {
    async fn free_leases_of(&mut self, node: &str) -> Result<(), Error> {
        self.execute("UPDATE notice SET lease_until = 0 WHERE state = 'sending' AND lease_owner = $1", vec![node.into()]).await?;
        self.execute("UPDATE cursor SET lease_until = 0 WHERE lease_owner = $1", vec![node.into()]).await?;
        self.execute("UPDATE webhook SET lease_until = 0 WHERE lease_owner = $1", vec![node.into()]).await?;
        Ok(())
    }
}
