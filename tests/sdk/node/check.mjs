// Node's stripe library and the Stripe CLI, unmodified, against a simulator that lives: node check.mjs BINARY
// Each check is a function; all of them run, and the last line says how many passed and failed.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Stripe from 'stripe';
import { receiver, simulator, until } from './simulator.mjs';

const SECRET_KEY = 'sk_test_simulator';
const WEBHOOK_SECRET = 'whsec_node_test';
const REDIRECT_URI = 'http://127.0.0.1:1/callback';

const NOT_RUN = Symbol('not run');
/** The CLI's program, where npm has a package of it for this platform and it is in our lock file. */
const CLI = stripeCli();

const [binary] = process.argv.slice(2);
if (!binary) throw new Error('usage: node check.mjs BINARY');

const hooks = await receiver();
const running = await simulator(binary, [
  ...['--auto-approve', '--charges', '300', '--live', '--live-per-minute', '120'],
  ...['--webhook-url', hooks.url, '--webhook-secret', WEBHOOK_SECRET],
]);
const { hostname, port } = new URL(running.url);
const stripe = new Stripe(SECRET_KEY, { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 });

const json = async (path, body) => {
  const options = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  const answer = await fetch(running.url + path, options);
  assert.equal(answer.status, 200, path);
  return answer.json();
};
const { accounts } = await json('/_simulator/accounts');
const [shop] = accounts;

function stripeCli() {
  try {
    return createRequire(import.meta.url).resolve('@stripe/cli-linux-x64/bin/stripe');
  } catch {
    return null;
  }
}

/** What an owner's click gives: the query of the redirect. */
async function approve(account, state) {
  const url = stripe.oauth.authorizeUrl({
    client_id: 'ca_simulator',
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'read_only',
    state,
  });
  // The library has the address of the authorize page built in, so only its query counts.
  const answer = await fetch(`${running.url}/oauth/authorize${new URL(url).search}&account=${account}`, {
    redirect: 'manual',
  });
  assert.equal(answer.status, 303);
  const location = new URL(answer.headers.get('location'));
  assert.equal(location.origin + location.pathname, REDIRECT_URI);
  return location.searchParams;
}

const connect = async (account) => {
  const code = (await approve(account, 's')).get('code');
  return stripe.oauth.token({ grant_type: 'authorization_code', code });
};

