/** The REST API, typed by its own description. */
import createFetchClient, { type Middleware } from "openapi-fetch";
import createQueryClient from "openapi-react-query";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** The server takes a cookie only together with this header, which no other site can send. */
export const PORTAL_HEADERS = { "X-Tributary-Portal": "1" };

/** Called when the API says 401: whoever looks is signed out. */
let onSignedOut: () => void = () => {};

/** Sets what happens when a call finds nobody signed in. */
export function whenSignedOut(act: () => void) {
  onSignedOut = act;
}

/** What a call that got no readable answer throws: a proxy's page, or an empty body. */
export class OddAnswer extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

const middleware: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(PORTAL_HEADERS)) request.headers.set(name, value);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401) onSignedOut();
    const json = response.headers.get("content-type")?.includes("json") ?? false;
    if (!response.ok && !json) throw new OddAnswer(response.status);
    return response;
  },
};

// The fetch is looked up at each call, so that tests can put another in its place.
export const client = createFetchClient<paths>({
  baseUrl: globalThis.location.origin,
  fetch: (request) => globalThis.fetch(request),
});
client.use(middleware);

/** Query and mutation hooks of every path. */
export const api = createQueryClient(client);

/** The answer's body; what was refused is thrown. */
export function answered<T>({ data, error }: { data?: T | undefined; error?: unknown }): NonNullable<T> {
  if (error !== undefined || data === undefined || data === null) throw error;
  return data;
}
