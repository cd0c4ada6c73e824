//! Where a statement goes: the database, or a transaction in it.

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

/// The database or a transaction in it, as queries take it. They are compiled for this one type, once; with
/// `&impl ConnectionTrait` each of them would be compiled again for every type that is passed, in every crate that calls it.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Which database it is.
    fn backend(&self) -> DbBackend;
    /// See [`ConnectionTrait::execute_raw`].
    async fn execute_statement(&self, statement: Statement) -> Result<ExecResult, DbErr>;
    /// See [`ConnectionTrait::execute_unprepared`].
    async fn execute_text(&self, sql: &str) -> Result<ExecResult, DbErr>;
    /// See [`ConnectionTrait::query_one_raw`].
    async fn first_row(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr>;
    /// See [`ConnectionTrait::query_all_raw`].
    async fn all_rows(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr>;
}

#[async_trait]
impl<C: ConnectionTrait + Send> Executor for C {
    fn backend(&self) -> DbBackend {
        self.get_database_backend()
    }

    async fn execute_statement(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.execute_raw(statement).await
    }

    async fn execute_text(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.execute_unprepared(sql).await
    }

    async fn first_row(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.query_one_raw(statement).await
    }

    async fn all_rows(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.query_all_raw(statement).await
    }
}

#[async_trait]
impl<'a> ConnectionTrait for &'a (dyn Executor + 'a) {
    fn get_database_backend(&self) -> DbBackend {
        (**self).backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        (**self).execute_statement(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        (**self).execute_text(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        (**self).first_row(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        (**self).all_rows(statement).await
    }
}
