//! The simulator alone: `cargo run --release -p simulator --example serve -- --auto-approve`.

use clap::Parser;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: simulator::Args,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let shutdown = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            eprintln!("cannot wait for Ctrl-C: {error}");
        }
    };
    simulator::run(Cli::parse().args, shutdown).await
}
