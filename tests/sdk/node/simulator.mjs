// A simulator of a test's own, and what takes its webhooks.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Listens for webhooks: `deliveries` holds each with its raw body; `refuse` many are answered with 500 first. */
export async function receiver() {
  const got = { deliveries: [], refuse: 0 };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    got.deliveries.push({ signature: request.headers['stripe-signature'], body: Buffer.concat(chunks) });
    response.statusCode = got.refuse > 0 ? 500 : 200;
    got.refuse = Math.max(0, got.refuse - 1);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(got, {
    url: `http://127.0.0.1:${server.address().port}/webhooks`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}

/** Starts `binary simulate` on a free port; `url` is where it listens. */
export async function simulator(binary, options) {
  const child = spawn(binary, ['simulate', '--listen', '127.0.0.1:0', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const listening = new Promise((resolve) => {
    lines.on('line', (line) => {
      const found = /^A Stripe simulator listens on (\S+)$/.exec(line);
      if (found) resolve(found[1]);
    });
  });
  const failed = ended.then(([code]) => {
    throw new Error(`the simulator ended with ${code} before it listened`);
  });
  const url = await Promise.race([listening, failed]);
  failed.catch(() => {}); // It ends later, when it is told to.
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { url, stop };
}

/** Looks again and again until `found` gives something; fails after half a minute. */
export async function until(what, found) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const result = await found();
    if (result) return result;
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
