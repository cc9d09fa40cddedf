//! The one way to write: a transaction that holds the write lock from its first statement.
//!
//! Guarantee: on SQLite it begins IMMEDIATE, so that it never fails for having read first; on PostgreSQL it is READ
//! COMMITTED and every change is guarded by a row lock or a compare-and-set. Dropped without `commit` it changes nothing. No
//! connection is asked whether it lives before it is used: BEGIN asks that, and where it does not live another one is taken.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, Value,
};

use super::{Backend, Error, Store};

/// An open write transaction.
pub struct WriteTransaction {
    pub(super) backend: Backend,
    transaction: DatabaseTransaction,
    statements: usize,
    spoiled: bool,
}

impl Store {
    /// Begins a write transaction. On SQLite it waits for the writer before it.
    pub async fn begin_write(&self) -> Result<WriteTransaction, Error> {
        let options = TransactionOptions {
            isolation_level: None,
            access_mode: None,
            sqlite_transaction_mode: match self.backend {
                Backend::Sqlite => Some(SqliteTransactionMode::Immediate),
                Backend::Postgres => None,
            },
        };
        let transaction = self.begin(options).await?;
        Ok(WriteTransaction { backend: self.backend, transaction, statements: 0, spoiled: false })
    }

    /// When a server went away all connections to it are dead, and each tells so once.
    async fn begin(&self, options: TransactionOptions) -> Result<DatabaseTransaction, Error> {
        let mut dead = match self.backend {
            Backend::Sqlite => 0,
            Backend::Postgres => self.writer.get_postgres_connection_pool().num_idle(),
        };
        loop {
            match self.writer.begin_with_options(options).await.map_err(Error::from) {
                Err(Error::Retryable(why)) if dead > 0 && !matches!(why, DbErr::ConnectionAcquire(_)) => dead -= 1,
                begun => return begun,
            }
        }
    }
}

impl WriteTransaction {
    /// How many statements were sent so far; BEGIN and COMMIT are not counted.
    pub fn statements(&self) -> usize {
        self.statements
    }

    /// Makes everything written durable. After a conflict nothing may be kept, so then it rolls back and says so again.
    pub async fn commit(self) -> Result<(), Error> {
        if self.spoiled {
            self.transaction.rollback().await?;
            return Err(Error::Conflict);
        }
        Ok(self.transaction.commit().await?)
    }

    /// Gives up everything written. Dropping does the same, a little later.
    pub async fn rollback(self) -> Result<(), Error> {
        Ok(self.transaction.rollback().await?)
    }

    /// The transaction as a connection for queries of this folder, counted as one statement.
    pub(in crate::store) fn connection(&mut self) -> &DatabaseTransaction {
        self.statements += 1;
        &self.transaction
    }

    /// Runs one statement and tells how many rows it changed.
    pub(in crate::store) async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
        let statement = Statement::from_sql_and_values(self.db_backend(), sql, values);
        Ok(self.connection().execute_raw(statement).await?.rows_affected())
    }

    /// Runs one statement and collects its rows.
    pub(in crate::store) async fn query(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, Error> {
        let statement = Statement::from_sql_and_values(self.db_backend(), sql, values);
        Ok(self.connection().query_all_raw(statement).await?)
    }

    /// Marks the transaction as one that must not be committed.
    pub(in crate::store) fn spoil(&mut self) -> Error {
        self.spoiled = true;
        Error::Conflict
    }

    fn db_backend(&self) -> DbBackend {
        match self.backend {
            Backend::Sqlite => DbBackend::Sqlite,
            Backend::Postgres => DbBackend::Postgres,
        }
    }
}
