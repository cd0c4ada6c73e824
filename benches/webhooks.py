#!/usr/bin/env python3
"""Measures how soon Stripe's webhooks are answered: the real binary, signed deliveries at a steady rate, one database.

usage: benches/webhooks.py BINARY [--rate N] [--seconds N] [--backfill N] [--database-url URL]

The events are of an account that is linked and synced, so that each leaves a hint, and the worker reads what they name
meanwhile. A delivery is due at its time whether the ones before were answered or not, and its answer's time counts from
then on: a server that stalls is seen to stall. Prints one line of figures, in milliseconds, and fails when an answer is
not 200, an event is not in the inbox, or the 99th percentile is 250 ms or more. With --backfill a first sync of an account
with N charges writes into the same database meanwhile, as fast as it can; it fails when that ends before the deliveries.
"""

import argparse
import hashlib
import hmac
import http.client
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

from first_sync import FINAL, Platform, answers, cpu, link, peak_mib, port

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


def words(platform, root):
    return [one["currentStatus"] for one in platform.api("GET", f"{root}/dataStatus").values()]


def is_synced(platform, root):
    found = words(platform, root)
    return len(found) >= 9 and all(word in FINAL for word in found)


def until(condition):
    while not condition():
        time.sleep(0.25)


def linked(platform, stripe_url, account):
    """Links a new company to this account; its path in the API and that of its connection."""
    choice = urllib.request.Request(f"{stripe_url}/_simulator/next-account", json.dumps({"account": account}).encode())
    urllib.request.urlopen(choice).close()
    company = platform.api("POST", "/companies", {"name": "Bench"})
    root = f"/companies/{company['id']}"
    connection = platform.api("POST", f"{root}/connections", {"platformKey": "yzth"})
    link(connection["linkUrl"])
    return root, f"{root}/connections/{connection['id']}"


def measure(options):
    folder = tempfile.mkdtemp()
    database_url = options.database_url or f"sqlite://{folder}/bench.db"
    stripe_url = f"http://127.0.0.1:{port()}"
    run = lambda *words: subprocess.run([options.binary, *words], env=environment, check=True, text=True,
                                        capture_output=True).stdout.strip()
    environment = dict(os.environ)
    environment |= {
        "TRIBUTARY_MASTER_KEY": run("key", "generate-master"),
        "TRIBUTARY_PUBLIC_URL": f"http://127.0.0.1:{port()}",
        "TRIBUTARY_STRIPE_API_BASE": stripe_url,
        "TRIBUTARY_STRIPE_CONNECT_BASE": stripe_url,
        "TRIBUTARY_LOG_FILTER": "warn",
    }
    if options.backfill:
        environment |= {"TRIBUTARY_STRIPE_RATE_PER_ENDPOINT": "0", "TRIBUTARY_STRIPE_RATE_PER_ACCOUNT": "0"}
    simulator = subprocess.Popen(
        [options.binary, "simulate", "--listen", stripe_url.removeprefix("http://"), "--auto-approve",
         "--charges", str(options.backfill or 500)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    platform = Platform(options.binary, database_url, folder, environment)
    try:
        answers(f"{stripe_url}/_simulator/requests", simulator)
        run("migrate", "--database-url", database_url)
        run("integration", "set", "yzth", "--database-url", database_url, "--client-id", "ca_simulator",
            "--secret-key", "sk_test_simulator", "--webhook-secret", SECRET, "--enabled", "true")
        platform.key = run("key", "create", "--name", "bench", "--database-url", database_url)
        platform.start()
        with urllib.request.urlopen(f"{stripe_url}/_simulator/accounts") as answer:
            large, small = [one["id"] for one in json.load(answer)["accounts"]][:2]
        root, connection = linked(platform, stripe_url, small)
        until(lambda: is_synced(platform, root))
        customers = platform.api("GET", f"{connection}/data/commerce-customers?pageSize=50")["results"]
        backfill = linked(platform, stripe_url, large)[0] if options.backfill else None
        if backfill:
            until(lambda: "Fetching" in words(platform, backfill))
        before = cpu(platform.process)
        done, seconds = deliver(options, platform, small, [one["id"] for one in customers])
        ended = backfill and is_synced(platform, backfill)
        figures(options, platform, done, seconds, cpu(platform.process) - before)
        if ended:
            raise SystemExit("webhooks: the backfill ended before the deliveries: give it more charges")
    finally:
        for process in (platform.process, simulator):
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("binary", type=os.path.abspath)
    options.add_argument("--rate", type=int, default=200)
    options.add_argument("--seconds", type=int, default=30)
    options.add_argument("--backfill", type=int, default=0)
    options.add_argument("--database-url")
    measure(options.parse_args())


if __name__ == "__main__":
    main()
