import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/styles/tokens.css", "utf8");
const [light = "", dark = ""] = css.split("@media (prefers-color-scheme: dark)");

function tokens(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  );
}

function luminance(hex: string) {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string) {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const TEXT: [string, string[]][] = [
  ["ink", ["ground", "sheet", "raised", "still-tint", "bad-tint", "act-tint"]],
  ["soft", ["ground", "sheet", "raised", "still-tint", "bad-tint"]],
  ["act", ["sheet", "ground", "act-tint", "raised"]],
  ["good", ["good-tint", "sheet"]],
  ["bad", ["bad-tint", "sheet"]],
  ["note-ink", ["note"]],
  ["act-ink", ["act", "act-over"]],
  ["bad-ink", ["bad", "bad-over"]],
];
const PARTS: [string, string[]][] = [
  ["line", ["sheet", "ground"]],
  ["act", ["ground", "sheet", "still-tint"]],
];

describe.each([
  ["light", tokens(light)],
  ["dark", { ...tokens(light), ...tokens(dark) }],
])("%s", (_name, theme) => {
  const pairs = (list: [string, string[]][]) =>
    list.flatMap(([front, backs]) => backs.map((back) => [front, back] as const));
  const ratio = (front: string, back: string) => contrast(theme[front] ?? "", theme[back] ?? "");
  it.each(pairs(TEXT))("%s can be read on %s", (front, back) => expect(ratio(front, back)).toBeGreaterThanOrEqual(4.5));
  it.each(pairs(PARTS))("%s can be seen on %s", (front, back) => expect(ratio(front, back)).toBeGreaterThanOrEqual(3));
});
