/** A typed client of the Tributary API: every path, parameter and answer of its description. */
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

/** The shapes of the API: `Schemas["Payout"]`, `Schemas["Change"]`, `Schemas["ReadEvent"]`. */
export type Schemas = components["schemas"];

/** Lists can also be answered as files (`format=csv`): those are for `fetch`, not for types. */
type Json = "application/json";

/** A client of the API at `url`, with an API key. */
export function tributary(url: string, key: string): Client<paths, Json> {
  return createClient<paths, Json>({ baseUrl: url, headers: { authorization: `Bearer ${key}` } });
}
