#!/usr/bin/env python3
"""Measures a first sync: the real binary reads a simulated Stripe, through the real link, into one database.

usage: benches/first_sync.py BINARY [--charges N] [--database-url URL] [--kill N]

With --kill the platform is killed (SIGKILL) so many times on the way and started again, which costs the
rest of a lease (5 seconds) each. Prints one line of figures:
seconds from the owner's approval until every data type is complete, records, CPU seconds and peak memory of the
platform (its last life), and the simulator's CPU seconds apart.
"""

import json
import time

from bench import FINAL, UNLIMITED, cpu, linked, parsed, peak_mib, prepared, requests, statuses

LISTS = ["customers", "payments", "transactions", "payouts", "disputes", "products", "paymentMethods", "orders"]


def measure(options, then=lambda platform, connection: {}):
    """Measures a first sync, and whatever `then` does with the synced connection, given its path in the API."""
    settings = UNLIMITED | {"TRIBUTARY_WORKER_LEASE_SECONDS": "5", "TRIBUTARY_LOG_FILTER": "info"}
    with prepared(options, options.charges, settings=settings) as (platform, simulator, stripe_url):
        platform.start()
        return watched(options, platform, simulator, stripe_url, then)


def watched(options, platform, simulator, simulator_url, then):
    before, began, killed = cpu(simulator), time.monotonic(), []
    root, connection = linked(platform)
    data = f"{connection}/data"
    kills = [(number + 1) * options.charges // (40 * (options.kill + 1)) for number in range(options.kill)]
    while True:
        if kills and requests(simulator_url) >= kills[0]:
            kills.pop(0)
            platform.kill()
            killed.append(requests(simulator_url))
            platform.start()
        status = statuses(platform, root)
        if len(status) >= 9 and all(word in FINAL for word in status.values()):
            break
        time.sleep(0.25)
    seconds = time.monotonic() - began
    wrong = {name: word for name, word in status.items() if word not in ("Complete", "NotSupported")}
    if wrong or kills:
        raise SystemExit(f"first_sync: not complete: {wrong}, kills left: {len(kills)}")
    counts = {name: total(platform, data, name) for name in LISTS}
    records = sum(counts.values())
    found = {
        "charges": options.charges, "records": records, "seconds": round(seconds, 1),
        "records_per_second": round(records / seconds),
        "platform_cpu_seconds": round(cpu(platform.process) + platform.cpu_before, 1),
        "simulator_cpu_seconds": round(cpu(simulator) - before, 1),
        "peak_mib": peak_mib(platform.process), "requests": requests(simulator_url), "killed_at_requests": killed,
        "counts": counts,
    }
    return found | then(platform, connection)


def total(platform, data, name):
    return platform.api("GET", f"{data}/commerce-{name}?pageSize=1")["totalResults"]


def main():
    print(json.dumps(measure(parsed(__doc__, charges=100_000, kill=0))))


if __name__ == "__main__":
    main()
