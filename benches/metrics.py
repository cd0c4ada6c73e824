#!/usr/bin/env python3
"""Measures how long the metrics of a large company take.

usage: benches/metrics.py BINARY [--rows N] [--orders N] [--database-url URL]

A shop is linked and synced; its sales, refunds and fees are then copied until it has so many transactions more, and its
orders likewise, spread over the last 36 months. Prints one line of figures, in milliseconds: the metrics of 12 and of 36 months and of 90 days, in the time zones of
Berlin and of India, when nothing is kept; and (the middle of nine) when all days are kept, with how often it was asked until
then; then when one transaction of each of the last 30 days was changed.
"""

import datetime
import json
import sqlite3
import time
import uuid

from bench import linked, parsed, prepared, synced
from lists import milliseconds, psql

YEARS = 3
KINDS = ("Payment", "PaymentFee", "Refund")


def fill(options, folder, connection):
    """Copies the shop's transactions and orders, so that all of them lie evenly in three years that end two days ago."""
    kinds = ",".join(f"'{kind}'" for kind in KINDS)
    copy(options, folder, connection, "transaction", options.rows, f" AND type IN ({kinds})", ["created_at"])
    copy(options, folder, connection, "order", options.orders, " AND customer_id IS NOT NULL", ["created_at", "closed_at"])


def copy(options, folder, connection, table, count, where, times):
    """Copies rows of a table; an order's customer is one of a tenth as many as there are orders."""
    step = YEARS * 365 * 86_400 / max(count, 1)
    end = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)
    if options.database_url:
        columns = psql(options, "SELECT string_agg(quote_ident(column_name), ',' ORDER BY ordinal_position) FROM "
                       f"information_schema.columns WHERE table_name = '{table}' AND table_schema = 'public'")
        columns = columns.strip().split(",")
        own = {"id": "'bench' || i", "customer_id": f"'cus_bench' || (i * 7919) % {count // 10 + 1}"}
        own |= {name: f"date_trunc('second', timestamptz '{end.isoformat()}' - i * {step} * interval '1 second')"
                for name in times}
        taken = ",".join(own.get(name, f"t.{name}") for name in columns)
        psql(options, f"WITH t AS (SELECT *, row_number() OVER () AS place, count(*) OVER () AS many FROM \"{table}\" WHERE "
             f"connection_id = '{connection}'{where}) INSERT INTO \"{table}\" ({','.join(columns)}) "
             f"SELECT {taken} FROM generate_series(1, {count}) i JOIN t ON t.place = i % t.many + 1")
        psql(options, f"VACUUM ANALYZE \"{table}\"")
        return
    db = sqlite3.connect(f"{folder}/bench.db", timeout=60)
    columns = [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')]
    rows = db.execute(f'SELECT * FROM "{table}" WHERE connection_id = ?{where}', (uuid.UUID(connection).bytes,)).fetchall()

    def copies():
        for number in range(count):
            at = (end - datetime.timedelta(seconds=int(number * step))).strftime("%Y-%m-%dT%H:%M:%S+00:00")
            own = {"id": f"bench{number}", "customer_id": f"cus_bench{number * 7919 % (count // 10 + 1)}"}
            own |= {name: at for name in times}
            yield [own.get(name, value) for name, value in zip(columns, rows[number % len(rows)])]

    places = ",".join("?" * len(columns))
    db.executemany(f'INSERT INTO "{table}" VALUES ({places})', copies())
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def forget(options, folder, days=None):
    """Forgets all kept sums, or those of the last days, as changes of their transactions do."""
    where = "" if days is None else f" WHERE day > {int(time.time() // 86_400) - days}"
    if options.database_url:
        there = psql(options, "SELECT to_regclass('commerce_day') IS NOT NULL").strip() == "t"
        return psql(options, f"DELETE FROM commerce_day{where}") if there else None
    db = sqlite3.connect(f"{folder}/bench.db", timeout=60)
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'commerce_day'").fetchone():
        db.execute(f"DELETE FROM commerce_day{where}")
        db.commit()
    db.close()


def kept(options, folder):
    """How many days are kept."""
    if options.database_url:
        return int(psql(options, "SELECT count(*) FROM commerce_day"))
    db = sqlite3.connect(f"{folder}/bench.db", timeout=60)
    count = db.execute("SELECT count(*) FROM commerce_day").fetchone()[0]
    db.close()
    return count


def settle(options, folder, platform, path):
    """Asks until all days are kept: each answer takes a second for it at most. Returns how often that was."""
    asked, before = 0, -1
    while (now := kept(options, folder)) != before:
        asked, before = asked + 1, now
        platform.api("GET", path)
    return asked


def measure(options):
    with prepared(options, 100) as (platform, _, _):
        folder = platform.folder
        platform.start()
        root, connection = linked(platform)
        synced(platform, root)
        fill(options, folder, connection.rsplit("/", 1)[1])
        today = datetime.datetime.now(datetime.timezone.utc).date()
        since = {"12_months": today - datetime.timedelta(days=334), "36_months": today - datetime.timedelta(days=1064),
                 "90_days": today - datetime.timedelta(days=89)}
        figures = {"rows": options.rows, "orders": options.orders}
        for name, day in since.items():
            period = "day" if name == "90_days" else "month"
            for zone in ("Europe/Berlin", "Asia/Kolkata"):
                path = f"{root}/metrics?period={period}&from={day}&timeZone={zone}"
                forget(options, folder)
                one = f"{name}_{zone.split('/')[1].lower()}"
                figures[f"{one}_first"] = milliseconds(platform, path, 1)
                figures[f"{one}_until_kept"] = settle(options, folder, platform, path)
                figures[f"{one}_again"] = milliseconds(platform, path)
                forget(options, folder, 30)
                figures[f"{one}_30_days_changed"] = milliseconds(platform, path, 1)
        return figures


def main():
    print(json.dumps(measure(parsed(__doc__, rows=1_000_000, orders=250_000))))


if __name__ == "__main__":
    main()
