"""What the benches have in common: a platform and a simulated Stripe of their own, and what is read of them."""

import argparse
import base64
import contextlib
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
# Stripe's limits are not what is measured.
UNLIMITED = {"TRIBUTARY_STRIPE_RATE_PER_ENDPOINT": "0", "TRIBUTARY_STRIPE_RATE_PER_ACCOUNT": "0"}


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
        self.folder = folder
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


@contextlib.contextmanager
def prepared(options, charges, integration=(), settings=None):
    """A simulated Stripe, and a platform that is set up for it and not started yet; both end with the block. Without a
    database URL among the options the data is in `bench.db` in the folder."""
    folder = tempfile.mkdtemp()
    url = getattr(options, "database_url", None) or f"sqlite://{folder}/bench.db"
    stripe_url = f"http://127.0.0.1:{port()}"
    environment = dict(os.environ) | {
        "TRIBUTARY_PUBLIC_URL": f"http://127.0.0.1:{port()}",
        "TRIBUTARY_STRIPE_API_BASE": stripe_url, "TRIBUTARY_STRIPE_CONNECT_BASE": stripe_url,
        "TRIBUTARY_LOG_FILTER": "warn",
    } | (settings or {})
    run = lambda *words: subprocess.run([options.binary, *words], env=environment, check=True, text=True,
                                        capture_output=True).stdout.strip()
    environment["TRIBUTARY_MASTER_KEY"] = run("key", "generate-master")
    simulator = subprocess.Popen(
        [options.binary, "simulate", "--listen", stripe_url.removeprefix("http://"), "--auto-approve",
         "--charges", str(charges)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    platform = Platform(options.binary, url, folder, environment)
    try:
        answers(f"{stripe_url}/_simulator/requests", simulator)
        run("migrate", "--database-url", url)
        run("integration", "set", "yzth", "--database-url", url, "--client-id", "ca_simulator", "--secret-key",
            "sk_test_simulator", "--enabled", "true", *integration)
        platform.key = run("key", "create", "--name", "bench", "--database-url", url)
        yield platform, simulator, stripe_url
    finally:
        for process in (platform.process, simulator):
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait()


def linked(platform, stripe_url=None, account=None):
    """Links a new company, to this account where one is named. Returns its path in the API and that of its connection."""
    if account:
        choice = json.dumps({"account": account}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{stripe_url}/_simulator/next-account", choice)).close()
    company = platform.api("POST", "/companies", {"name": "Bench"})
    root = f"/companies/{company['id']}"
    connection = platform.api("POST", f"{root}/connections", {"platformKey": "yzth"})
    link(connection["linkUrl"])
    return root, f"{root}/connections/{connection['id']}"


def statuses(platform, root):
    """Where each data type of a company stands."""
    return {name: one["currentStatus"] for name, one in platform.api("GET", f"{root}/dataStatus").items()}


def synced(platform, root, pause=0.1):
    """Waits until every data type has ended. Returns how each did."""
    while True:
        found = statuses(platform, root)
        if len(found) >= 9 and all(word in FINAL for word in found.values()):
            return found
        time.sleep(pause)


def requests(simulator_url):
    """How many requests the simulated Stripe answered so far."""
    with urllib.request.urlopen(f"{simulator_url}/_simulator/requests") as answer:
        endpoints = json.load(answer)["endpoints"].values()
    return sum(sum(by_status.values()) for by_status in endpoints)


def accounts(stripe_url):
    """The simulated accounts."""
    with urllib.request.urlopen(f"{stripe_url}/_simulator/accounts") as answer:
        return json.load(answer)["accounts"]


def parsed(doc, **numbers):
    """The command line: the binary, whole numbers with their defaults, and a database."""
    options = argparse.ArgumentParser(description=doc.split("\n")[0])
    options.add_argument("binary", type=os.path.abspath)
    for name, default in numbers.items():
        options.add_argument(f"--{name}", type=int, default=default)
    options.add_argument("--database-url")
    return options.parse_args()
