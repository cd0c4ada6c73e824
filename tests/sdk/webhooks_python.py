"""The published library of Standard Webhooks for Python, unmodified, verifies what a demo sends (DEMO_JSON)."""

import json
import os
import pathlib
import queue
import sys
import threading
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
    def __init__(self, told):
        self.told = told

    def ask(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.told['api_key']}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.told["api_url"] + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null")

    def post(self, path, body):
        return self.ask("POST", path, body)

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


def check(demo, consumer):
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
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    demo = Demo(json.loads(pathlib.Path(os.environ["DEMO_JSON"]).read_text()))
    url = f"http://127.0.0.1:{server.server_port}/hook"
    consumer = demo.post("/webhooks", {"url": url, "eventTypes": ["company.*", "webhook.test"]})["id"]
    try:
        check(demo, consumer)
    finally:
        # Nothing is sent to where nobody listens any more.
        demo.ask("DELETE", f"/webhooks/{consumer}")
    print("webhooks: the library of Standard Webhooks believes what was sent, and nothing that was changed")


main()
