// An admin's journey through the portal of a fresh installation, with an owner's in it.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { listen, look } from "./eyes.mjs";

const PORTAL_PX = 24;
const EMAIL = "admin@example.com";
const PASSWORD = "correct horse battery staple";
// What is refused in this journey because it shall be: nobody signed in, wrong words and keys, and what is gone.
const ON_PURPOSE = [/\/portal\/api\/(session|setup)$/, /\/integrations(\/yzth)?$/, /\/companies\/0{8}-/];

/** Waits for a condition that no page shows. */
async function until(holds) {
  for (let tries = 0; !(await holds()); tries += 1) {
    assert.ok(tries < 1_200, `not within a minute: ${holds}`);
    await pause(50);
  }
}

export default async function portalJourney({ house, browser, screenshots, steps }) {
  const complaints = [];

  /** Each step goes on from where the one before it ended, so that after a failure the rest is left out, and counted. */
  async function step(name, body) {
    if (steps.failed > 0) {
      steps.skipped += 1;
      return;
    }
    await steps.step(name, body);
    if (steps.failed > 0) await page.screenshot({ path: `${screenshots}/failed-${steps.failed}.png` });
  }

  async function fine(page, name) {
    assert.deepEqual(await look(page, `portal-${name}`, screenshots, PORTAL_PX), []);
  }

  async function visitor(permissions = []) {
    return tab(await browser.newContext({ permissions, locale: "en-US" }));
  }

  async function tab(context) {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    listen(page, complaints, ON_PURPOSE);
    return page;
  }

  const page = await visitor(["clipboard-read", "clipboard-write"]);
  /** A second window of the same admin, which stays at one page while things happen. */
  let looking;
  const portal = (path) => `${house.url}/portal${path}`;
  const button = (name) => page.getByRole("button", { name, exact: true });
  const titled = (name) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());

  async function signIn(password = PASSWORD) {
    await page.getByLabel("Email").fill(EMAIL);
    await page.getByLabel("Password").fill(password);
    await button("Sign in").click();
  }

  let company;
  let connection;
  const records = (type) =>
    portal(`/companies/${company.id}/connections/${connection.id}/data/commerce-${type}`);

  await step("a fresh server asks for its token, and says at which field something is wrong", async () => {
    await page.goto(portal("/"));
    await titled("Set up Tributary");
    await fine(page, "setup");
    await page.getByLabel("Set-up token").fill("made-up");
    await page.getByLabel("Email").fill(EMAIL);
    await page.getByLabel("Password").fill("too short");
    await button("Create login").click();
    await page.getByText("Use at least 12 characters.").waitFor();
    await page.getByLabel("Password").fill(PASSWORD);
    await button("Create login").click();
    await page.getByText("This is not the token").waitFor();
    await fine(page, "setup-refused");
    await page.getByLabel("Set-up token").fill(house.setupToken());
    await button("Create login").click();
    await titled("Companies");
  });

  await step("with nothing set up, the way to the first data is shown", async () => {
    await page.getByRole("heading", { name: "Bring in the first business" }).waitFor();
    await fine(page, "first-steps");
  });

  await step("signing out and in again leads back to where one wanted to go", async () => {
    await page.getByRole("button", { name: "Sign out" }).locator("visible=true").click();
    await titled("Sign in");
    await page.goto(portal("/integrations"));
    await titled("Sign in");
    await signIn("not the password");
    await page.getByText("Email and password do not match.").waitFor();
    await fine(page, "login-refused");
    await signIn();
    await titled("Integrations");
    await fine(page, "integrations-unset");
  });

  await step("a key that Stripe refuses is told at its field; a good one switches the integration on", async () => {
    await page.getByRole("link", { name: "Set up Stripe Test" }).click();
    await titled("Stripe Test");
    await fine(page, "integration");
    assert.equal(await page.locator("[data-copy=redirect]").innerText(), `${house.url}/oauth/callback`);
    await page.getByLabel("Client id").fill("ca_simulator");
    await page.getByLabel("Secret key").fill("sk_test_wrong");
    await button("Save changes").click();
    await page.locator("[name=secretKey][aria-invalid=true]").waitFor();
    await fine(page, "integration-refused");
    await page.getByLabel("Secret key").fill("sk_test_simulator");
    await page.getByLabel("How often linked accounts are synced").selectOption("hourly");
    await button("Save changes").click();
    await titled("Integrations");
    await page.getByRole("switch", { name: "Stripe Test is switched on", checked: true }).waitFor();
    await fine(page, "integrations");
    await page.getByRole("link", { name: "Edit Stripe Test" }).click();
    assert.equal(await page.getByLabel("Secret key").inputValue(), "");
    assert.equal((await page.content()).includes("sk_test_simulator"), false);
  });

  await step("a new company has a Link URL to copy", async () => {
    await page.goto(portal("/companies"));
    await button("New company").first().click();
    await button("Create company").click();
    await page.getByText("Fill this in.").waitFor();
    await fine(page, "company-new");
    await page.getByLabel("Name").fill("Café Mole");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Café Mole is ready to be linked" }).waitFor();
    await fine(page, "company-made");
    await button("Copy Link URL").click();
    const link = await clipboard();
    assert.equal(link, await page.locator("[data-copy=linkUrl]").innerText());
    [company] = (await house.api("GET", "/companies")).results;
    [connection] = company.dataConnections;
    assert.ok(link.startsWith(`${house.url}/link/companies/${company.id}/connections/${connection.id}/`), link);
    await page.getByRole("link", { name: "Open company" }).click();
    await titled("Café Mole");
    await page.getByText("Waiting for the owner").waitFor();
    await fine(page, "company-pending");
  });

  await step("the owner links, and the admin sees it and its progress without a reload", async () => {
    looking = await tab(page.context());
    await looking.goto(records("payments"));
    await looking.getByRole("heading", { name: "Payments: not read yet" }).waitFor();
    await fine(looking, "payments-unread");
    await page.bringToFront();
    const owner = await visitor();
    await owner.goto(await clipboard());
    await owner.getByRole("button", { name: "Continue to Stripe" }).click();
    await owner.getByRole("button", { name: "Connect account" }).click();
    await page.getByText("Linked", { exact: true }).waitFor();
    await page.getByRole("progressbar").first().waitFor();
    await page.screenshot({ path: `${screenshots}/portal-company-running.png`, fullPage: true });
    await owner.waitForURL("**/result");
    assert.equal(await owner.locator("h1").innerText(), "Café Mole is connected");
    await owner.context().close();
  });

  await step("rows arrive in the payments table while one looks", async () => {
    await looking.bringToFront();
    await looking.getByText(/^Rows 1 to \d+ of /).waitFor({ timeout: 120_000 });
    await house.hurry();
    // How many there are, and which is the first of them, is certain only once all have arrived.
    const read = async () => (await house.api("GET", `/companies/${company.id}/dataStatus`))["commerce-payments"];
    await until(async () => (await read()).currentStatus === "Complete");
    const path = `/companies/${company.id}/connections/${connection.id}/data/commerce-payments?pageSize=1`;
    const { totalResults } = await house.api("GET", path);
    assert.ok(totalResults > 1_000, `there are ${totalResults}`);
    await looking.getByText(`of ${totalResults.toLocaleString("en-US")}`).waitFor();
    assert.equal(await looking.locator("tbody tr").count(), 50);
    await looking.close();
    await page.goto(records("payments"));
    await page.getByText(/^Rows 1 to 50 of /).waitFor();
    await fine(page, "payments");
  });

  await step("the order and the page are in the address, and back undoes them", async () => {
    await page.getByRole("button", { name: "Amount" }).click();
    await page.locator("th[aria-sort=descending]", { hasText: "Amount" }).waitFor();
    await button("Next").click();
    await page.getByText(/^Rows 51 to 100 of /).waitFor();
    assert.match(page.url(), /orderBy=-amount/);
    await page.reload();
    await page.getByText(/^Rows 51 to 100 of /).waitFor();
    await page.goBack();
    await page.getByText(/^Rows 1 to 50 of /).waitFor();
  });

  await step("by keyboard: a record opens, closes, and gives the focus back", async () => {
    const first = await page.locator("tbody a").first().elementHandle();
    await first.focus();
    await page.keyboard.press("Enter");
    const record = page.getByRole("dialog");
    await record.getByText("Payment provider").waitFor();
    assert.match(page.url(), /record=/);
    await fine(page, "record");
    await page.keyboard.press("Escape");
    await record.waitFor({ state: "detached" });
    await page.waitForFunction((one) => one === document.activeElement, first);
  });

  for (const type of ["customers", "transactions", "payouts", "orders", "products", "disputes", "paymentMethods", "companyInfo"]) {
    await step(`${type} have their page`, async () => {
      await page.goto(records(type));
      await page.locator("tbody tr, dl").or(page.getByRole("heading", { level: 2 })).first().waitFor();
      await fine(page, `data-${type}`);
    });
  }

  await step("when all is read, every data type is complete; sync now asks again", async () => {
    await page.goto(portal(`/companies/${company.id}`));
    const complete = page.locator("tbody").getByText("Complete", { exact: true });
    await complete.nth(8).waitFor({ timeout: 120_000 });
    await fine(page, "company");
    const asked = async () => (await house.api("GET", `/companies/${company.id}/data/history?pageSize=1`)).totalResults;
    const before = await asked();
    await button("Sync now").click();
    await until(async () => (await asked()) > before);
    await page.getByRole("link", { name: "Sync history" }).click();
    await page.getByRole("columnheader", { name: "Asked for" }).waitFor();
    await fine(page, "history");
  });

  await step("unlinking asks first; afterwards a Link URL reconnects", async () => {
    await page.goto(portal(`/companies/${company.id}`));
    await button("Unlink").click();
    await page.getByRole("alertdialog").waitFor();
    await fine(page, "unlink");
    await page.keyboard.press("Escape");
    assert.equal((await house.api("GET", `/companies/${company.id}`)).dataConnections[0].status, "Linked");
    await button("Unlink").click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Unlink" }).click();
    await page.getByText("Disconnected", { exact: true }).waitFor();
    await button("Reconnect").click();
    assert.match(await page.locator("[data-copy=linkUrl]").innerText(), /\/link\//);
    await fine(page, "reconnect");
    await page.keyboard.press("Escape");
  });

  await step("companies are found by name", async () => {
    await house.company("Northwind");
    await page.goto(portal("/companies"));
    await page.getByRole("searchbox").fill("mole");
    await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
    assert.match(page.url(), /search=mole/);
    await page.getByRole("searchbox").fill("nobody");
    await page.getByText("No company is called that").waitFor();
    await fine(page, "companies-none");
    await button("Clear").click();
    await page.getByRole("link", { name: "Northwind" }).waitFor();
    await fine(page, "companies");
  });

  await step("an API key is shown once, works, and stops when it is deleted", async () => {
    await page.goto(portal("/keys"));
    await button("New key").click();
    await page.getByLabel("What is it for?").fill("The shop's app");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Copy the key now" }).waitFor();
    await fine(page, "key-made");
    const key = await page.locator("[data-copy=apiKey]").innerText();
    const asked = () =>
      fetch(`${house.url}/companies`, { headers: { authorization: `Basic ${Buffer.from(key).toString("base64")}` } });
    assert.equal((await asked()).status, 200);
    await button("Done").click();
    await page.getByRole("cell", { name: "The shop's app", exact: true }).waitFor();
    assert.equal((await page.content()).includes(key), false);
    await fine(page, "keys");
    await button("Delete The shop's app").click();
    await button("Delete key").click();
    await page.getByRole("cell", { name: "The shop's app", exact: true }).waitFor({ state: "detached" });
    assert.equal((await asked()).status, 401);
  });

  await step("switching an integration off says what stops, and asks", async () => {
    await page.goto(portal("/integrations"));
    // The switch itself is hidden behind its picture; its label is what is pressed.
    await page.locator("label", { has: page.getByRole("switch", { name: "Stripe Test is switched on" }) }).click();
    await page.getByRole("alertdialog").waitFor();
    await fine(page, "integration-off");
    await button("Switch off").click();
    await page.getByText("Off", { exact: true }).waitFor();
    assert.equal((await house.api("GET", "/integrations/yzth")).enabled, false);
  });

  await step("a receiver of webhooks that is gone is told of on every page, until it is mended", async () => {
    const notice = page.getByRole("region", { name: "A receiver of webhooks is told nothing any more" });
    let [status, told] = [410, 0];
    const receiver = createServer((request, answer) => {
      if (status === 204) told += 1;
      request.resume().on("end", () => answer.writeHead(status).end());
    });
    await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${receiver.address().port}/hook`;
      const consumer = await house.api("POST", "/webhooks", { url, eventTypes: ["company.created"] });
      await house.api("POST", "/companies", { name: "Told late" });
      await until(async () => (await house.api("GET", `/webhooks/${consumer.id}`)).disabled);
      for (const path of ["/integrations", "/keys"]) {
        await page.goto(portal(path));
        await notice.getByText(url).waitFor();
      }
      await fine(page, "webhooks-disabled");
      status = 204;
      await button("Enable and recover").click();
      await notice.waitFor({ state: "detached" });
      await until(() => told === 1);
      assert.equal((await house.api("GET", `/webhooks/${consumer.id}`)).disabled, false);
      await house.api("DELETE", `/webhooks/${consumer.id}`);
    } finally {
      receiver.close();
    }
  });

  await step("the reference shows every operation and asks no other host", async () => {
    const hosts = new Set();
    const asks = (request) => hosts.add(new URL(request.url()).protocol === "data:" ? house.url : new URL(request.url()).origin);
    page.on("request", asks);
    await page.goto(`${house.url}/docs`);
    await page.locator(".opblock").first().waitFor();
    const { paths, webhooks } = await (await fetch(`${house.url}/openapi.json`)).json();
    const operations = (of) => Object.values(of).flatMap((path) => Object.keys(path)).length;
    assert.equal(await page.locator(".opblock").count(), operations(paths) + operations(webhooks));
    // One of them, opened by its address, can be tried as it is.
    await page.locator("#operations-Companies-list-companies .opblock-summary-control").click();
    await button("Execute").waitFor();
    await page.screenshot({ path: `${screenshots}/docs.png` });
    page.off("request", asks);
    assert.deepEqual([...hosts], [house.url]);
  });

  await step("what does not exist says so", async () => {
    await page.goto(portal("/no/such/page"));
    await titled("There is nothing here");
    await fine(page, "missing");
    await page.goto(portal("/companies/00000000-0000-7000-8000-000000000000"));
    await titled("There is nothing here");
  });

  await step("when the session is over, one signs in and is where one was", async () => {
    await page.goto(portal("/keys"));
    await titled("API keys");
    await page.context().clearCookies();
    await page.getByRole("link", { name: "Integrations" }).click();
    await titled("Sign in");
    await signIn();
    await titled("Integrations");
  });

  await step("the console had nothing to complain of", async () => assert.deepEqual(complaints, []));
}
