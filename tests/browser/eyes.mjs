// Looks at a page as people do: light and dark, wide and narrow, with axe's rules; and listens to the console.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LOOKS = [
  { name: "light", colorScheme: "light", width: 1100 },
  { name: "dark", colorScheme: "dark", width: 1100 },
  { name: "narrow", colorScheme: "light", width: 320 },
  { name: "narrow-dark", colorScheme: "dark", width: 320 },
];

/**
 * Everything that is wrong with the page, in sentences; screenshots of it are kept under `name`. `least` is the height
 * in px below which a button is too small: 44 where owners are led through, 24 in the portal.
 */
export async function look(page, name, folder, least = 44) {
  const wrong = [];
  // A page behind another one is painted once a second.
  await page.bringToFront();
  for (const { name: look, colorScheme, width } of LOOKS) {
    // Without motion, so that no colour is looked at while it changes into another.
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) wrong.push(`${look}: it is ${wide} px wider than the window`);
    if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
    const { violations } = await page.evaluate(
      // Every rule runs; where one holds, it need not be told of every element.
      (rules) => globalThis.axe.run(document, { runOnly: { type: "tag", values: rules }, resultTypes: ["violations"] }),
      RULES,
    );
    for (const { id, help, nodes } of violations) {
      wrong.push(`${look}: ${id} (${help}): ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
    }
    const small = await page.evaluate(
      (least) =>
        [...document.querySelectorAll("button, a.act, a.quiet, label.pick")]
          // What has no box is not shown; one pixel is for screen readers alone.
          .filter((one) => one.getClientRects().length > 0 && one.getBoundingClientRect().width > 1)
          .filter((one) => one.getBoundingClientRect().height < least)
          .map((one) => one.textContent.trim() || one.getAttribute("aria-label")),
      least,
    );
    if (small.length) wrong.push(`${look}: lower than ${least} px: ${small.join(", ")}`);
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: null });
  await page.setViewportSize({ width: 1100, height: 900 });
  return wrong;
}

/** Notes what the console of a page complains of. A page, or a call of `onPurpose`, that is refused may say so. */
export function listen(page, complaints, onPurpose = []) {
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    const refused = /^Failed to load resource: the server responded with a status of 4\d\d/.test(text);
    const { url } = message.location();
    const expected = refused && (url === page.url() || onPurpose.some((pattern) => pattern.test(url)));
    if (message.type() === "error" && !expected) complaints.push(`${page.url()}: ${url}: ${text}`);
  });
}
