//! The log: on standard error, as text for a terminal and as JSON for everything else.

use std::io::{IsTerminal, stderr};

use anyhow::anyhow;
use tracing_subscriber::EnvFilter;
use tributary::config::{Log, LogFormat};

/// Starts the log.
///
/// # Errors
/// When it was started before.
pub fn start(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(directives(&log.filter))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    let json = match log.format {
        LogFormat::Auto => !stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let started = if json {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    } else {
        builder.with_ansi(stderr().is_terminal()).try_init()
    };
    started.map_err(|error| anyhow!(error))
}

/// The layers, as targets of the log name them.
const LAYERS: [&str; 8] = ["base", "connect", "courier", "store", "stripe", "sync", "web", "work"];
/// The modules of `base`.
const BASE: [&str; 8] = ["clock", "config", "fault", "money", "query", "task", "tls", "vault"];

/// A filter whose directives name our layers as modules of `tributary`, with the names that they have as crates.
fn directives(filter: &str) -> String {
    filter.split(',').map(directive_of_crates).collect::<Vec<_>>().join(",")
}

fn directive_of_crates(directive: &str) -> String {
    let Some(rest) = directive.strip_prefix("tributary") else { return directive.to_owned() };
    let Some(path) = rest.strip_prefix("::") else {
        if !rest.is_empty() && !rest.starts_with(['=', '[']) {
            return directive.to_owned();
        }
        // All of them, the binary's own too.
        return LAYERS.map(|layer| format!("{layer}{rest},")).concat() + directive;
    };
    let first = path.split([':', '=', '[']).next().unwrap_or_default();
    if LAYERS.contains(&first) {
        path.to_owned()
    } else if BASE.contains(&first) {
        format!("base::{path}")
    } else {
        directive.to_owned()
    }
}
