// Serves embedded-link.html as the server of your product would, under a strict Content-Security-Policy:
//   TRIBUTARY_URL=http://127.0.0.1:8080 TRIBUTARY_KEY=trb_... node docs/examples/embedded-link.mjs

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const { TRIBUTARY_URL: tributary, TRIBUTARY_KEY: key, PORT: port = "3000" } = process.env;
if (!tributary || !key) throw new Error("TRIBUTARY_URL and TRIBUTARY_KEY are needed, see the top of this file.");

async function api(method, path, body) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const answer = await fetch(`${tributary}${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const template = await readFile(new URL("embedded-link.html", import.meta.url), "utf8");
// In a product: the company of whoever is signed in.
const company = await api("POST", "/companies", { name: process.env.COMPANY ?? "Example shop" });

function page(response) {
  const nonce = randomBytes(16).toString("base64");
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' ${tributary}`,
    // For the page's own styles; the component's need no leave.
    `style-src 'nonce-${nonce}'`,
    `connect-src 'self' ${tributary}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ];
  response.setHeader("content-security-policy", policy.join("; "));
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(template.replaceAll("{nonce}", nonce).replaceAll("{tributary}", tributary));
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  try {
    if (pathname === "/") page(response);
    else if (pathname === "/access-token") {
      response.end((await api("GET", `/companies/${company.id}/accessToken`)).accessToken);
    } else response.writeHead(pathname === "/favicon.ico" ? 204 : 404).end();
  } catch (error) {
    response.writeHead(502).end(String(error));
  }
});

server.listen(Number(port), "127.0.0.1", async () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  const { allowedOrigins } = await api("GET", "/corsSettings");
  await api("POST", "/corsSettings", { allowedOrigins: [...new Set([...allowedOrigins, origin])] });
  console.log(`${company.id} at ${origin}`);
});
