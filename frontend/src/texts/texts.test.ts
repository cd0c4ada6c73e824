import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import i18next from ".";
import en from "./en.json";

const files = readdirSync("src", { recursive: true, withFileTypes: true })
  .filter((one) => one.isFile() && /\.tsx?$/.test(one.name) && !/\.test\.|schema\.ts$/.test(one.name))
  .map((one) => join(one.parentPath, one.name));

/** The keys that the code names as they are; keys that are put together are checked below. */
function named(file: string) {
  return [...readFileSync(file, "utf8").matchAll(/\bt(?:ext)?\("([a-zA-Z.-]+)"|i18nKey="([^"]+)"/g)].map(
    (hit) => hit[1] ?? hit[2],
  );
}

describe("texts", () => {
  it.each(files)("every text that %s asks for is there", (file) => {
    const missing = named(file).filter((key) => !i18next.exists(key ?? "", { count: 2 }));
    expect(missing).toEqual([]);
  });

  it("every field of a record has its name", () => {
    const { schemas } = JSON.parse(readFileSync("openapi.json", "utf8")).components;
    const found = new Set<string>();
    const seen = new Set<string>();
    const walk = (name: string) => {
      if (seen.has(name)) return;
      seen.add(name);
      for (const field of Object.keys(schemas[name].properties ?? {})) found.add(field);
      for (const [, next] of JSON.stringify(schemas[name]).matchAll(/#\/components\/schemas\/(\w+)/g)) walk(next ?? "");
    };
    const records =
      "Payment Customer Transaction Payout Order Subscription Invoice Product Dispute PaymentMethod CompanyInfo";
    for (const name of records.split(" ")) walk(name);
    expect([...found].filter((field) => !(field in en.field))).toEqual([]);
  });

  it("every status and data type of the API has its word", () => {
    const { schemas } = JSON.parse(readFileSync("openapi.json", "utf8")).components;
    expect(Object.keys(en.connection.status).sort()).toEqual([...schemas.ConnectionStatus.enum].sort());
    expect(Object.keys(en.dataType).sort()).toEqual([...schemas.DataType.enum].sort());
  });
});
