//! Runs migrations and keeps which of them were applied, in the table `seaql_migrations`.
//!
//! It is the part of `sea-orm-migration` that a schema in literal names needs, with the same table: that crate brings the
//! discovery of schemas and types of two more libraries with it, which are a tenth of a cold build.

use std::collections::HashSet;

use sea_orm::sea_query::{
    ColumnDef, Expr, IndexCreateStatement, IndexDropStatement, Order, Query, Table, TableAlterStatement,
    TableCreateStatement,
};
use sea_orm::{
    ConnectionTrait, DatabaseExecutor, DbBackend, DbErr, IntoDatabaseExecutor, StatementBuilder, TransactionTrait,
};

/// The table of what was applied, named by the library that first wrote it.
const TABLE: &str = "seaql_migrations";

/// One step of the schema.
#[async_trait::async_trait]
pub trait Migration: Send + Sync {
    /// Its name: that of its file. Names sort in the order of time.
    fn name(&self) -> &'static str;

    /// Whether it runs in a transaction of its own. `None`: on PostgreSQL it does; a SQLite file has one around all.
    fn use_transaction(&self) -> Option<bool> {
        None
    }

    /// Changes the schema.
    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr>;
}

/// What a migration changes the schema with.
#[derive(Debug)]
pub struct SchemaManager<'c>(DatabaseExecutor<'c>);

impl<'c> SchemaManager<'c> {
    /// The database or transaction that it writes to.
    #[must_use]
    pub const fn get_connection(&self) -> &DatabaseExecutor<'c> {
        &self.0
    }

    /// Which database it is.
    #[must_use]
    pub fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    /// Creates a table.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn create_table(&self, table: TableCreateStatement) -> Result<(), DbErr> {
        self.execute(&table).await
    }

    /// Alters a table.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn alter_table(&self, table: TableAlterStatement) -> Result<(), DbErr> {
        self.execute(&table).await
    }

    /// Creates an index.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn create_index(&self, index: IndexCreateStatement) -> Result<(), DbErr> {
        self.execute(&index).await
    }

    /// Drops an index.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn drop_index(&self, index: IndexDropStatement) -> Result<(), DbErr> {
        self.execute(&index).await
    }

    async fn execute(&self, statement: &impl StatementBuilder) -> Result<(), DbErr> {
        self.0.execute(statement).await.map(drop)
    }
}

/// The migrations of `all` that were not applied yet, oldest first.
///
/// # Errors
/// Returns an error if a query fails, or if an applied migration is not in `all`.
pub(crate) async fn pending(
    db: &DatabaseExecutor<'_>,
    all: Vec<Box<dyn Migration>>,
) -> Result<Vec<Box<dyn Migration>>, DbErr> {
    db.execute(&table()).await?;
    let rows = db.query_all(Query::select().column("version").from(TABLE).order_by("version", Order::Asc)).await?;
    let applied: HashSet<String> = rows.iter().map(|row| row.try_get("", "version")).collect::<Result<_, _>>()?;
    let unknown = applied.iter().find(|name| all.iter().all(|one| one.name() != *name));
    match unknown {
        Some(name) => {
            Err(DbErr::Custom(format!("the migration `{name}` was applied, and this version does not know it")))
        }
        None => Ok(all.into_iter().filter(|one| !applied.contains(one.name())).collect()),
    }
}

/// Applies the next `steps` migrations of `all` that were not applied yet; all of them when it is `None`.
///
/// # Errors
/// When the database refuses one; those before it stay applied.
pub(crate) async fn up<'c>(
    db: impl IntoDatabaseExecutor<'c>,
    all: Vec<Box<dyn Migration>>,
    steps: Option<u32>,
) -> Result<(), DbErr> {
    let db = db.into_database_executor();
    let steps = steps.map_or(usize::MAX, |steps| usize::try_from(steps).unwrap_or(usize::MAX));
    let pending = pending(&db, all).await?;
    let manager = SchemaManager(db);
    for migration in pending.into_iter().take(steps) {
        let own = migration.use_transaction().unwrap_or(manager.get_database_backend() == DbBackend::Postgres);
        if own {
            let transaction = manager.0.begin().await?;
            let inner = SchemaManager((&transaction).into_database_executor());
            apply(&*migration, &inner).await?;
            drop(inner);
            transaction.commit().await?;
        } else {
            apply(&*migration, &manager).await?;
        }
    }
    Ok(())
}

async fn apply(migration: &dyn Migration, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    migration.up(manager).await?;
    let seconds = match manager.get_database_backend() {
        DbBackend::Postgres => Expr::cust("extract(epoch FROM now())::bigint"),
        _ => Expr::cust("CAST(strftime('%s', 'now') AS integer)"),
    };
    let mut row = Query::insert();
    row.into_table(TABLE).columns(["version", "applied_at"]).values_panic([migration.name().into(), seconds]);
    manager.execute(&row).await
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(TABLE)
        .if_not_exists()
        .col(ColumnDef::new("version").string().not_null().primary_key())
        .col(ColumnDef::new("applied_at").big_integer().not_null())
        .to_owned()
}
