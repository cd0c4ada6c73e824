"""Stripe's Python library, unmodified, against a simulator that approves by itself (SIMULATOR_URL).

Each check is a function; all of them run, and the last line says how many passed and failed.
"""

import base64
import json
import os
import sys
import traceback
import urllib.error
import urllib.parse
import urllib.request

import stripe

URL = os.environ["SIMULATOR_URL"].rstrip("/")
CLIENT_ID = "ca_simulator"
SECRET_KEY = "sk_test_simulator"
REDIRECT_URI = "http://127.0.0.1:1/callback"

stripe.api_base = URL
stripe.connect_api_base = URL
stripe.api_key = SECRET_KEY
stripe.client_id = CLIENT_ID
stripe.max_network_retries = 0

LISTS = {
    "charges": stripe.Charge,
    "refunds": stripe.Refund,
    "customers": stripe.Customer,
    "balance_transactions": stripe.BalanceTransaction,
    "payouts": stripe.Payout,
    "disputes": stripe.Dispute,
    "products": stripe.Product,
    "prices": stripe.Price,
    "payment_methods": stripe.PaymentMethod,
    "payment_intents": stripe.PaymentIntent,
    "invoices": stripe.Invoice,
    "invoice_payments": stripe.InvoicePayment,
    "checkout/sessions": stripe.checkout.Session,
    "application_fees": stripe.ApplicationFee,
    "transfers": stripe.Transfer,
    "events": stripe.Event,
    "subscriptions": stripe.Subscription,
}


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def http(method, path, form=None, headers=None):
    """A plain request: status, headers, body as text."""
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(URL + path, data=data, headers=headers or {}, method=method)
    try:
        answer = urllib.request.build_opener(NoRedirect).open(request)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers, answer.read().decode()


def control(path, body):
    """Tells the simulator to do something; its answer."""
    request = urllib.request.Request(URL + "/_simulator" + path, data=json.dumps(body).encode(), method="POST")
    return json.loads(urllib.request.urlopen(request).read())


def accounts():
    return json.loads(http("GET", "/_simulator/accounts")[2])["accounts"]


def shop():
    return accounts()[0]["id"]


def approve(account, scope="read_only", state="s"):
    """What an owner's click gives: the query of the redirect."""
    url = stripe.OAuth.authorize_url(scope=scope, state=state, redirect_uri=REDIRECT_URI)
    assert url.startswith(URL + "/oauth/authorize?"), url
    status, headers, body = http("GET", url[len(URL):] + "&account=" + account)
    assert status == 303, (status, body)
    location = urllib.parse.urlsplit(headers["Location"])
    assert headers["Location"].startswith(REDIRECT_URI + "?"), headers["Location"]
    return urllib.parse.parse_qs(location.query, keep_blank_values=True)


def connect(account, scope="read_only"):
    code = approve(account, scope)["code"][0]
    return stripe.OAuth.token(grant_type="authorization_code", code=code)


def raises(kind, call, **expected):
    """The typed error of a call; `code` and `param` are read from its body, where every kind of error has them."""
    try:
        call()
    except kind as error:
        body = error.json_body["error"] if expected else {}
        for name, value in expected.items():
            found = error.http_status if name == "status" else body.get(name)
            assert found == value, f"{name}: {found!r} instead of {value!r}"
        return error
    raise AssertionError(f"no {kind.__name__}")


def check_oauth_exchange():
    state = "ünï+code %2F&=?/~"
    answer = approve(shop(), state=state)
    assert answer["state"] == [state] and answer["scope"] == ["read_only"], answer
    token = stripe.OAuth.token(grant_type="authorization_code", code=answer["code"][0])
    assert token.stripe_user_id == shop() and token.scope == "read_only"
    assert token.livemode is False and token.token_type == "bearer"
    assert "expires_in" not in token
    mine = stripe.Account.retrieve(api_key=token.access_token)
    assert mine.id == shop() == stripe.Account.retrieve(stripe_account=shop()).id
    again = stripe.OAuth.token(grant_type="refresh_token", refresh_token=token.refresh_token)
    assert again.access_token != token.access_token and again.stripe_user_id == shop()
    raises(stripe.AuthenticationError, lambda: stripe.Account.retrieve(api_key=token.access_token), status=401)


