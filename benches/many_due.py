#!/usr/bin/env python3
"""Measures many connections that are due at once: how long until each was looked at, and how the API answers meanwhile.

usage: benches/many_due.py BINARY [--connections N]

One company is linked to an empty account and synced; its rows are then copied N times in the SQLite file, all due at the
same moment, and `serve` is started. Prints one line of figures: seconds until none is due, requests to Stripe,
p99 of the API's answers meanwhile (a page of payments; and a page of the connections, which counts all of them), CPU
seconds and peak memory.
"""

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.request
import uuid

from first_sync import FINAL, Platform, answers, cpu, link, peak_mib, port, requests

CLONED = ["sync_head", "checkpoint", "feed_head", "reconciliation"]


def prepare(options, folder):
    stripe_url = f"http://127.0.0.1:{port()}"
    environment = dict(os.environ) | {
        "TRIBUTARY_PUBLIC_URL": f"http://127.0.0.1:{port()}",
        "TRIBUTARY_STRIPE_API_BASE": stripe_url, "TRIBUTARY_STRIPE_CONNECT_BASE": stripe_url,
        "TRIBUTARY_STRIPE_RATE_PER_ENDPOINT": "0", "TRIBUTARY_STRIPE_RATE_PER_ACCOUNT": "0",
        "TRIBUTARY_LOG_FILTER": "warn",
    }
    url = f"sqlite://{folder}/bench.db"
    run = lambda *words: subprocess.run([options.binary, *words], env=environment, check=True, text=True,
                                        capture_output=True).stdout.strip()
    environment["TRIBUTARY_MASTER_KEY"] = run("key", "generate-master")
    simulator = subprocess.Popen(
        [options.binary, "simulate", "--listen", stripe_url.removeprefix("http://"), "--auto-approve", "--charges", "100"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    answers(f"{stripe_url}/_simulator/requests", simulator)
    run("migrate", "--database-url", url)
    run("integration", "set", "yzth", "--database-url", url, "--client-id", "ca_simulator", "--secret-key",
        "sk_test_simulator", "--sync", "daily", "--enabled", "true")
    platform = Platform(options.binary, url, folder, environment)
    platform.key = run("key", "create", "--name", "bench", "--database-url", url)
    return platform, simulator, stripe_url


def first(platform, stripe_url):
    """Links a company to the empty account and waits for its first sync."""
    with urllib.request.urlopen(f"{stripe_url}/_simulator/accounts") as answer:
        account = min(json.load(answer)["accounts"], key=lambda one: one["charges"])["id"]
    choice = urllib.request.Request(f"{stripe_url}/_simulator/next-account", json.dumps({"account": account}).encode())
    urllib.request.urlopen(choice).close()
    company = platform.api("POST", "/companies", {"name": "Bench"})
    root = f"/companies/{company['id']}"
    connection = platform.api("POST", f"{root}/connections", {"platformKey": "yzth"})
    link(connection["linkUrl"])
    while True:
        status = {name: one["currentStatus"] for name, one in platform.api("GET", f"{root}/dataStatus").items()}
        if len(status) >= 9 and all(word in FINAL for word in status.values()):
            return uuid.UUID(connection["id"]).bytes, root
        time.sleep(0.1)


def clone(path, original, count):
    db = sqlite3.connect(path)
    rows = {}
    for table in ["connection", *CLONED]:
        key = "id" if table == "connection" else "connection_id"
        found = db.execute(f'SELECT * FROM "{table}" WHERE {key} = ?', (original,))
        names = [column[0] for column in found.description]
        rows[table] = (names, names.index(key), found.fetchall())
    for _ in range(count):
        own = uuid.uuid4().bytes
        for table, (names, at, originals) in rows.items():
            for row in originals:
                values = [own if place == at else value for place, value in enumerate(row)]
                db.execute(f'INSERT INTO "{table}" VALUES ({",".join("?" * len(names))})', values)
    db.execute("UPDATE connection SET next_sync_at = '2026-01-01 00:00:00+00:00'")
    db.commit()
    db.close()


def due(path):
    db = sqlite3.connect(path, timeout=20)
    left = db.execute("SELECT count(*) FROM connection WHERE next_sync_at < '2026-01-02'").fetchone()[0]
    db.close()
    return left


def measure(options):
    folder = tempfile.mkdtemp()
    platform, simulator, stripe_url = prepare(options, folder)
    path = f"{folder}/bench.db"
    try:
        platform.start()
        original, root = first(platform, stripe_url)
        time.sleep(1)
        platform.process.send_signal(signal.SIGTERM)
        platform.process.wait()
        clone(path, original, options.connections)
        before, began = requests(stripe_url), time.monotonic()
        # A page of one connection's payments, and the first of a company's connections, of which all are counted.
        data = f"{root}/connections/{uuid.UUID(bytes=original)}/data/commerce-payments"
        asked = {data: [], f"{root}/connections?pageSize=1": []}
        platform.start()
        while due(path):
            for path_asked, waits in asked.items():
                since = time.monotonic()
                platform.api("GET", path_asked)
                waits.append(time.monotonic() - since)
            time.sleep(0.05)
        page, counted = ([sorted(waits)[int(len(waits) * 0.99) - 1] * 1000 for waits in asked.values()])
        return {
            "connections": options.connections, "seconds": round(time.monotonic() - began, 1),
            "requests": requests(stripe_url) - before, "api_p99_ms": round(page),
            "api_count_p99_ms": round(counted),
            "platform_cpu_seconds": round(cpu(platform.process), 1), "peak_mib": peak_mib(platform.process),
        }
    finally:
        for process in (platform.process, simulator):
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("binary", type=os.path.abspath)
    options.add_argument("--connections", type=int, default=10_000)
    print(json.dumps(measure(options.parse_args())))


if __name__ == "__main__":
    main()
