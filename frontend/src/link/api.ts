/** What the component asks the platform, with an access token of one company and without cookies. */
import type { AccessToken, ConnectionDetails, ErrorCode, LinkError } from "./declared";

/** The longest that an answer is waited for. */
const PATIENCE_MS = 30_000;

/** A connection, as far as it is shown. */
export interface Connection {
  id: string;
  integrationId: string;
  integrationKey: string;
  sourceId: string;
  sourceType: string;
  platformName: string;
  linkUrl: string;
  status: string;
  lastSync?: string;
  dataConnectionErrors: { statusText: string; errorMessage: string; erroredOnUtc: string; status: string }[];
  connectionInfo?: { accountId: string; accountName?: string | null };
}

/** Who asks, and through what. */
export interface Offer {
  companyId: string;
  companyName: string;
  askedBy: string;
  integrations: { key: string; name: string; sourceType: string; mode: "live" | "test"; scope: string }[];
}

/** Something that went wrong, as it is told. */
export class Problem extends Error implements LinkError {
  constructor(
    readonly errorCode: ErrorCode,
    message: string,
    readonly userRecoverable = false,
    readonly correlationId = "",
  ) {
    super(message);
  }

  /** As a plain object, for the page. */
  told(): LinkError {
    const { correlationId, message, errorCode, userRecoverable } = this;
    return { correlationId, message, errorCode, userRecoverable };
  }
}

/** What a page is told of a connection. */
export function details(of: Connection): ConnectionDetails {
  const { id, integrationId, sourceId, sourceType, integrationKey, platformName } = of;
  return { connectionId: id, integrationId, sourceId, sourceType, integrationKey, platformName };
}

/** The company of a token; none when it is no token. Nothing is trusted for it: the platform checks the token. */
export function companyOf(token: string): string | null {
  try {
    const [, claims = ""] = token.split(".");
    const { sub } = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/")));
    return typeof sub === "string" ? sub : null;
  } catch {
    return null;
  }
}

export class Api {
  #token: string | null = null;

  constructor(
    readonly base: URL,
    readonly given: AccessToken | undefined,
    readonly companyId?: string,
  ) {}

  offer(): Promise<Offer> {
    return this.#ask("GET", "/linkOptions");
  }

  list(): Promise<{ results: Connection[]; totalResults: number }> {
    return this.#ask("GET", "/connections?pageSize=100");
  }

  get(id: string): Promise<Connection> {
    return this.#ask("GET", `/connections/${encodeURIComponent(id)}`);
  }

  /** A connection that waits for its owner: one that was begun before, or a new one. */
  async waiting(platformKey: string): Promise<Connection> {
    const query = encodeURIComponent(`status=PendingAuth&&integrationKey=${platformKey}`);
    const { results } = await this.#ask<{ results: Connection[] }>("GET", `/connections?pageSize=1&query=${query}`);
    return results[0] ?? this.#ask("POST", "/connections", { platformKey });
  }

  unlink(id: string): Promise<Connection> {
    return this.#ask("PATCH", `/connections/${encodeURIComponent(id)}`, { status: "Unlinked" });
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    let answer = await this.#send(method, path, body, await this.#shown(false));
    if (answer.status === 401 && typeof this.given === "function") {
      answer = await this.#send(method, path, body, await this.#shown(true));
    }
    if (answer.ok) return answer.json();
    throw await problem(answer);
  }

  /** The token to show; `anew` when the one before was refused. */
  async #shown(anew: boolean): Promise<string> {
    if (!this.#token || anew) {
      this.#token = typeof this.given === "function" ? await this.#fetched(this.given) : (this.given ?? null);
    }
    if (!this.#token)
      throw new Problem("access_token_missing", "accessToken is missing: a company's id opens nothing.");
    return this.#token;
  }

  async #fetched(get: () => string | Promise<string>): Promise<string> {
    try {
      return await get();
    } catch (error) {
      throw new Problem("access_token_missing", `accessToken() failed: ${String(error)}`, true);
    }
  }

  async #send(method: string, path: string, body: unknown, token: string): Promise<Response> {
    const company = companyOf(token);
    if (!company) throw new Problem("access_token_expired", "accessToken is no access token of a company.");
    if (this.companyId && this.companyId.toLowerCase() !== company) {
      throw new Problem("company_mismatch", "companyId is not the company of accessToken.");
    }
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    const address = new URL(`companies/${company}${path}`, this.base);
    const how: RequestInit = { method, headers, credentials: "omit", cache: "no-store", redirect: "error" };
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      return await fetch(
        address,
        body === undefined ? { ...how, signal } : { ...how, signal, body: JSON.stringify(body) },
      );
    } catch (error) {
      const why = `${this.base.origin} cannot be asked (${String(error)}). Is this origin in /corsSettings and that one in connect-src?`;
      throw new Problem("unreachable", why, true);
    }
  }
}

async function problem(answer: Response): Promise<Problem> {
  const said = await answer.json().catch(() => null);
  const id = said?.correlationId ?? answer.headers.get("x-request-id") ?? "";
  const message = said?.error ?? `The platform answered ${answer.status}.`;
  if (answer.status === 401) return new Problem("access_token_expired", message, false, id);
  if (answer.status === 404) return new Problem("not_found", message, false, id);
  return new Problem("server", message, answer.status >= 500 || answer.status === 429, id);
}