def check_code_used_twice_disconnects():
    account = accounts()[0]["id"]
    code = approve(account)["code"][0]
    stripe.OAuth.token(grant_type="authorization_code", code=code)
    stripe.Charge.list(stripe_account=account)
    try:
        stripe.OAuth.token(grant_type="authorization_code", code=code)
        raise AssertionError("a code worked twice")
    except stripe.oauth_error.InvalidGrantError as error:
        assert error.http_status == 400 and "revoked" in error.json_body["error_description"]
    raises(
        stripe.PermissionError, lambda: stripe.Charge.list(stripe_account=account), status=403, code="account_invalid"
    )


def check_client_id_as_basic_user_is_refused():
    basic = base64.b64encode(f"{CLIENT_ID}:{SECRET_KEY}".encode()).decode()
    form = {"grant_type": "authorization_code", "code": approve(shop())["code"][0]}
    status, _, body = http("POST", "/oauth/token", form, {"Authorization": "Basic " + basic})
    body = json.loads(body)
    assert status == 401 and body["error"] == "invalid_client", (status, body)
    assert body["error_description"] == "No such API key: " + CLIENT_ID
    # The refusal has not spent the code.
    assert stripe.OAuth.token(**form).stripe_user_id == shop()


def check_oauth_errors_are_typed():
    errors = stripe.oauth_error
    for kind, call in [
        (errors.InvalidGrantError, lambda: stripe.OAuth.token(grant_type="authorization_code", code="ac_none")),
        (errors.InvalidGrantError, lambda: stripe.OAuth.token(grant_type="refresh_token", refresh_token="rt_none")),
        (errors.UnsupportedGrantTypeError, lambda: stripe.OAuth.token(grant_type="password")),
        (errors.InvalidRequestError, lambda: stripe.OAuth.token(grant_type="authorization_code")),
        (errors.InvalidClientError, lambda: stripe.OAuth.deauthorize(stripe_user_id="acct_none")),
        (errors.InvalidClientError, lambda: stripe.OAuth.deauthorize(client_id="ca_other", stripe_user_id=shop())),
    ]:
        try:
            call()
        except kind as error:
            assert error.json_body["error_description"]
            continue
        raise AssertionError(f"no {kind.__name__}")


def every_page(resource, limit, **params):
    """The library's own way through all pages."""
    return list(resource.list(limit=limit, stripe_account=shop(), **params).auto_paging_iter())


