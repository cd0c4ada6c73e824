//! The real binary from outside: what it prints, what it refuses, how it ends.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Statement};
use secrecy::ExposeSecret;
use tributary::store;
use tributary::vault::MasterKey;

use crate::both;
use crate::house::{Ground, House};
use crate::process::{Served, answer, output, refusal, tributary};
use crate::running;

fn master() -> String {
    MasterKey::generate().to_text().expose_secret().to_owned()
}

#[tokio::test]
async fn a_bad_command_line_is_one_sentence_and_code_2() {
    for arguments in [
        &["serve", "--no-such-option"] as &[&str],
        &["no-such-command"],
        &[],
        &["simulate", "--charges", "many"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--database-url", "mysql://x"],
        &["simulate", "--accounts", "0"],
        &["demo", "--charges", "1000001"],
        &["work", "--database-url", "sqlite://of-nobody.db"],
    ] {
        let (sentence, code) = refusal(&mut tributary(arguments)).await;
        assert_eq!(code, 2, "{sentence}");
        assert!(sentence.len() < 300, "{sentence}");
    }
}

#[tokio::test]
async fn help_and_version_are_no_faults() {
    assert!(answer(&mut tributary(&["--help"])).await.contains("serve"));
    assert!(answer(&mut tributary(&["--version"])).await.starts_with("tributary "));
}

#[tokio::test]
async fn a_new_master_key_is_printed_alone_whatever_the_settings_are() {
    let mut command = tributary(&["key", "generate-master"]);
    let key = answer(command.env("TRIBUTARY_MASTER_KEY", "nonsense")).await;
    assert_eq!(key.lines().count(), 1);
    MasterKey::parse(&key.into()).unwrap();
}

/// Layers are crates of their own, and a filter still names them as modules of `tributary`.
#[tokio::test]
async fn a_log_filter_names_layers_and_their_modules() {
    let (folder, master) = (tempfile::tempdir().unwrap(), master());
    for (number, (filter, is_told)) in [
        ("off,tributary::commands=info,tributary::store::steps=info", true),
        ("off,tributary=info", true),
        ("off,tributary::commands=info,tributary::sync=info", false),
        ("info,tributary::store=warn", false),
    ]
    .into_iter()
    .enumerate()
    {
        let url = format!("sqlite://{}/{number}.db", folder.path().display());
        let mut command = tributary(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
        command.env("TRIBUTARY_MASTER_KEY", &master).env("TRIBUTARY_LOG_FILTER", filter);
        let served = Served::of(&mut command).await;
        assert_eq!(!served.said("the schema is migrated").is_empty(), is_told, "{filter}");
        served.signal("KILL").await;
        served.ended().await;
    }
}

#[tokio::test]
async fn serve_refuses_to_start_without_a_right_master_key() {
    let ground = Ground::sqlite().await;
    let serve = || tributary(&["serve", "--listen", "127.0.0.1:0", "--database-url", &ground.url]);
    let (sentence, _) = refusal(&mut serve()).await;
    assert!(sentence.contains("TRIBUTARY_MASTER_KEY") && sentence.contains("generate-master"), "{sentence}");
    let (sentence, _) = refusal(serve().env("TRIBUTARY_MASTER_KEY", "tributary-master-v1:a:AAAA")).await;
    assert!(sentence.contains("32 bytes") && !sentence.contains("AAAA"), "{sentence}");

    let served = Served::start(&ground.url, &master()).await;
    served.signal("KILL").await;
    assert!(!served.ended().await.success());
    let (sentence, code) = refusal(serve().env("TRIBUTARY_MASTER_KEY", master())).await;
    assert!(sentence.contains("master key is not the one") && code == 2, "{sentence}");
}

#[tokio::test]
async fn what_is_wrong_is_told_once() {
    let ground = Ground::sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.txt");
    std::fs::write(&file, "No database at all, but a letter of more than a hundred bytes. ".repeat(9)).unwrap();
    let letter = format!("sqlite://{}", file.display());
    for (arguments, key, words) in [
        (["migrate", "--database-url", &letter], master(), "file is not a database"),
        (["serve", "--database-url", &ground.url], "tributary-master-v1:a:AAAA".to_owned(), "is not 32 bytes"),
    ] {
        let (sentence, _) = refusal(tributary(&arguments).env("TRIBUTARY_MASTER_KEY", key)).await;
        assert_eq!(sentence.matches(words).count(), 1, "{sentence}");
        assert!(sentence.matches("is not usable").count() < 2, "{sentence}");
    }
}

#[tokio::test]
async fn a_command_that_needs_what_is_there_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("none.db").display());
    let (id, out) = ("01a2b3c4-0000-7000-8000-000000000000", folder.path().join("out"));
    let out = out.to_str().unwrap();
    for arguments in [
        &["remap", "--all"] as &[&str],
        &["user", "reset-password", "--email", "me@example.com"],
        &["export", "--company", id, "--connection", id, "--format", "csv", "--out", out],
        &["backup", out],
    ] {
        let mut command = tributary(arguments);
        let (sentence, code) =
            refusal(command.args(["--database-url", &url]).env("TRIBUTARY_MASTER_KEY", master())).await;
        assert!(sentence.contains("there is no database") && code == 2, "{sentence}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_user_that_nobody_is_gets_no_password() {
    let ground = Ground::sqlite().await;
    let mut command = tributary(&["user", "reset-password", "--email", "me@example.com"]);
    command.args(["--database-url", &ground.url]).env("TRIBUTARY_MASTER_KEY", master());
    let (sentence, code) = refusal(&mut command).await;
    assert!(sentence.contains("me@example.com") && code == 2, "{sentence}");
}

#[tokio::test]
async fn r09_a_second_serve_on_one_file_names_the_lock_and_short_commands_still_run() {
    let ground = Ground::sqlite().await;
    let key = master();
    let first = Served::start(&ground.url, &key).await;
    let mut second = tributary(&["serve", "--listen", "127.0.0.1:0", "--database-url", &ground.url]);
    let (sentence, code) = refusal(second.env("TRIBUTARY_MASTER_KEY", &key)).await;
    assert!(sentence.contains("house.db.lock") && code == 1, "{sentence}");
    answer(&mut tributary(&["migrate", "--database-url", &ground.url])).await;

    first.signal("KILL").await;
    assert!(!first.ended().await.success());
    let again = Served::start(&ground.url, &key).await;
    again.signal("TERM").await;
    assert!(again.ended().await.success(), "a killed process leaves no lock");
    let row = Statement::from_string(ground.db.get_database_backend(), "PRAGMA integrity_check");
    let row = ground.db.query_one_raw(row).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "ok");
}

both! {
    async fn the_first_signal_drains_and_ends_well(ground: Ground) {
        for signal in ["TERM", "INT"] {
            let served = Served::start(&ground.url, &master_of(&ground)).await;
            let answer = reqwest::get(format!("{}/healthz", served.url)).await.unwrap();
            assert_eq!(answer.status().as_u16(), 200);
            served.signal(signal).await;
            let asked = Instant::now();
            assert_eq!(served.ended().await.code(), Some(0));
            assert!(asked.elapsed() < Duration::from_secs(30));
        }
    }

    async fn an_integration_that_is_set_wrongly_saves_nothing_and_ends_with_code_2(house: House) {
        let before = store::integrations::all(&house.db).await.unwrap();
        let keys = ["--client-id", "ca_simulator", "--secret-key", "sk_test_simulator"];
        for (platform_key, wrong) in [
            ("nope", &["--sync", "daily"] as &[&str]),
            ("yzth", &["--sync", "sometimes"]),
            ("yzth", &["--sync-at", "25:00"]),
            ("yzth", &["--sync-time-zone", "Mars"]),
            ("yzth", &["--scope", "all"]),
            ("yzth", &["--client-id", "simulator"]),
            ("yzth", &["--secret-key", "sk_test_"]),
            ("yzth", &["--secret-key", "sk_live_simulator"]),
            ("yzth", &["--secret-key", "sk_test_nobody"]),
            ("yzth", &["--webhook-secret", "hunter2"]),
            ("yzth", &["--enabled", "true"]),
            ("yzth", &["--sync", "weekly", "--register-webhook", "http://127.0.0.1:9"]),
            ("yzth", &[&keys as &[&str], &["--register-webhook", "ftp://a"]].concat()),
        ] {
            let mut command = running::command(&house, &["integration", "set", platform_key]);
            let (sentence, code) = refusal(command.args(wrong)).await;
            assert_eq!(code, 2, "{wrong:?}: {sentence}");
            assert_eq!(store::integrations::all(&house.db).await.unwrap(), before, "{wrong:?}");
        }
        let mut right = running::command(&house, &["integration", "set", "yzth"]);
        let said = answer(right.args(keys).args(["--register-webhook", "http://127.0.0.1:9"])).await;
        assert!(said.contains("is enabled") && said.contains("posts to http://127.0.0.1:9/"), "{said}");
    }

    async fn migrate_needs_no_master_key(ground: Ground) {
        let said = answer(&mut tributary(&["migrate", "--database-url", &ground.url])).await;
        assert!(said.contains("up to date"), "{said}");
    }

    async fn r35_an_older_binary_refuses_a_newer_schema_and_leaves_it_alone(ground: Ground) {
        let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_later', 0)";
        ground.db.execute_unprepared(newer).await.unwrap();
        let key = master_of(&ground);
        for arguments in [["serve", "--listen=127.0.0.1:0"], ["migrate", "--config=/dev/null"]] {
            let mut command = tributary(&arguments);
            command.args(["--database-url", &ground.url]).env("TRIBUTARY_MASTER_KEY", &key);
            let (sentence, code) = refusal(&mut command).await;
            assert!(sentence.contains("m29990101_000001_later") && sentence.contains("nothing was changed"), "{sentence}");
            assert_eq!(code, 1);
        }
        assert_eq!(store::data_keys::any(&ground.db).await.unwrap(), None);
    }
}

fn master_of(ground: &Ground) -> String {
    ground.master.to_text().expose_secret().to_owned()
}

#[tokio::test]
async fn doctor_names_each_fault_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.db");
    let mut command = tributary(&["doctor", "--database-url", &format!("sqlite://{}", file.display())]);
    let output = output(command.env("TRIBUTARY_STRIPE_API_BASE", "http://127.0.0.1:9")).await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    for fault in ["FAULT master key", "FAULT database", "FAULT stripe", "ok    settings"] {
        assert!(said.contains(fault), "{said}");
    }
    assert!(!file.exists());
}
