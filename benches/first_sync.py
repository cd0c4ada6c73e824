#!/usr/bin/env python3
"""Measures a first sync: the real binary reads a simulated Stripe, through the real link, into one database.

usage: benches/first_sync.py BINARY [--charges N] [--database-url URL] [--kill N]

With --kill the platform is killed (SIGKILL) so many times on the way and started again, which costs the
rest of a lease (5 seconds) each. Prints one line of figures:
seconds from the owner's approval until every data type is complete, records, CPU seconds and peak memory of the
platform (its last life), and the simulator's CPU seconds apart.
"""

import argparse
import base64
import html
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

FINAL = {"Complete", "FetchError", "MapError", "InternalError", "AuthError", "Cancelled", "NotSupported",
         "RateLimitError", "PermissionsError"}
LISTS = ["customers", "payments", "transactions", "payouts", "disputes", "products", "paymentMethods", "orders"]


def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu(process):
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(process):
    return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{process.pid}/status").read()).group(1)) // 1024


class Platform:
    def __init__(self, binary, database_url, folder, environment):
        self.url = environment["TRIBUTARY_PUBLIC_URL"]
        self.command = [binary, "serve", "--listen", self.url.removeprefix("http://"), "--database-url", database_url]
        self.log = open(os.path.join(folder, "serve.log"), "a")
        self.environment = environment
        self.process = None
        self.key = None
        self.cpu_before = 0.0

    def start(self):
        self.process = subprocess.Popen(self.command, env=self.environment, stdout=self.log, stderr=self.log)
        answers(f"{self.url}/readyz", self.process)

    def kill(self):
        self.cpu_before += cpu(self.process)
        self.process.kill()
        self.process.wait()

    def api(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        basic = "Basic " + base64.b64encode(self.key.encode()).decode()
        headers = {"Authorization": basic, "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers, method=method)) as answer:
            return json.loads(answer.read() or "null")


def answers(url, process):
    while True:
        try:
            return urllib.request.urlopen(url)
        except urllib.error.URLError:
            if process.poll() is not None:
                raise SystemExit(f"{process.args[:2]} ended with {process.returncode}")
            time.sleep(0.05)


def link(link_url):
    """The owner's way: open the link, post its first form, follow Stripe back to the result page."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with browser.open(link_url) as page:
        form = re.search(r"<form.*?</form>", page.read().decode(), re.S).group(0)
        action = html.unescape(re.search(r'action="([^"]*)"', form).group(1))
        fields = [(name, html.unescape(value)) for name, value in
                  re.findall(r'<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"', form)]
        target = urllib.parse.urljoin(page.geturl(), action)
    browser.open(target, urllib.parse.urlencode(fields).encode()).close()


def measure(options, then=lambda platform, connection: {}):
    """Measures a first sync, and whatever `then` does with the synced connection, given its path in the API."""
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
        "TRIBUTARY_STRIPE_RATE_PER_ENDPOINT": "0",
        "TRIBUTARY_STRIPE_RATE_PER_ACCOUNT": "0",
        "TRIBUTARY_WORKER_LEASE_SECONDS": "5",
    }
    simulator = subprocess.Popen(
        [options.binary, "simulate", "--listen", stripe_url.removeprefix("http://"), "--auto-approve",
         "--charges", str(options.charges)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    platform = Platform(options.binary, database_url, folder, environment)
    try:
        answers(f"{stripe_url}/_simulator/requests", simulator)
        run("migrate", "--database-url", database_url)
        run("integration", "set", "yzth", "--database-url", database_url, "--client-id", "ca_simulator",
            "--secret-key", "sk_test_simulator", "--enabled", "true")
        platform.key = run("key", "create", "--name", "bench", "--database-url", database_url)
        platform.start()
        return watched(options, platform, simulator, stripe_url, then)
    finally:
        for process in (platform.process, simulator):
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait()


def watched(options, platform, simulator, simulator_url, then):
    company = platform.api("POST", "/companies", {"name": "Bench"})
    root = f"/companies/{company['id']}"
    connection = platform.api("POST", f"{root}/connections", {"platformKey": "yzth"})
    data = f"{root}/connections/{connection['id']}/data"
    before, began, killed = cpu(simulator), time.monotonic(), []
    link(connection["linkUrl"])
    kills = [(number + 1) * options.charges // (40 * (options.kill + 1)) for number in range(options.kill)]
    while True:
        if kills and requests(simulator_url) >= kills[0]:
            kills.pop(0)
            platform.kill()
            killed.append(requests(simulator_url))
            platform.start()
        status = {name: one["currentStatus"] for name, one in platform.api("GET", f"{root}/dataStatus").items()}
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
    return found | then(platform, data.removesuffix("/data"))


def total(platform, data, name):
    return platform.api("GET", f"{data}/commerce-{name}?pageSize=1")["totalResults"]


def requests(simulator_url):
    """How many requests the simulated Stripe answered so far."""
    with urllib.request.urlopen(f"{simulator_url}/_simulator/requests") as answer:
        endpoints = json.load(answer)["endpoints"].values()
    return sum(sum(by_status.values()) for by_status in endpoints)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("binary", type=os.path.abspath)
    options.add_argument("--charges", type=int, default=100_000)
    options.add_argument("--database-url")
    options.add_argument("--kill", type=int, default=0)
    print(json.dumps(measure(options.parse_args())))


if __name__ == "__main__":
    main()
