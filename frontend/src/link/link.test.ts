import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Api, type Connection, companyOf, Problem } from "./api";
import { TributaryLink } from "./embedded";
import { filled } from "./text";
import { type News, opened, Visit } from "./visit";

const BASE = new URL("https://tributary.example/");
const COMPANY = "01a200b3-fdd6-7760-a125-7b062384ffd2";
const token = (sub: string) => `x.${btoa(JSON.stringify({ sub }))}.x`;
const connection = (more: Partial<Connection> = {}): Connection => ({
  id: "c1",
  integrationId: "i1",
  integrationKey: "yzth",
  sourceId: "s1",
  sourceType: "Commerce",
  platformName: "Stripe Test",
  linkUrl: "https://tributary.example/link/companies/a/connections/c1/start?token=1.2.x",
  status: "PendingAuth",
  dataConnectionErrors: [],
  ...more,
});
const fault = (at: string, status = "Active") => ({
  statusText: "access_denied",
  errorMessage: "User cancelled",
  erroredOnUtc: at,
  status,
});

/** Answers of the platform, one for each call; the last one stays. */
function platform(...answers: [number, unknown][]) {
  const calls: { url: string; authorization: string; init: RequestInit }[] = [];
  vi.stubGlobal("fetch", async (url: URL, init: RequestInit) => {
    calls.push({ url: String(url), authorization: new Headers(init.headers).get("authorization") ?? "", init });
    const [status, body] =
      answers.length > 1 ? (answers.shift() as [number, unknown]) : (answers[0] as [number, unknown]);
    return new Response(JSON.stringify(body), { status });
  });
  return calls;
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

describe("the platform is asked", () => {
  it("for the company of the token, with the token and without cookies", async () => {
    const calls = platform([200, connection()]);
    await new Api(BASE, token(COMPANY)).get("c1");
    expect(calls[0]?.url).toBe(`https://tributary.example/companies/${COMPANY}/connections/c1`);
    expect(calls[0]?.authorization).toBe(`Bearer ${token(COMPANY)}`);
    expect(calls[0]?.init.credentials).toBe("omit");
  });

  it("again with another token when the first is over, and only once", async () => {
    const calls = platform([401, { error: "over", correlationId: "r1" }]);
    const get = vi.fn(() => token(COMPANY));
    const refused = await new Api(BASE, get).get("c1").catch((error) => error);
    expect(refused).toBeInstanceOf(Problem);
    expect(refused.told()).toEqual({
      errorCode: "access_token_expired",
      message: "over",
      correlationId: "r1",
      userRecoverable: false,
    });
    expect([calls.length, get.mock.calls.length]).toEqual([2, 2]);
  });

  it("nothing without a token, or with the token of another company", async () => {
    const calls = platform([200, {}]);
    const code = (api: Api) => api.offer().catch((error: Problem) => error.errorCode);
    expect(await code(new Api(BASE, undefined, COMPANY))).toBe("access_token_missing");
    expect(await code(new Api(BASE, "no token"))).toBe("access_token_expired");
    expect(await code(new Api(BASE, token(COMPANY), "another"))).toBe("company_mismatch");
    expect(await code(new Api(BASE, () => Promise.reject(new Error("signed out"))))).toBe("access_token_missing");
    expect(calls).toEqual([]);
  });

  it("for a connection that waits already before one is made", async () => {
    const calls = platform([200, { results: [] }], [200, connection({ id: "new" })]);
    expect((await new Api(BASE, token(COMPANY)).waiting("yzth")).id).toBe("new");
    expect(calls.map((one) => one.init.method)).toEqual(["GET", "POST"]);
    platform([200, { results: [connection({ id: "kept" })] }]);
    expect((await new Api(BASE, token(COMPANY)).waiting("yzth")).id).toBe("kept");
  });

  it("and a token that is none names no company", () => expect(companyOf("a.b.c")).toBeNull());
});

describe("a visit", () => {
  const visited = (window: { closed: boolean } | null, of = connection()) => {
    const news: News[] = [];
    const shown = window && Object.assign(window, { location: { replace: vi.fn() }, close: vi.fn() });
    const visit = new Visit(new Api(BASE, token(COMPANY)), of, shown as unknown as Window | null, (one) =>
      news.push(one),
    );
    return { news, shown, visit };
  };
  const say = (origin: string, data: unknown) => dispatchEvent(new MessageEvent("message", { origin, data }));
  const ended = { type: "tributary.link.ended", connectionId: "c1" };

  it("opens the Link URL and says which page opens it, beside the token that is there", () => {
    const { shown, visit } = visited({ closed: false });
    expect(shown?.location.replace).toHaveBeenCalledWith(opened(connection().linkUrl));
    const url = new URL(opened(connection().linkUrl));
    expect([url.searchParams.get("token"), url.searchParams.get("link.embedded")]).toEqual(["1.2.x", location.origin]);
    visit.stop();
  });

  it("ends as soon as the platform's own window says so, and believes the platform alone", async () => {
    const calls = platform([200, connection({ status: "Linked" })]);
    const { news } = visited({ closed: false });
    say("https://evil.example", ended);
    say("https://tributary.example", { type: "other" });
    expect(calls).toEqual([]);
    say("https://tributary.example", ended);
    await vi.waitFor(() => expect(news.map((one) => one.is)).toEqual(["linked"]));
  });

  it("is found out without a word from the window, too", async () => {
    platform([200, connection()], [200, connection()], [200, connection({ status: "Linked" })]);
    const { news } = visited(null);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(news).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(news.map((one) => one.is)).toEqual(["linked"]);
  });

  it("tells a new refusal from one of an earlier visit", async () => {
    const old = [fault("2026-01-01T00:00:00Z")];
    platform(
      [200, connection({ dataConnectionErrors: old })],
      [200, connection({ dataConnectionErrors: [...old, fault("2026-01-02T00:00:00Z")] })],
    );
    const { news } = visited({ closed: false }, connection({ dataConnectionErrors: old }));
    await vi.advanceTimersByTimeAsync(2_500);
    expect(news).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(news).toEqual([{ is: "failed", word: "access_denied", message: "User cancelled" }]);
  });

  it("tells once that the window is closed, and goes on looking", async () => {
    platform([200, connection()], [200, connection()], [200, connection({ status: "Linked" })]);
    const { news } = visited({ closed: true });
    await vi.advanceTimersByTimeAsync(7_000);
    expect(news.map((one) => one.is)).toEqual(["closed", "linked"]);
  });

  it("survives a platform that is away for a moment, and tells when it stays away", async () => {
    platform([503, {}], [503, {}], [200, connection({ status: "Linked" })]);
    const first = visited(null);
    await vi.advanceTimersByTimeAsync(7_000);
    expect(first.news.map((one) => one.is)).toEqual(["linked"]);
    platform([503, { error: "not now", correlationId: "r2" }]);
    const second = visited(null);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(second.news.map((one) => one.is)).toEqual(["lost"]);
  });
});

describe("the component", () => {
  const offer = (integrations: unknown[]) => ({
    companyId: COMPANY,
    companyName: "Shop",
    askedBy: "Lender",
    integrations,
  });
  const test = { key: "yzth", name: "Stripe Test", sourceType: "Commerce", mode: "test", scope: "read_only" };
  const root = () => document.body.lastElementChild?.shadowRoot as ShadowRoot;

  it("shows nobody what no option allows, and says so to the page", async () => {
    platform([200, offer([test])]);
    const onError = vi.fn();
    const options = { nonModal: true, showSandboxIntegrations: false };
    new TributaryLink({ props: { accessToken: token(COMPANY), onError, options } }, BASE);
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce());
    expect(onError.mock.calls[0]?.[0].errorCode).toBe("nothing_to_link");
  });

  it("takes the page's texts and names, and goes without a trace", async () => {
    platform([200, offer([test, { ...test, key: "exgd", name: "Stripe", mode: "live" }])]);
    const onClose = vi.fn();
    const options = { nonModal: true, text: { chooseTitle: "{company} for {askedBy}" } };
    new TributaryLink({ props: { accessToken: token(COMPANY), onClose, options } }, BASE);
    await vi.waitFor(() => expect(root().querySelector("h2")?.textContent).toBe("Shop for Lender"));
    expect(root().querySelectorAll("input[type=radio]")).toHaveLength(2);
    root().querySelector<HTMLButtonElement>("[aria-label=Close]")?.click();
    expect(onClose).toHaveBeenCalledOnce();
    expect(document.body.children).toHaveLength(0);
  });

  it("fills in what it knows and leaves the rest", () => expect(filled("{a} {b}", { a: "1" })).toBe("1 {b}"));
});
