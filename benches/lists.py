#!/usr/bin/env python3
"""Measures how long pages of a large list take, from its beginning to its end.

usage: benches/lists.py BINARY [--rows N] [--database-url URL]

A shop is linked and synced; one of its payments is then copied N times in the database. Prints one line of figures:
milliseconds (the middle of nine) of the first page, of pages at a tenth, in the middle, at nine tenths and at the end, of
the same by another order, with a query, of a page of 5,000, and of the whole list as a CSV file; and the peak memory, also
of 20 pages of 5,000 that are asked for at once. Then the same of pages and a file with supplemental data.
"""

import concurrent.futures
import json
import sqlite3
import statistics
import subprocess
import time
import urllib.parse
import urllib.request
import uuid

from bench import linked, parsed, peak_mib, prepared, synced

SIZE = 100
# Pages of 5,000 that are asked for at the same moment.
TOGETHER = 20


def fill(options, folder, connection):
    """Copies a payment, each copy a second older than the one before, one in three failed, and the charge behind each."""
    own = {"id": "'ch_bench' || i", "status": "CASE WHEN i % 3 = 0 THEN 'Failed' ELSE 'Paid' END"}
    if options.database_url:
        own["id"] = "'ch_bench' || lpad(i::text, 8, '0')"
        own["created_at"] = "timestamptz '2026-01-01Z' - i * interval '1 second'"
    else:
        own["id"] = "printf('ch_bench%08d', i)"
        own["created_at"] = "strftime('%Y-%m-%dT%H:%M:%S+00:00', '2026-01-01', '-' || i || ' seconds')"
    for table, which in [("payment", "id LIKE 'ch%'"), ("source_object", "object = 'charge'")]:
        if options.database_url:
            columns = psql(options, "SELECT string_agg(column_name, ',' ORDER BY ordinal_position) FROM "
                           f"information_schema.columns WHERE table_name = '{table}'").strip().split(",")
            taken = ",".join(own.get(name, f"p.{name}") for name in columns)
            psql(options, f"INSERT INTO {table} ({','.join(columns)}) SELECT {taken} FROM (SELECT * FROM {table} WHERE "
                 f"connection_id = '{connection}' AND {which} LIMIT 1) p, generate_series(1, {options.rows}) i")
            psql(options, f"VACUUM ANALYZE {table}")
            continue
        db = sqlite3.connect(f"{folder}/bench.db")
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        taken = ",".join(own.get(name, f"p.{name}") for name in columns)
        db.execute(f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {options.rows}) "
                   f"INSERT INTO {table} ({','.join(columns)}) SELECT {taken} FROM n, (SELECT * FROM {table} WHERE "
                   f"connection_id = ? AND {which} LIMIT 1) p", (uuid.UUID(connection).bytes,))
        db.commit()
        db.close()


def psql(options, sql):
    return subprocess.run(["psql", "-qAt", options.database_url, "-c", sql], check=True, text=True,
                          capture_output=True).stdout


def milliseconds(platform, path, times=9):
    waits = []
    for _ in range(times):
        since = time.monotonic()
        platform.api("GET", path)
        waits.append((time.monotonic() - since) * 1000)
    return round(statistics.median(waits), 1)


def together(platform, path, count):
    """Asks for a page in each of several threads at once; all of them are answered."""
    with concurrent.futures.ThreadPoolExecutor(count) as threads:
        for page in threads.map(lambda _: platform.api("GET", path), range(count)):
            assert len(page["results"]) == 5000


def export(platform, path):
    request = urllib.request.Request(f"{platform.url}{path}?format=csv", headers={"Authorization": f"Bearer {platform.key}"})
    since, size = time.monotonic(), 0
    with urllib.request.urlopen(request) as answer:
        while piece := answer.read(1 << 20):
            size += len(piece)
    return {"csv_seconds": round(time.monotonic() - since, 1), "csv_mib": round(size / (1 << 20))}


def measure(options):
    with prepared(options, 100) as (platform, _, _):
        platform.start()
        root, connection = linked(platform)
        synced(platform, root)
        fill(options, platform.folder, connection.rsplit("/", 1)[1])
        data = f"{connection}/data/commerce-payments"
        pages = options.rows // SIZE
        at = {"first": 1, "tenth": pages // 10, "middle": pages // 2, "nine_tenths": pages * 9 // 10, "last": pages}
        figures = {"rows": options.rows}
        figures |= {name: milliseconds(platform, f"{data}?page={page}&pageSize={SIZE}") for name, page in at.items()}
        modified = f"{data}?page={pages // 3}&pageSize={SIZE}&orderBy=modifiedDate"
        figures["by_modified_at_a_third"] = milliseconds(platform, modified)
        query = urllib.parse.quote("status=Failed")
        figures["query_first"] = milliseconds(platform, f"{data}?query={query}&pageSize={SIZE}")
        figures["query_middle"] = milliseconds(platform, f"{data}?query={query}&page={pages // 6}&pageSize={SIZE}", 3)
        figures["page_of_5000"] = milliseconds(platform, f"{data}?pageSize=5000", 3)
        resting = peak_mib(platform.process)
        together(platform, f"{data}?pageSize=5000", TOGETHER)
        before = peak_mib(platform.process)
        figures |= {"peak_mib_before_pages": resting, f"peak_mib_of_{TOGETHER}_pages_of_5000": before}
        figures |= export(platform, data)
        figures |= {"peak_mib_before_csv": before, "peak_mib_of_csv": peak_mib(platform.process)}
        # With a field of Stripe's own beside each record.
        fields = {"charge": {"dataSource": "/v1/charges", "pullData": {"outcome": "outcome.type"}}}
        integration = platform.api("GET", connection)["integrationKey"]
        platform.api("PUT", f"/integrations/{integration}/dataTypes/commerce-payments/supplementalDataConfig",
                     {"supplementalDataConfig": fields})
        middle = platform.api("GET", f"{data}?page={pages // 2}&pageSize={SIZE}")["results"]
        assert all(row["supplementalData"]["content"]["charge"]["outcome"] for row in middle)
        figures["supplemented_page_of_5000"] = milliseconds(platform, f"{data}?pageSize=5000", 3)
        figures["supplemented_last"] = milliseconds(platform, f"{data}?page={pages}&pageSize={SIZE}")
        together(platform, f"{data}?pageSize=5000", TOGETHER)
        figures["supplemented_peak_mib_of_pages"] = peak_mib(platform.process)
        figures |= {f"supplemented_{name}": value for name, value in export(platform, data).items()}
        return figures | {"peak_mib": peak_mib(platform.process)}


def main():
    print(json.dumps(measure(parsed(__doc__, rows=1_000_000))))


if __name__ == "__main__":
    main()
