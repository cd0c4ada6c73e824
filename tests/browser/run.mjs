// Journeys in one Chromium, through one house: node run.mjs BINARY CHROMIUM SCREENSHOTS [JOURNEY...]

import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";
import { House } from "./house.mjs";
import { Steps } from "./steps.mjs";

/** The portal comes first: it is the one that needs a house where nothing is set up and nobody has a login yet. */
const JOURNEYS = ["portal", "journey", "embedded"];
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
];

const [binary, executablePath, screenshots, ...wanted] = process.argv.slice(2);
const unknown = wanted.filter((name) => !JOURNEYS.includes(name));
if (unknown.length > 0) throw new Error(`there is no journey ${unknown}; there are ${JOURNEYS}`);

await mkdir(screenshots, { recursive: true });
const browser = await chromium.launch({ executablePath, args: FLAGS, headless: true });
const house = await House.start(binary);
let good = true;
try {
  for (const name of JOURNEYS.filter((name) => wanted.length === 0 || wanted.includes(name))) {
    console.log(`--- ${name}`);
    const steps = new Steps();
    try {
      const { default: journey } = await import(`./${name}.mjs`);
      await journey({ house, browser, screenshots, steps });
    } catch (error) {
      steps.fail("what its steps need", error);
    }
    if (steps.failed > 0) console.log(house.said());
    console.log(steps.told());
    good &&= steps.failed === 0;
    // The next one's windows are its own.
    await Promise.all(browser.contexts().map((context) => context.close()));
  }
} finally {
  await browser.close();
  await house.stop();
}
process.exit(good ? 0 : 1);