def check_auto_pagination_reaches_everything():
    connect(shop())
    for name, resource in LISTS.items():
        http("DELETE", "/_simulator/requests")
        rows = every_page(resource, 100)
        served = json.loads(http("GET", "/_simulator/requests")[2])["accounts"][shop()]
        pages = served[f"GET /v1/{name}"]["200"]
        assert pages == max(1, -(-len(rows) // 100)), f"{name}: {len(rows)} rows in {pages} pages"
        ids = [row.id for row in rows]
        assert len(set(ids)) == len(ids), f"{name}: an id came twice"
        if len(rows) <= 1500:
            assert [row.id for row in every_page(resource, 37)] == ids, f"{name}: other pages, other rows"
        if rows:
            assert resource.retrieve(ids[-1], stripe_account=shop()).id == ids[-1], name
        if name == "charges":
            assert len(rows) >= 1000, len(rows)


def check_pages_can_be_walked_backwards():
    connect(shop())
    first = stripe.Charge.list(limit=20, stripe_account=shop())
    second = first.next_page()
    back = stripe.Charge.list(limit=20, ending_before=second.data[0].id, stripe_account=shop())
    assert [row.id for row in back.data] == [row.id for row in first.data]
    backwards = stripe.Charge.list(limit=10, ending_before=second.data[-1].id, stripe_account=shop()).auto_paging_iter()
    assert [row.id for row in backwards] == [row.id for row in reversed(first.data + second.data[:-1])]


def check_created_filters():
    connect(shop())
    rows = every_page(stripe.Charge, 100)
    middle = rows[len(rows) // 2].created
    cuts = {
        "gt": lambda at: at > middle,
        "gte": lambda at: at >= middle,
        "lt": lambda at: at < middle,
        "lte": lambda at: at <= middle,
    }
    for name, keeps in cuts.items():
        found = [row.id for row in every_page(stripe.Charge, 100, created={name: middle})]
        assert found == [row.id for row in rows if keeps(row.created)], name
    exact = every_page(stripe.Charge, 100, created=middle)
    assert exact and all(row.created == middle for row in exact)


def check_other_filters():
    connect(shop())
    charge = next(row for row in every_page(stripe.Charge, 100) if row.customer)
    assert all(row.customer == charge.customer for row in every_page(stripe.Charge, 100, customer=charge.customer))
    payout = next(row for row in every_page(stripe.Payout, 100) if row.automatic and row.status == "paid")
    rows = every_page(stripe.BalanceTransaction, 100, payout=payout.id)
    assert sum(row.net for row in rows if row.type != "payout") == payout.amount
    types = ["charge.succeeded", "charge.refunded"]
    assert {row.type for row in every_page(stripe.Event, 100, types=types)} <= set(types)
    method = next(iter(every_page(stripe.PaymentMethod, 100, customer=charge.customer)), None)
    if method:
        listed = stripe.Customer.list_payment_methods(charge.customer, limit=100, stripe_account=shop())
        assert method.id in [row.id for row in listed.auto_paging_iter()]


def check_expansion():
    connect(shop())
    charges = every_page(stripe.Charge, 100, expand=["data.balance_transaction", "data.customer"])
    settled = [row for row in charges if row.balance_transaction]
    assert settled and all(row.balance_transaction.source == row.id for row in settled)
    assert any(row.customer and row.customer.object == "customer" for row in charges)
    plain = stripe.Charge.retrieve(settled[0].id, stripe_account=shop())
    assert plain.balance_transaction == settled[0].balance_transaction.id
    sessions = every_page(stripe.checkout.Session, 100, expand=["data.line_items"])
    assert sessions and all(row.line_items.object == "list" for row in sessions)
    whole = stripe.checkout.Session.list_line_items(sessions[0].id, stripe_account=shop())
    assert [row.id for row in whole.auto_paging_iter()] == [row.id for row in sessions[0].line_items.auto_paging_iter()]
    transactions = stripe.BalanceTransaction.list(limit=100, expand=["data.source"], stripe_account=shop())
    assert any(row.source and row.source.id for row in transactions.data)


def check_api_errors_are_typed():
    account = shop()
    connect(account)
    invalid = stripe.InvalidRequestError
    for kind, call, expected in [
        (stripe.AuthenticationError, lambda: stripe.Charge.list(api_key="sk_test_wrong"), {"status": 401}),
        (
            stripe.PermissionError,
            lambda: stripe.Charge.list(stripe_account="acct_nobody"),
            {"status": 403, "code": "account_invalid"},
        ),
        (
            stripe.PermissionError,
            lambda: stripe.Customer.create(stripe_account=account, name="X"),
            {"status": 403, "code": "more_permissions_required_for_application"},
        ),
        (
            invalid,
            lambda: stripe.Charge.list(limit=101, stripe_account=account),
            {"status": 400, "code": "parameter_invalid_integer", "param": "limit"},
        ),
        (
            invalid,
            lambda: stripe.Charge.list(colour="red", stripe_account=account),
            {"status": 400, "code": "parameter_unknown", "param": "colour"},
        ),
        (
            invalid,
            lambda: stripe.Charge.list(starting_after="ch_none", stripe_account=account),
            {"status": 400, "code": "resource_missing", "param": "starting_after"},
        ),
        (
            invalid,
            lambda: stripe.Charge.retrieve("ch_none", stripe_account=account),
            {"status": 404, "code": "resource_missing", "param": "id"},
        ),
        (
            invalid,
            lambda: stripe.Charge.list(expand=["customer"], stripe_account=account),
            {"status": 400, "param": "expand"},
        ),
        (
            invalid,
            lambda: stripe.Charge.list(stripe_version="2099-01-01.zinnia", stripe_account=account),
            {"status": 400},
        ),
    ]:
        error = raises(kind, call, **expected)
        assert error.request_id and error.request_id.startswith("req_"), error.headers


def check_deauthorize():
    account = shop()
    connect(account)
    assert stripe.OAuth.deauthorize(stripe_user_id=account).stripe_user_id == account
    raises(stripe.PermissionError, lambda: stripe.Account.retrieve(account), status=403, code="account_invalid")


def check_revoked_in_the_dashboard():
    account = shop()
    connect(account)
    page = stripe.Charge.list(limit=5, stripe_account=account)
    assert http("POST", f"/_simulator/accounts/{account}/revoke", {})[0] == 200
    raises(stripe.PermissionError, page.next_page, status=403, code="account_invalid")


def check_actions_are_seen():
    account = shop()
    connect(account)
    events = control(f"/accounts/{account}/actions", {"do": "charge", "amount": 4321})["events"]
    charge = next(event["data"]["object"]["id"] for event in events if event["type"] == "charge.succeeded")
    assert stripe.Charge.retrieve(charge, stripe_account=account).amount == 4321
    # The charge's balance transaction, and the event that tells of it, come some seconds later.
    happened = {event["id"] for event in events if event["created"] <= events[0]["created"]}
    newest = stripe.Event.list(limit=20, stripe_account=account)
    assert len(happened) >= 2 and happened <= {event.id for event in newest.data}
    raises(stripe.PermissionError, lambda: stripe.Refund.create(charge=charge, stripe_account=account), status=403)


def check_webhook_endpoints():
    made = stripe.WebhookEndpoint.create(
        url="http://127.0.0.1:1/hook",
        enabled_events=["charge.succeeded", "account.application.deauthorized"],
        connect=True,
        api_version="2026-10-28.endive",
        metadata={"by": "us"},
    )
    assert made.secret.startswith("whsec_") and made.status == "enabled" and made.application == CLIENT_ID
    assert [endpoint.id for endpoint in stripe.WebhookEndpoint.list().data] == [made.id]
    changed = stripe.WebhookEndpoint.modify(made.id, enabled_events=["*"], disabled=True)
    assert (changed.enabled_events, changed.status) == (["*"], "disabled")
    again = stripe.WebhookEndpoint.retrieve(made.id)
    assert "secret" not in again and again.metadata["by"] == "us"
    raises(
        stripe.InvalidRequestError,
        lambda: stripe.WebhookEndpoint.create(url="http://127.0.0.1:1/", enabled_events=["charge.exploded"]),
        status=400,
    )
    assert stripe.WebhookEndpoint.delete(made.id).deleted
    raises(stripe.InvalidRequestError, lambda: stripe.WebhookEndpoint.retrieve(made.id), status=404, code="resource_missing")


def check_faults_are_what_the_library_takes_them_for():
    account = shop()
    connect(account)
    faults = [
        ({"kind": "status", "status": 429, "reason": "endpoint-rate"}, stripe.RateLimitError),
        ({"kind": "status", "status": 500}, stripe.APIError),
        ({"kind": "html"}, stripe.APIError),
        ({"kind": "empty"}, stripe.APIError),
        ({"kind": "reset"}, stripe.APIConnectionError),
        ({"kind": "cut"}, stripe.APIConnectionError),
        ({"kind": "vanished_cursor"}, stripe.InvalidRequestError),
        ({"kind": "revoke"}, stripe.PermissionError),
    ]
    cursor = stripe.Charge.list(limit=1, stripe_account=account).data[0].id
    for fault, error in faults:
        control("/faults", [{"endpoint": "GET /v1/charges", "fault": fault}])
        raises(error, lambda: stripe.Charge.list(limit=1, starting_after=cursor, stripe_account=account))
    told = json.loads(http("GET", "/_simulator/faults")[2])
    assert [rule["fired"] for rule in told] == [1] * len(faults), told
    http("DELETE", "/_simulator/faults")


def main():
    # What is read twice and compared must not have gone on between: payments settle, payouts arrive.
    assert control("/clock", {"hold": True})["held"]
    checks = [(name, check) for name, check in globals().items() if name.startswith("check_")]
    failed = 0
    for name, check in checks:
        try:
            check()
        except Exception:
            failed += 1
            print(f"FAILED {name}")
            traceback.print_exc()
        else:
            print(f"ok     {name}")
    print(f"stripe {stripe.VERSION}: {len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
