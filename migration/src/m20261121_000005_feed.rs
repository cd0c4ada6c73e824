//! The change feed over all connections: its first row, when ranges were placed, and how unplaced ones are found.

use crate::prelude::*;

pub struct Step;

#[async_trait]
impl Migration for Step {
    fn name(&self) -> &'static str {
        "m20261121_000005_feed"
    }

    async fn up(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        manager.alter_table(time_of_a_range()).await?;
        let db = manager.get_connection();
        db.execute_unprepared("INSERT INTO feed_clock (id, position) VALUES (1, 0) ON CONFLICT (id) DO NOTHING")
            .await?;
        db.execute_unprepared("CREATE INDEX feed_head_unmerged ON feed_head (connection_id) WHERE seq > merged")
            .await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            // Every page updates this small row, and an index holds what is updated: without room and without an
            // eager vacuum it grows a hundredfold.
            db.execute_unprepared(
                "ALTER TABLE feed_head SET
                 (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500)",
            )
            .await?;
        }
        Ok(())
    }
}

/// No range was placed before this migration: the default is only there because a new column needs one.
fn time_of_a_range() -> TableAlterStatement {
    let at = ColumnDef::new("at").timestamp_with_time_zone().not_null().default("1970-01-01T00:00:00+00:00").to_owned();
    Table::alter().table("feed_index").add_column(at).to_owned()
}
