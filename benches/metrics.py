#!/usr/bin/env python3
"""Measures how long the metrics of a large company take.

usage: benches/metrics.py BINARY [--rows N] [--database-url URL]

A shop is linked and synced; its sales, refunds and fees are then copied until it has N transactions, spread over the last
36 months. Prints one line of figures, in milliseconds: the metrics of 12 and of 36 months and of 90 days, in the time zones of
Berlin and of India, when they are asked for the first time and (the middle of nine) again; then again when one transaction
of each of the last 30 days was changed.
"""

import argparse
import datetime
import json
import os
import signal
import sqlite3
import tempfile
import time
import uuid

from lists import first, milliseconds, prepare, psql

YEARS = 3
KINDS = ("Payment", "PaymentFee", "Refund")


def fill(options, folder, connection):
    """Copies the shop's transactions, so that all of them lie evenly in three years that end two days ago."""
    step = YEARS * 365 * 86_400 / options.rows
    end = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)
    kinds = ",".join(f"'{kind}'" for kind in KINDS)
    if options.database_url:
        columns = psql(options, "SELECT string_agg(quote_ident(column_name), ',' ORDER BY ordinal_position) FROM "
                       "information_schema.columns WHERE table_name = 'transaction' AND table_schema = 'public'")
        columns = columns.strip().split(",")
        own = {"id": "'txn_bench' || i", "created_at":
               f"date_trunc('second', timestamptz '{end.isoformat()}' - i * {step} * interval '1 second')"}
        taken = ",".join(own.get(name, f"t.{name}") for name in columns)
        psql(options, f"WITH t AS (SELECT *, row_number() OVER () AS place, count(*) OVER () AS many FROM transaction WHERE "
             f"connection_id = '{connection}' AND type IN ({kinds})) INSERT INTO transaction ({','.join(columns)}) "
             f"SELECT {taken} FROM generate_series(1, {options.rows}) i JOIN t ON t.place = i % t.many + 1")
        psql(options, "VACUUM ANALYZE transaction")
        return
    db = sqlite3.connect(f"{folder}/bench.db", timeout=60)
    columns = [row[1] for row in db.execute('PRAGMA table_info("transaction")')]
    rows = db.execute(f'SELECT * FROM "transaction" WHERE connection_id = ? AND type IN ({kinds})',
                      (uuid.UUID(connection).bytes,)).fetchall()
    at, by = columns.index("id"), columns.index("created_at")

    def copies():
        for number in range(options.rows):
            row = list(rows[number % len(rows)])
            row[at] = f"txn_bench{number}"
            row[by] = (end - datetime.timedelta(seconds=int(number * step))).strftime("%Y-%m-%dT%H:%M:%S+00:00")
            yield row

    places = ",".join("?" * len(columns))
    db.executemany(f'INSERT INTO "transaction" VALUES ({places})', copies())
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def forget(options, folder, days=None):
    """Forgets all kept sums, or those of the last days, as changes of their transactions do."""
    where = "" if days is None else f" WHERE day > {int(time.time() // 86_400) - days}"
    if options.database_url:
        there = psql(options, "SELECT to_regclass('revenue_day') IS NOT NULL").strip() == "t"
        return psql(options, f"DELETE FROM revenue_day{where}") if there else None
    db = sqlite3.connect(f"{folder}/bench.db", timeout=60)
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'revenue_day'").fetchone():
        db.execute(f"DELETE FROM revenue_day{where}")
        db.commit()
    db.close()


def measure(options):
    folder = tempfile.mkdtemp()
    platform, simulator = prepare(options, folder)
    try:
        platform.start()
        connection, data = first(platform)
        fill(options, folder, connection)
        root = data.split("/connections/")[0]
        today = datetime.datetime.now(datetime.timezone.utc).date()
        since = {"12_months": today - datetime.timedelta(days=334), "36_months": today - datetime.timedelta(days=1064),
                 "90_days": today - datetime.timedelta(days=89)}
        figures = {"rows": options.rows}
        for name, day in since.items():
            period = "day" if name == "90_days" else "month"
            for zone in ("Europe/Berlin", "Asia/Kolkata"):
                path = f"{root}/metrics?period={period}&from={day}&timeZone={zone}"
                forget(options, folder)
                one = f"{name}_{zone.split('/')[1].lower()}"
                figures[f"{one}_first"] = milliseconds(platform, path, 1)
                figures[f"{one}_again"] = milliseconds(platform, path)
                forget(options, folder, 30)
                figures[f"{one}_30_days_changed"] = milliseconds(platform, path, 1)
        return figures
    finally:
        for process in (platform.process, simulator):
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("binary", type=os.path.abspath)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--database-url")
    print(json.dumps(measure(options.parse_args())))


if __name__ == "__main__":
    main()
