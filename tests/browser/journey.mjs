// A business owner's journey through the Link pages.

import assert from "node:assert/strict";
import { listen, look } from "./eyes.mjs";

const heading = (page) => page.locator("h1").innerText();

export default async function journey({ house, browser, screenshots, steps }) {
  const { step } = steps;
  const complaints = [];

  async function fine(page, name) {
    assert.deepEqual(await look(page, name, screenshots), []);
  }

  async function owner() {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    listen(page, complaints);
    return page;
  }

  await house.integrate();
  const [first, second] = await house.accounts();
  const company = await house.company("Café Mole");
  const connection = await house.connection(company);
  const page = await owner();

  await step("the consent page says who asks, what is read and how to stop it", async () => {
    await page.goto(connection.linkUrl);
    assert.match(await heading(page), /asks to read the Stripe data of Café Mole/);
    for (const text of ["Test mode.", "What is read", "Reading only", "How to stop it"]) {
      await page.getByText(text, { exact: true }).first().waitFor();
    }
    await fine(page, "consent");
  });

  await step("an owner who cancels is told so and may try again", async () => {
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await heading(page), "You cancelled");
    await fine(page, "cancelled");
    await page.getByRole("link", { name: "Try again" }).click();
  });

  await step("an owner who denies at Stripe is told so and may try again", async () => {
    await page.getByRole("button", { name: "Continue to Stripe" }).click();
    await page.waitForURL(`${house.stripe}/oauth/authorize**`);
    await page.getByRole("button", { name: "Deny" }).click();
    await page.waitForURL("**/result");
    assert.equal(await heading(page), "You cancelled");
    await page.getByRole("link", { name: "Try again" }).click();
  });

  await step("by keyboard alone: consent, choose, approve, see the progress", async () => {
    // However slow the machine is, the first sync is under way until it has been looked at.
    await house.delay("GET /v1/charges", 3_000);
    await page.getByRole("button", { name: "Continue to Stripe" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(`${house.stripe}/oauth/authorize**`);
    await fine(page, "stripe");
    await page.getByRole("radio").first().focus();
    for (let tabs = 0; tabs < 5; tabs += 1) {
      await page.keyboard.press("Tab");
      if (await page.getByRole("button", { name: "Connect account" }).evaluate((one) => one === document.activeElement)) break;
    }
    await page.keyboard.press("Enter");
    await page.waitForURL("**/result");
    assert.equal(await heading(page), "Café Mole is connected");
    assert.equal(await page.locator("form").count(), 0);
  });

  await step("the progress of the first sync stands still on request, and passes the eyes", async () => {
    await page.getByRole("link", { name: "Stop updating this page" }).click();
    const goOn = page.getByRole("link", { name: "Go on updating this page" });
    await goOn.waitFor();
    // It stands still, so what has happened since is seen by asking again.
    while ((await page.getByText("kinds of data are done").count()) === 0) await page.reload();
    await goOn.waitFor();
    await fine(page, "progress");
    await page.getByRole("link", { name: "Go on updating this page" }).click();
    await house.hurry();
  });

  await step("the page follows the sync to its end by itself, and then stands still", async () => {
    await page.getByRole("heading", { name: "Everything was read" }).waitFor({ timeout: 120_000 });
    assert.equal(await page.getByRole("link", { name: "Stop updating this page" }).count(), 0);
    await fine(page, "connected");
    const status = await house.api("GET", `/companies/${company.id}/dataStatus`);
    for (const [type, { currentStatus }] of Object.entries(status)) assert.equal(currentStatus, "Complete", type);
  });

  await step("back, reload and the link again show how it stands", async () => {
    await page.goBack();
    await page.goto(connection.linkUrl);
    assert.equal(await heading(page), "Café Mole is connected");
    await page.reload();
    assert.equal(await heading(page), "Café Mole is connected");
    const now = await house.api("GET", `/companies/${company.id}/connections/${connection.id}`);
    assert.equal(now.status, "Linked");
  });

  await step("another browser learns nothing from a used link", async () => {
    const stranger = await owner();
    await stranger.goto(connection.linkUrl);
    assert.equal(await heading(stranger), "Already connected");
    await fine(stranger, "already-connected");
    await stranger.goto(`${connection.linkUrl.split("?")[0]}?token=1.2.x`);
    assert.equal(await heading(stranger), "This link leads nowhere");
    await fine(stranger, "nowhere");
    await stranger.goto(`${house.url}/oauth/callback?code=ac_x&state=made-up`);
    assert.equal(await heading(stranger), "We did not expect you back from Stripe");
    await stranger.context().close();
  });

  await step("another account than before asks, and can be given back", async () => {
    await house.api("PATCH", `/companies/${company.id}/connections/${connection.id}`, { status: "Unlinked" });
    const { linkUrl } = await house.api("GET", `/companies/${company.id}/connections/${connection.id}`);
    await page.goto(linkUrl);
    await page.getByText(first.id).waitFor();
    await fine(page, "reconnect");
    await page.getByRole("button", { name: "Continue to Stripe" }).click();
    await page.getByRole("radio", { name: second.id }).check();
    await page.getByRole("button", { name: "Connect account" }).click();
    await page.waitForURL("**/result");
    assert.equal(await heading(page), "This is another Stripe account");
    await fine(page, "another-account");
    await page.getByRole("button", { name: "Go back to the account from before" }).click();
    assert.equal(await heading(page), "Nothing was changed");
    const accounts = await house.accounts();
    assert.equal(accounts.find((one) => one.id === second.id).connected, null);
  });

  await step("a company's own link lets the owner choose, and makes one connection", async () => {
    const shop = await house.company("Shop of Choice");
    const chooser = await owner();
    await chooser.goto(shop.redirect);
    assert.match(await heading(chooser), /Shop of Choice/);
    await fine(chooser, "company");
    await chooser.getByRole("button", { name: "Continue to Stripe" }).click();
    await chooser.getByRole("radio", { name: second.id }).check();
    await chooser.getByRole("button", { name: "Connect account" }).click();
    await chooser.waitForURL("**/result");
    assert.equal(await heading(chooser), "Shop of Choice is connected");
    const { results } = await house.api("GET", `/companies/${shop.id}/connections`);
    assert.deepEqual(results.map((one) => one.status), ["Linked"]);
    await chooser.context().close();
  });

  await step("a disabled integration has its own page", async () => {
    const shop = await house.company("Late Shop");
    const { linkUrl } = await house.connection(shop);
    await house.tributary("integration", "set", "yzth", "--enabled", "false");
    await page.goto(linkUrl);
    assert.equal(await heading(page), "Connecting is switched off");
    await fine(page, "disabled");
  });

  await step("the console had nothing to complain of", async () => assert.deepEqual(complaints, []));
}
