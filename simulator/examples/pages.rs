//! How many full pages a second it serves: `cargo run --release -p simulator --example pages -- 100000 charges`.

use simulator::{Options, start};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// So long it is asked.
const FOR: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let charges: u64 = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let list = arguments.next().unwrap_or_else(|| "charges".to_owned());
    let begun = Instant::now();
    let running = start(Options { charges, ..Options::default() }).await?;
    println!("{charges} charges made in {:.1?}", begun.elapsed());
    let shop = running.world.accounts().into_iter().max_by_key(|account| account.charges).map(|account| account.id);
    let key = format!("sk_test_own_{}", shop.unwrap_or_default().trim_start_matches("acct_"));
    let mut socket = BufReader::new(TcpStream::connect(running.addr).await?);
    let (mut pages, mut bytes, mut rows, mut after) = (0_u32, 0, 0, String::new());
    let begun = Instant::now();
    while begun.elapsed() < FOR {
        let body = ask(&mut socket, &format!("/v1/{list}?limit=100{after}"), &key).await?;
        let page: serde_json::Value = serde_json::from_slice(&body)?;
        let data = page["data"].as_array().map_or(&[][..], Vec::as_slice);
        pages += 1;
        bytes += body.len();
        rows += data.len();
        let cursor = data.last().filter(|_| page["has_more"] == true);
        after =
            cursor.map(|row| format!("&starting_after={}", row["id"].as_str().unwrap_or_default())).unwrap_or_default();
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{list}: {:.0} pages a second on one connection, parsed; {} bytes a row",
        f64::from(pages) / seconds,
        bytes / rows.max(1)
    );
    running.stop().await
}

async fn ask(socket: &mut BufReader<TcpStream>, path: &str, key: &str) -> anyhow::Result<Vec<u8>> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: simulator\r\nAuthorization: Bearer {key}\r\n\r\n");
    socket.write_all(request.as_bytes()).await?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await?;
        if line == "\r\n" || line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await?;
    Ok(body)
}