const checks = {
  async 'OAuth: a code for tokens, a refresh, and the end'() {
    const back = await approve(accounts[1].id, 'a b&c=+d');
    assert.equal(back.get('state'), 'a b&c=+d');
    const code = back.get('code');
    const token = await stripe.oauth.token({ grant_type: 'authorization_code', code });
    assert.equal(token.stripe_user_id, accounts[1].id);
    assert.equal(token.scope, 'read_only');
    const theirs = new Stripe(token.access_token, { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 });
    assert.equal((await theirs.accounts.retrieve(accounts[1].id)).id, accounts[1].id);
    const again = await stripe.oauth.token({ grant_type: 'refresh_token', refresh_token: token.refresh_token });
    assert.notEqual(again.access_token, token.access_token);
    await stripe.oauth.deauthorize({ client_id: 'ca_simulator', stripe_user_id: accounts[1].id });
    await assert.rejects(
      stripe.charges.list({}, { stripeAccount: accounts[1].id }),
      (error) => error instanceof Stripe.errors.StripePermissionError && error.code === 'account_invalid',
    );
  },

  async 'OAuth: a code that nobody gave is a StripeInvalidGrantError'() {
    await assert.rejects(
      stripe.oauth.token({ grant_type: 'authorization_code', code: 'ac_unknown' }),
      (error) => error instanceof Stripe.errors.StripeInvalidGrantError,
    );
  },

  async 'auto-pagination meets every row once, while more come'() {
    const stripeAccount = shop.id;
    const before = Math.floor(Date.now() / 1000) - 60;
    const lists = {
      charges: stripe.charges,
      customers: stripe.customers,
      'balance transactions': stripe.balanceTransactions,
      events: stripe.events,
      payouts: stripe.payouts,
    };
    for (const [name, list] of Object.entries(lists)) {
      const ids = [];
      for await (const row of list.list({ limit: 37, created: { lte: before } }, { stripeAccount })) ids.push(row.id);
      assert.ok(ids.length > 37, `${name}: ${ids.length}`);
      assert.equal(new Set(ids).size, ids.length, name);
    }
    const some = await stripe.charges.list({ limit: 100 }, { stripeAccount }).autoPagingToArray({ limit: 250 });
    assert.equal(some.length, 250);
  },

  async 'invoices of subscriptions, their lines and payments'() {
    const options = { stripeAccount: accounts[3].id };
    await connect(accounts[3].id);
    const invoices = await stripe.invoices.list({ limit: 100, status: 'paid' }, options).autoPagingToArray({ limit: 1000 });
    const shared = new Map();
    let payments = 0;
    for await (const payment of stripe.invoicePayments.list({ limit: 100, status: 'paid' }, options)) {
      const intent = payment.payment.payment_intent;
      shared.set(intent, (shared.get(intent) ?? 0) + 1);
      payments += 1;
    }
    assert.ok(payments > 100 && [...shared.values()].includes(2), 'one payment for two invoices (trap 55)');
    const [invoice] = invoices.filter((one) => one.amount_paid > 0 && one.payments.data.length === 1);
    const lines = await stripe.invoices.listLineItems(invoice.id, { limit: 10 }, options);
    assert.equal(lines.data.reduce((sum, line) => sum + line.amount, 0), invoice.subtotal);
    const found = await stripe.invoicePayments.list(
      { invoice: invoice.id, expand: ['data.payment.payment_intent'] },
      options,
    );
    assert.equal(found.data[0].amount_paid, invoice.total);
    assert.equal(found.data[0].payment.payment_intent.status, 'succeeded');
  },

  async 'errors are of their classes'() {
    const options = { stripeAccount: shop.id };
    const { errors } = Stripe;
    await assert.rejects(stripe.charges.retrieve('ch_none', {}, options), errors.StripeInvalidRequestError);
    await assert.rejects(stripe.charges.create({ amount: 1, currency: 'usd' }, options), errors.StripePermissionError);
    const wrong = new Stripe('sk_test_wrong', { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 });
    await assert.rejects(wrong.charges.list(), errors.StripeAuthenticationError);
  },

  async 'webhooks.constructEvent takes what was delivered, and nothing else'() {
    const action = { do: 'edit_customer', name: 'Zoë “Ł” 山田 \u{1F98A}' };
    hooks.refuse = 2;
    const { events } = await json(`/_simulator/accounts/${shop.id}/actions`, action);
    const delivered = await until('the delivery', () =>
      hooks.deliveries.filter(({ body }) => JSON.parse(body).id === events[0].id).at(-1),
    );
    const { body, signature } = delivered;
    const event = stripe.webhooks.constructEvent(body, signature, WEBHOOK_SECRET);
    assert.equal(event.account, shop.id);
    assert.equal(event.type, 'customer.updated');
    assert.equal(event.data.object.name, action.name);
    const listed = await stripe.events.retrieve(event.id, {}, { stripeAccount: shop.id });
    assert.deepEqual(listed.data, event.data);
    const refused = (...args) => assert.throws(() => stripe.webhooks.constructEvent(...args), Stripe.errors.StripeSignatureVerificationError);
    refused(Buffer.concat([body, Buffer.from(' ')]), signature, WEBHOOK_SECRET);
    refused(body, signature, 'whsec_other');
  },

  async 'life: events come by themselves, each signed, and each object is there'() {
    const wanted = 'charge.succeeded';
    const first = hooks.deliveries.length;
    const event = await until(wanted, () => {
      const fresh = hooks.deliveries.slice(first).map(({ body, signature }) =>
        stripe.webhooks.constructEvent(body, signature, WEBHOOK_SECRET),
      );
      return fresh.find(({ type }) => type === wanted);
    });
    const charge = await stripe.charges.retrieve(event.data.object.id, {}, { stripeAccount: event.account });
    assert.equal(charge.amount, event.data.object.amount);
    const tally = await json('/_simulator/webhooks');
    assert.ok(tally.delivered > 0 && tally.failed_tries >= 2 && tally.given_up === 0, JSON.stringify(tally));
  },

  async 'the Stripe CLI gets lists and objects'() {
    if (!CLI) return NOT_RUN;
    const home = await mkdtemp(join(tmpdir(), 'stripe-cli-'));
    const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, STRIPE_CLI_TELEMETRY_OPTOUT: '1', NO_COLOR: '1' };
    const get = async (path, ...more) => {
      const options = ['--api-base', running.url, '--api-key', shop.secret_key, ...more];
      const { stdout } = await promisify(execFile)(CLI, ['get', path, ...options], { env, timeout: 60_000 });
      return JSON.parse(stdout);
    };
    try {
      assert.equal((await get('/v1/account')).id, shop.id);
      const page = await get('/v1/charges', '--limit', '2');
      assert.equal(page.data.length, 2);
      assert.equal((await get(`/v1/charges/${page.data[1].id}`)).id, page.data[1].id);
      const next = await get('/v1/charges', '--limit', '2', '--starting-after', page.data[1].id);
      assert.ok(!page.data.some(({ id }) => id === next.data[0].id));
      const paid = await get('/v1/payouts', '-d', 'status=paid', '-d', 'expand[]=data.balance_transaction');
      assert.equal(paid.data[0].balance_transaction.object, 'balance_transaction');
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
};

let [passed, failed, skipped] = [0, 0, 0];
try {
  await connect(shop.id);
  for (const [name, check] of Object.entries(checks)) {
    try {
      const skip = (await check()) === NOT_RUN;
      skip ? skipped++ : passed++;
      console.log(`${skip ? `NOT RUN (no package for ${process.platform}-${process.arch})` : 'ok     '} ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
  }
} finally {
  await running.stop();
  hooks.close();
}
console.log(`node stripe ${Stripe.PACKAGE_VERSION}: ${passed} passed, ${failed} failed, ${skipped} not run`);
process.exitCode = failed > 0 ? 1 : 0;
