#!/usr/bin/env python3
"""Measures how soon Stripe's webhooks are answered: the real binary, signed deliveries at a steady rate, one database.

usage: benches/webhooks.py BINARY [--rate N] [--seconds N] [--backfill N] [--database-url URL]

The events are of an account that is linked and synced, so that each leaves a hint, and the worker reads what they name
meanwhile. A delivery is due at its time whether the ones before were answered or not, and its answer's time counts from
then on: a server that stalls is seen to stall. Prints one line of figures, in milliseconds, and fails when an answer is
not 200, an event is not in the inbox, or the 99th percentile is 250 ms or more. With --backfill a first sync of an account
with N charges writes into the same database meanwhile, as fast as it can; it fails when that ends before the deliveries.
"""

import hashlib
import hmac
import http.client
import json
import queue
import threading
import time

from bench import FINAL, UNLIMITED, accounts, cpu, linked, parsed, peak_mib, prepared, statuses, synced

SECRET = "whsec_bench0123456789"
BAR = 250.0
SENDERS = 64


def event(number, account, customer):
    return json.dumps({
        "id": f"evt_bench{number:08d}", "object": "event", "type": "customer.updated", "account": account,
        "created": int(time.time()), "livemode": False, "api_version": "2026-10-28.endive",
        "data": {"object": {"id": customer, "object": "customer", "description": "x" * 1500}},
    }, indent=2).encode()


def signature(body):
    second = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{second}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={second},v1={digest}"


def send(port_, due, done):
    connection = http.client.HTTPConnection("127.0.0.1", port_, timeout=60)
    while (one := due.get()) is not None:
        at, body = one
        headers = {"Stripe-Signature": signature(body), "Content-Type": "application/json; charset=utf-8"}
        connection.request("POST", "/stripe/webhooks/yzth", body, headers)
        answer = connection.getresponse()
        answer.read()
        done.append(((time.monotonic() - at) * 1000, answer.status))


def deliver(options, platform, account, customers):
    due, done = queue.Queue(), []
    where = int(platform.url.rsplit(":", 1)[1])
    senders = [threading.Thread(target=send, args=(where, due, done)) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    began = time.monotonic()
    for number in range(options.rate * options.seconds):
        at = began + number / options.rate
        time.sleep(max(0, at - time.monotonic()))
        due.put((at, event(number, account, customers[number % len(customers)])))
    for _ in senders:
        due.put(None)
    for sender in senders:
        sender.join()
    return done, time.monotonic() - began


def figures(options, platform, done, seconds, used):
    times = sorted(ms for ms, _ in done)
    at = lambda part: round(times[min(len(times) - 1, int(len(times) * part))], 1)
    webhook = platform.api("GET", "/integrations/yzth")["settings"]["webhook"]["today"]
    found = {
        "deliveries": len(done), "per_second": round(len(done) / seconds), "p50": at(0.5), "p95": at(0.95),
        "p99": at(0.99), "max": round(times[-1], 1), "in_the_inbox": webhook["received"],
        "platform_cpu_seconds": round(used, 1), "peak_mib": peak_mib(platform.process),
        "database": "postgres" if options.database_url else "sqlite", "backfill": options.backfill,
    }
    print(json.dumps(found))
    wrong = [status for _, status in done if status != 200]
    if wrong or webhook["received"] != len(done) or found["p99"] >= BAR:
        raise SystemExit(f"webhooks: not as it should be: {len(wrong)} answers other than 200, {webhook}")


def measure(options):
    settings = UNLIMITED if options.backfill else None
    secret = ["--webhook-secret", SECRET]
    with prepared(options, options.backfill or 500, secret, settings) as (platform, _, stripe_url):
        platform.start()
        large, small = [one["id"] for one in accounts(stripe_url)][:2]
        root, connection = linked(platform, stripe_url, small)
        synced(platform, root)
        customers = platform.api("GET", f"{connection}/data/commerce-customers?pageSize=50")["results"]
        backfill = linked(platform, stripe_url, large)[0] if options.backfill else None
        if backfill:
            while "Fetching" not in statuses(platform, backfill).values():
                time.sleep(0.25)
        before = cpu(platform.process)
        done, seconds = deliver(options, platform, small, [one["id"] for one in customers])
        ended = backfill and all(word in FINAL for word in statuses(platform, backfill).values())
        figures(options, platform, done, seconds, cpu(platform.process) - before)
        if ended:
            raise SystemExit("webhooks: the backfill ended before the deliveries: give it more charges")


def main():
    measure(parsed(__doc__, rate=200, seconds=30, backfill=0))


if __name__ == "__main__":
    main()
