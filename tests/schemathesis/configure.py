"""What schemathesis needs to know of a demo: configure.py demo.json key|nothing OUT.toml; prints the demo's address.

Ids are those of what is there, so that data is read and not only missed. What ends a company, a connection or a consumer
gets one of its own."""
import json, sys, urllib.request

demo = json.load(open(sys.argv[1]))
company = demo["companies"][0]
with_key = sys.argv[2] == "key"


def ask(method, path, body=None):
    headers = {"Authorization": f"Bearer {demo['api_key']}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(demo["api_url"] + path, data, headers, method=method)) as answer:
        return json.load(answer)


spare = ask("POST", "/companies", {"name": "To be deleted"})["id"]
waiting = ask("POST", f"/companies/{spare}/connections", {"platformKey": "yzth"})["id"]
consumers = [ask("POST", "/webhooks", {"url": "https://example.com/hook", "eventTypes": ["company.*"]})["id"] for _ in range(2)]
key = ask("POST", "/apiKeys", {"name": "To be deleted"})["id"]
data = f"/companies/{company['id']}/connections/{company['connection_id']}/data"
first = lambda kind: ask("GET", f"{data}/commerce-{kind}?pageSize=1")["results"][0]["id"]
ids = {
    "companyId": company["id"],
    "connectionId": company["connection_id"],
    "webhookId": consumers[0],
    "platformKey": "yzth",
    "datasetId": ask("GET", f"/companies/{company['id']}/data/history?pageSize=1")["results"][0]["id"],
    "dataType": "commerce-payments",
    "recordId": first("payments"),
    "customerId": first("customers"),
    "paymentId": first("payments"),
    "payoutId": first("payouts"),
    "productId": first("products"),
    "transactionId": first("transactions"),
    "orderId": first("orders"),
}
# No operation may take away what the others need.
apart = {
    "delete-company": {"companyId": spare},
    "delete-connection": {"companyId": spare, "connectionId": waiting},
    "unlink-connection": {"companyId": spare, "connectionId": waiting},
    "delete-api-key": {"apiKeyId": key},
    "delete-webhook-consumer": {"webhookId": consumers[1]},
    # The keys of the integration stay what they are.
    "set-integration": {"platformKey": "none"},
    "register-integration-webhook": {"platformKey": "none"},
}


def table(names):
    return "{ " + ", ".join(f'"path.{name}" = {json.dumps(value)}' for name, value in names.items()) + " }"


# Every run begins anew: nothing is kept of the one before.
lines = [f"parameters = {table(ids)}", "cache = { enabled = false }"]
# A query is a language of its own, `fields` names what a list has, and a body may be right in form and wrong in sense: what
# fits the description may still be refused with 400, and what is refused as things stand with 409. What matches
# `If-None-Match` is answered 304.
lines += ["[checks.positive_data_acceptance]", 'expected-statuses = ["2xx", 304, 400, 401, 403, 404, 409, 410, 415]']
if with_key:
    lines += ["[auth.openapi.api_key]", f"username = {json.dumps(demo['api_key'])}", 'password = ""']
for name, names in apart.items():
    lines += ["[[operations]]", f'include-operation-id = "{name}"', f"parameters = {table(names)}"]
open(sys.argv[3], "w").write("\n".join(lines) + "\n")
print(demo["api_url"])
