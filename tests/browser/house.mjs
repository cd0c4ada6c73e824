// A whole house for journeys: the real binary as simulator and as platform, on free ports, in a folder of its own.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const PATIENCE_MS = 60_000;

export class House {
  #processes = [];

  /** Nothing is set up yet, and nobody has a login. */
  static async start(binary) {
    const house = new House();
    house.binary = binary;
    house.folder = await mkdtemp(join(tmpdir(), "tributary-browser-"));
    try {
      await house.#open();
    } catch (error) {
      await house.stop();
      throw error;
    }
    return house;
  }

  async #open() {
    const [stripePort, port] = [await freePort(), await freePort()];
    this.stripe = `http://127.0.0.1:${stripePort}`;
    this.url = `http://127.0.0.1:${port}`;
    this.environment = {
      PATH: process.env.PATH,
      TRIBUTARY_DATABASE_URL: `sqlite://${join(this.folder, "house.db")}`,
      TRIBUTARY_STRIPE_API_BASE: this.stripe,
      TRIBUTARY_STRIPE_CONNECT_BASE: this.stripe,
      TRIBUTARY_STRIPE_RATE_PER_ENDPOINT: "0",
      TRIBUTARY_STRIPE_RATE_PER_ACCOUNT: "0",
      TRIBUTARY_PUBLIC_URL: this.url,
      // A receiver of webhooks on this machine can be tried.
      TRIBUTARY_WEBHOOKS_NETWORKS: "127.0.0.0/8",
    };
    this.environment.TRIBUTARY_MASTER_KEY = await this.tributary("key", "generate-master");
    // Slow enough that the progress of the first sync can be seen.
    this.#spawn("simulate", "--listen", `127.0.0.1:${stripePort}`, "--charges", "1500", "--latency-ms", "250");
    this.#spawn("serve", "--listen", `127.0.0.1:${port}`);
    await this.#answers(`${this.stripe}/_simulator/accounts`);
    await this.#answers(`${this.url}/readyz`);
    this.key = await this.tributary("key", "create", "--name", "browser");
  }

  /** Links can be made from now on, whatever was set up before. */
  async integrate() {
    const keys = ["--client-id", "ca_simulator", "--secret-key", "sk_test_simulator"];
    await this.tributary("integration", "set", "yzth", ...keys, "--enabled", "true");
  }

  async tributary(...args) {
    const { stdout } = await run(this.binary, args, { env: this.environment });
    return stdout.trim();
  }

  #spawn(...args) {
    const child = spawn(this.binary, args, { env: this.environment, stdio: ["ignore", "pipe", "pipe"] });
    const entry = { child, name: args[0], said: "" };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => (entry.said = (entry.said + data).slice(-20_000)));
    }
    entry.ended = new Promise((resolve) => child.on("exit", resolve));
    this.#processes.push(entry);
  }

  /** What the processes said, for a failure's report. */
  said() {
    return this.#processes.map((one) => `--- ${one.name}\n${one.said.slice(-4_000)}`).join("\n");
  }

  async #answers(url) {
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until) {
      const dead = this.#processes.find((one) => one.child.exitCode !== null);
      if (dead) throw new Error(`${dead.name} has ended:\n${dead.said}`);
      const answer = await fetch(url).catch(() => null);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${url} does not answer:\n${this.said()}`);
  }

  /** The token that `serve` prints while nobody has a login. */
  setupToken() {
    const { said } = this.#processes.find((one) => one.name === "serve");
    const [, token] = /with the token (\S+)/.exec(said) ?? [];
    if (!token) throw new Error(`serve printed no set-up token:\n${said}`);
    return token;
  }

  async api(method, path, body) {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(this.key).toString("base64")}`,
        "content-type": "application/json",
      },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  async company(name) {
    return this.api("POST", "/companies", { name });
  }

  async connection(company) {
    return this.api("POST", `/companies/${company.id}/connections`, { platformKey: "yzth" });
  }

  async accounts() {
    return (await (await fetch(`${this.stripe}/_simulator/accounts`)).json()).accounts;
  }

  /** From now on each answer of Stripe takes so long. */
  async latency(milliseconds) {
    await this.#tellStripe("POST", "settings", { latency_ms: milliseconds });
  }

  /** From now on each answer of one of Stripe's endpoints comes so much later. */
  async delay(endpoint, milliseconds) {
    await this.#tellStripe("POST", "faults", [{ endpoint, times: null, fault: { kind: "delay", ms: milliseconds } }]);
  }

  /** Stripe is as quick as it can be. */
  async hurry() {
    await this.#tellStripe("DELETE", "faults");
    await this.latency(0);
  }

  async #tellStripe(method, path, body) {
    const answer = await fetch(`${this.stripe}/_simulator/${path}`, { method, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
  }

  async stop() {
    for (const { child } of this.#processes) child.kill("SIGTERM");
    await Promise.all(this.#processes.map((one) => one.ended));
    await rm(this.folder, { recursive: true, force: true });
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
