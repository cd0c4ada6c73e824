/** Who is signed in. The session itself is a cookie that scripts cannot read. */
import { queryOptions } from "@tanstack/react-query";
import { z } from "zod";
import { OddAnswer, PORTAL_HEADERS } from "../api/client";
import { queryClient } from "../api/queries";

const User = z.object({ email: z.string(), name: z.string().nullish() });
const Refusal = z.object({ error: z.string().optional(), setupRequired: z.boolean().optional() });

export type User = z.infer<typeof User>;
/** Somebody or nobody, and whether the first user is still to be made. */
export type Session = { user: User | null; setupRequired: boolean };

function call(method: string, path: string, body?: object) {
  const headers = body ? { ...PORTAL_HEADERS, "content-type": "application/json" } : PORTAL_HEADERS;
  return fetch(`/portal/api/${path}`, { method, headers, body: body ? JSON.stringify(body) : null });
}

async function read(): Promise<Session> {
  const answer = await call("GET", "session");
  if (answer.ok) return { user: User.parse(await answer.json()), setupRequired: false };
  if (answer.status !== 401) throw new OddAnswer(answer.status);
  const refusal = Refusal.parse(await answer.json().catch(() => ({})));
  return { user: null, setupRequired: refusal.setupRequired ?? false };
}

export const sessionQuery = queryOptions({ queryKey: ["session"], queryFn: read, staleTime: 60_000 });

/** Why signing in or setting up did not work: a status, the server's sentence, and when it may be tried again. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly body: unknown,
    readonly retryAfter: number | null,
  ) {
    super(`HTTP ${status}`);
  }
}

async function enter(path: string, body: object): Promise<User> {
  const answer = await call("POST", path, body);
  const said: unknown = await answer.json().catch(() => null);
  const wait = Number.parseInt(answer.headers.get("retry-after") ?? "", 10);
  if (!answer.ok) throw new Refused(answer.status, said, Number.isNaN(wait) ? null : wait);
  const user = User.parse(said);
  queryClient.setQueryData(sessionQuery.queryKey, { user, setupRequired: false });
  return user;
}

/** Signs in. */
export const signIn = (body: { email: string; password: string }) => enter("session", body);

/** Makes the first user, with the token that the server printed at its start, and signs them in. */
export const setUp = (body: { token: string; email: string; password: string }) => enter("setup", body);

/** Signs out. */
export async function signOut() {
  const answer = await call("DELETE", "session");
  if (!answer.ok && answer.status !== 401) throw new OddAnswer(answer.status);
  nobody();
}

/** The server knows nobody here any more. */
export function nobody() {
  queryClient.setQueryData(sessionQuery.queryKey, { user: null, setupRequired: false });
}

/** What was read for somebody goes with them; called when their pages are gone, or they would ask again. */
export function forget() {
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
}
