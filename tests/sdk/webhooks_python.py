"""The published library of Standard Webhooks for Python, unmodified, verifies what a demo sends: webhooks_python.py BINARY"""

import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
PATIENCE = 120

heard = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        heard.put(({name: self.headers[name] for name in HEADERS}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Demo:
    """A demo of its own in a folder, which goes with it."""

    def __init__(self, binary, folder):
        self.place, log = pathlib.Path(folder, "demo"), open(pathlib.Path(folder, "log"), "w+")
        command = [binary, "demo", "--listen", "127.0.0.1:0", "--data-dir", self.place, "--charges", "100"]
        self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        until = time.monotonic() + PATIENCE
        while not (self.place / "demo.json").exists():
            if self.process.poll() is not None or time.monotonic() > until:
                self.process.kill()
                log.seek(0)
                sys.exit(f"the demo did not start:\n{log.read()}")
            time.sleep(0.1)
        self.told = json.loads((self.place / "demo.json").read_text())

    def post(self, path, body):
        headers = {"Authorization": f"Bearer {self.told['api_key']}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.told["api_url"] + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def secret(self, consumer):
        return self.post(f"/webhooks/{consumer}/secret", {})["secret"]


def next_of(kind):
    """The next message of a kind, as it came."""
    while True:
        headers, body = heard.get(timeout=PATIENCE)
        if json.loads(body)["eventType"] == kind:
            return headers, body


def refused(secret, headers, body):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return
    sys.exit(f"this was believed: {headers} {body}")


def check(demo, url):
    consumer = demo.post("/webhooks", {"url": f"{url}/hook", "eventTypes": ["company.*", "webhook.test"]})["id"]
    first = demo.secret(consumer)
    name = "Bücher & Söhne, 12.50"
    demo.post("/companies", {"name": name})
    headers, body = next_of("company.created")
    verified = Webhook(first).verify(body, headers)
    assert verified["payload"]["name"] == "Bücher & Söhne, 12.50" and verified["id"] == headers["webhook-id"], verified
    # Nothing of it may be another's.
    refused(first, headers, body.replace(b"12.50", b"12.51"))
    refused(first, headers | {"webhook-id": "msg_other"}, body)
    refused(first, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 3600)}, body)
    # While one secret takes the other's place, who knows either believes.
    second = demo.secret(consumer)
    demo.post(f"/webhooks/{consumer}/test", {})
    headers, body = next_of("webhook.test")
    assert len(headers["webhook-signature"].split()) == 2, headers
    for secret in (first, second):
        assert Webhook(secret).verify(body, headers)["eventType"] == "webhook.test"
    refused(demo.secret(consumer), headers, body)


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(binary, folder)
        try:
            check(demo, f"http://127.0.0.1:{server.server_port}")
        finally:
            demo.process.terminate()
            demo.process.wait()
    print("webhooks: the library of Standard Webhooks believes what was sent, and nothing that was changed")


main()
