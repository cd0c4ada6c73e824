#!/usr/bin/env python3
"""Measures many connections that are due at once: how long until each was looked at, and how the API answers meanwhile.

usage: benches/many_due.py BINARY [--connections N]

One company is linked to an empty account and synced; its rows are then copied N times in the SQLite file, all due at the
same moment, and `serve` is started. Prints one line of figures: seconds until none is due, requests to Stripe,
p99 of the API's answers meanwhile (a page of payments; and a page of the connections, which counts all of them), CPU
seconds and peak memory.
"""

import json
import signal
import sqlite3
import time
import uuid

from bench import UNLIMITED, accounts, cpu, linked, parsed, peak_mib, prepared, requests, synced

CLONED = ["sync_head", "checkpoint", "feed_head", "reconciliation"]


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
    with prepared(options, 100, ["--sync", "daily"], UNLIMITED) as (platform, _, stripe_url):
        path = f"{platform.folder}/bench.db"
        platform.start()
        empty = min(accounts(stripe_url), key=lambda one: one["charges"])["id"]
        root, connection = linked(platform, stripe_url, empty)
        synced(platform, root)
        original = uuid.UUID(connection.rsplit("/", 1)[1])
        time.sleep(1)
        platform.process.send_signal(signal.SIGTERM)
        platform.process.wait()
        clone(path, original.bytes, options.connections)
        before, began = requests(stripe_url), time.monotonic()
        # A page of one connection's payments, and the first of a company's connections, of which all are counted.
        data = f"{connection}/data/commerce-payments"
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


def main():
    print(json.dumps(measure(parsed(__doc__, connections=10_000))))


if __name__ == "__main__":
    main()
