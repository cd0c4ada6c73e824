// Link inside a page of another origin, under a strict policy.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { listen, look } from "./eyes.mjs";

const EXAMPLE = new URL("../../docs/examples/embedded-link.mjs", import.meta.url).pathname;

/** The example's server, and the company that it made. */
async function example(house) {
  const env = { PATH: process.env.PATH, TRIBUTARY_URL: house.url, TRIBUTARY_KEY: house.key, PORT: "0", COMPANY: "Café Mole" };
  const child = spawn(process.execPath, [EXAMPLE], { env, stdio: ["ignore", "pipe", "inherit"] });
  const said = await new Promise((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(String(data)));
    child.once("exit", () => reject(new Error("the example's server has ended")));
  });
  const [, company, url] = /^(\S+) at (\S+)/.exec(said);
  return { child, company, url };
}

/** What a callback was told, once it was. */
async function told(page, callback) {
  const line = page.locator("#told li", { hasText: new RegExp(`^${callback} `) }).last();
  return JSON.parse((await line.innerText()).slice(callback.length + 1));
}

const dialog = (page) => page.getByRole("dialog");
const button = (page, name) => page.getByRole("button", { name, exact: true });

export default async function embedded({ house, browser, screenshots, steps }) {
  await house.integrate();
  const site = await example(house);
  try {
    await visits({ house, site, browser, screenshots, steps });
  } finally {
    site.child.kill("SIGTERM");
  }
}

