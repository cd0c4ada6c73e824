import { expect, it } from "vitest";
import { inside } from "./next";

it.each([
  ["/companies?page=2", "/companies?page=2"],
  ["/portal/keys", "/keys"],
  ["/portal", "/"],
  ["/login?next=/x", "/"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example", "/"],
  [undefined, "/"],
])("%s leads to %s", (next, to) => expect(inside(next)).toBe(to));
