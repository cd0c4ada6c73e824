import { describe, expect, it, vi } from "vitest";
import { ago, date, day, money, span } from "./format";

vi.spyOn(navigator, "languages", "get").mockReturnValue(["en-US"]);
const plain = (text: string) => text.replace(/\u00a0/g, " ");

describe("money", () => {
  it("has as many decimals as its currency", () => {
    expect(money(52.2, "USD")).toBe("$52.20");
    expect(money(7790, "JPY")).toBe("¥7,790");
    expect(plain(money(15.95, "KWD"))).toBe("KWD 15.950");
  });
  it("never rounds a finer price away", () => expect(money(0.00125, "usd")).toBe("$0.00125"));
  it("keeps the sign", () => expect(money(-0.74, "EUR")).toBe("-€0.74"));
  it("shows an unknown code as it is", () => expect(money(1.5, "??")).toBe("1.5 ??"));
});

describe("time", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  it("is told in the coarsest unit", () => {
    expect(ago("2026-11-21T11:58:59Z", now)).toBe("1 minute ago");
    expect(ago("2026-11-19T11:00:00Z", now)).toBe("2 days ago");
  });
  it("is not in the future by a clock that is ahead", () => expect(ago("2026-11-21T12:00:03Z", now)).toBe("now"));
  it("keeps a day that the source gives as midnight UTC", () => {
    expect(day("2026-11-23T00:00:00Z")).toBe("Nov 23, 2026");
    expect(date("2026-11-23T12:00:00Z")).toBe("Nov 23, 2026");
  });
  it("tells how long something took", () =>
    expect(span("2026-11-21T12:00:00Z", "2026-11-21T12:01:30Z")).toBe("1.5 min"));
});
