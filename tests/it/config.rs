//! The settings as the real binary reads them, and their manual.

use crate::process::{answer, refusal, tributary};

#[tokio::test]
async fn an_option_wins_over_a_variable_and_a_variable_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let url = |name: &str| format!("sqlite://{}", path(name).display());
    let file = path("tributary.toml");
    std::fs::write(&file, format!("database_url = '{}'", url("of-file.db"))).unwrap();
    let migrate = || tributary(&["migrate", "--config", file.to_str().unwrap()]);

    answer(&mut migrate()).await;
    assert!(path("of-file.db").exists());
    answer(migrate().env("TRIBUTARY_DATABASE_URL", url("of-variable.db"))).await;
    assert!(path("of-variable.db").exists());
    let option = url("of-option.db");
    answer(migrate().env("TRIBUTARY_DATABASE_URL", "nonsense").args(["--database-url", &option])).await;
    assert!(path("of-option.db").exists());
}

#[tokio::test]
async fn a_bad_setting_is_named_with_its_source_and_code_2() {
    let (sentence, code) = refusal(tributary(&["migrate"]).env("TRIBUTARY_STRIPE_RATE_PER_ACCOUNT", "-1")).await;
    assert!(sentence.contains("stripe.rate_per_account") && sentence.contains("TRIBUTARY_STRIPE_RATE_PER_ACCOUNT"));
    assert_eq!(code, 2);
    let (sentence, code) = refusal(&mut tributary(&["migrate", "--config", "/no/such/file"])).await;
    assert!(sentence.contains("/no/such/file"), "{sentence}");
    assert_eq!(code, 2);
}

#[test]
fn every_setting_of_the_manual_has_a_sentence() {
    let lines: Vec<&str> = tributary::config::DEFAULTS.lines().collect();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(" = ")) {
        let comment = lines[..at].iter().rev().take_while(|line| line.starts_with('#')).count();
        assert!(line.starts_with('#') || comment > 0, "{line} has no sentence");
    }
}
