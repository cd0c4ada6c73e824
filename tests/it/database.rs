//! Opening, migrating, and refusing a database.

use sea_orm::ConnectionTrait;
use tributary::store::{self, database::Unusable};

use crate::both;
use crate::house::Ground;

both! {
    async fn a_second_migration_changes_nothing(ground: Ground) {
        store::database::migrate(&ground.db).await.unwrap();
        store::database::check(&ground.db).await.unwrap();
    }

    async fn a_newer_schema_is_refused_and_left_alone(ground: Ground) {
        ground
            .db
            .execute_unprepared("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_later', 0)")
            .await
            .unwrap();
        for refused in [store::database::migrate(&ground.db).await, store::database::check(&ground.db).await] {
            assert!(matches!(refused, Err(Unusable::Newer(name)) if name == "m29990101_000001_later"));
        }
    }
}