async function visits({ house, site, browser, screenshots, steps }) {
  const { step } = steps;
  const complaints = [];

  async function owner(options = {}) {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    listen(page, complaints);
    await page.goto(`${site.url}/?options=${encodeURIComponent(JSON.stringify(options))}`);
    await page.getByText("Nothing is connected.").or(page.locator("li.one").first()).waitFor();
    return page;
  }

  const connections = async () => (await house.api("GET", `/companies/${site.company}/connections`)).results;

  /** Opens the consent in its window. */
  async function go(page, name = "Continue to Stripe") {
    const [popup] = await Promise.all([page.context().waitForEvent("page"), button(page, name).click()]);
    popup.setDefaultTimeout(30_000);
    await popup.waitForURL(`${house.url}/link/**`);
    return popup;
  }

  const [first] = await house.accounts();
  assert.notEqual(new URL(site.url).origin, new URL(house.url).origin);

  await step("the page's policy is strict, and the module and its types are served", async () => {
    const policy = (await fetch(site.url)).headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|img-src/);
    const types = await (await fetch(`${house.url}/link/embedded.d.ts`)).text();
    assert.match(types, /export declare class TributaryLink/);
  });

  await step("an owner who refuses is told so, in a dialog that keeps and returns the focus", async () => {
    const page = await owner({ showLandingPage: true, enableAdditionalConsent: true });
    await button(page, "Connect your shop").focus();
    await page.keyboard.press("Enter");
    await dialog(page).getByRole("heading", { name: "Connect Café Mole" }).waitFor();
    assert.deepEqual(await look(page, "embedded-landing", screenshots), []);
    for (let tabs = 0; tabs < 8; tabs += 1) {
      await page.keyboard.press("Tab");
      const behind = await page.evaluate(() => document.activeElement.id === "connect");
      assert.equal(behind, false, "the focus left the dialog for the page behind it");
    }
    await button(page, "Continue").click();
    assert.deepEqual(await look(page, "embedded-choose", screenshots), []);
    await button(page, "Continue to Stripe").click();
    assert.equal(page.context().pages().length, 1, "without the additional consent no window opens");
    await page.getByRole("checkbox").check();
    const popup = await go(page);
    await told(page, "onConsent");
    const started = await told(page, "onConnectionStarted");
    await dialog(page).getByRole("heading", { name: "Go on in the other window" }).waitFor();
    assert.deepEqual(await look(page, "embedded-waiting", screenshots), []);
    const closed = popup.waitForEvent("close");
    await popup.bringToFront();
    await popup.getByRole("button", { name: "Continue to Stripe" }).click();
    await popup.getByRole("button", { name: "Deny" }).click();
    await closed;
    await dialog(page).getByRole("heading", { name: "Not connected" }).waitFor();
    assert.deepEqual(await look(page, "embedded-refused", screenshots), []);
    const error = await told(page, "onError");
    assert.deepEqual(error, { correlationId: "", message: "User cancelled", errorCode: "refused", userRecoverable: true });
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
    await told(page, "onClose");
    assert.equal(await page.evaluate(() => document.activeElement.id), "connect", "the focus returns");
    const [kept, ...more] = await connections();
    assert.deepEqual([kept.id, kept.status, more.length], [started.connectionId, "PendingAuth", 0]);
    await page.context().close();
  });

  const page = await owner();

  await step("a window that is closed is noticed and opened again, and the shop is linked with every field told", async () => {
    await button(page, "Connect your shop").click();
    await (await go(page)).close();
    await dialog(page).getByRole("heading", { name: "Nothing was connected yet" }).waitFor();
    assert.equal((await told(page, "onError")).errorCode, "popup_closed");
    assert.deepEqual(await look(page, "embedded-closed", screenshots), []);
    const popup = await go(page, "Open the window again");
    const closed = popup.waitForEvent("close");
    await popup.getByRole("button", { name: "Continue to Stripe" }).click();
    await popup.getByRole("radio", { name: first.id }).check();
    await popup.getByRole("button", { name: "Connect account" }).click();
    await closed;
    await dialog(page).getByRole("heading", { name: "Café Mole is connected" }).waitFor();
    assert.deepEqual(await look(page, "embedded-connected", screenshots), []);
    const [made, ...more] = await connections();
    assert.deepEqual([made.status, more.length], ["Linked", 0], "the connection that waited was taken");
    assert.deepEqual(await told(page, "onConnection"), {
      connectionId: made.id,
      integrationId: made.integrationId,
      sourceId: made.sourceId,
      sourceType: "Commerce",
      integrationKey: "yzth",
      platformName: "Stripe Test",
    });
    await button(page, "Done").click();
    await told(page, "onFinish");
  });

  await step("the list disconnects, after asking, and connects again", async () => {
    await page.getByText("Connected", { exact: false }).first().waitFor();
    assert.deepEqual(await look(page, "embedded-list", screenshots), []);
    await page.getByRole("button", { name: /^Disconnect/ }).click();
    await button(page, "Yes, disconnect").click();
    const { connectionId } = await told(page, "onDisconnect");
    assert.equal((await connections())[0].status, "Unlinked");
    const [popup] = await Promise.all([
      page.context().waitForEvent("page"),
      page.getByRole("button", { name: /^Connect again/ }).click(),
    ]);
    await popup.getByRole("button", { name: "Continue to Stripe" }).click();
    await popup.getByRole("radio", { name: first.id }).check();
    await popup.getByRole("button", { name: "Connect account" }).click();
    assert.equal((await told(page, "onReconnect")).connectionId, connectionId);
    assert.equal((await connections())[0].status, "Linked");
    await button(page, "Done").click();
    await dialog(page).waitFor({ state: "detached" });
  });

  await step("where the browser opens no window the owner gets a link, and the end is noticed all the same", async () => {
    const blocked = await owner({ nonModal: true, theme: { scheme: "dark", accent: "#ffb86b", accentInk: "#1d1206" } });
    await blocked.evaluate(() => (globalThis.open = () => null));
    await button(blocked, "Connect your shop").click();
    await button(blocked, "Continue to Stripe").click();
    await blocked.getByRole("heading", { name: "Your browser opened no window" }).waitFor();
    assert.equal((await told(blocked, "onError")).errorCode, "popup_blocked");
    assert.equal(await dialog(blocked).count(), 0, "nonModal is a part of the page");
    await blocked.screenshot({ path: `${screenshots}/embedded-blocked.png`, fullPage: true });
    const [tab] = await Promise.all([
      blocked.context().waitForEvent("page"),
      blocked.getByRole("link", { name: "Open it in a new tab" }).click(),
    ]);
    await tab.getByRole("button", { name: "Cancel" }).click();
    await blocked.getByRole("heading", { name: "Not connected" }).waitFor();
    assert.equal((await told(blocked, "onError")).errorCode, "refused");
    await blocked.context().close();
  });

  await step("a token that is refused and a platform that cannot be reached are told, and nothing hangs", async () => {
    const late = await owner();
    await late.route("**/access-token", (route) => route.fulfill({ body: "a.b.c" }));
    await button(late, "Connect your shop").click();
    await dialog(late).getByText("Your visit here is over.").waitFor();
    assert.equal((await told(late, "onError")).errorCode, "access_token_expired");
    await button(late, "Cancel").click();
    await late.unroute("**/access-token");
    await late.route(`${house.url}/companies/**`, (route) => route.abort());
    await button(late, "Connect your shop").click();
    await dialog(late).getByText("We cannot be reached.").waitFor();
    assert.equal((await told(late, "onError")).errorCode, "unreachable");
    await late.unroute(`${house.url}/companies/**`);
    await button(late, "Try again").click();
    await button(late, "Continue to Stripe").waitFor();
    await late.context().close();
  });

  await step("the console had nothing to complain of", async () => {
    // What was cut off on purpose above.
    assert.deepEqual(complaints.filter((one) => !/net::ERR_FAILED/.test(one)), []);
  });
}
