/** Numbers, money and times as the reader's own language writes them. */

const locale = () => globalThis.navigator?.languages?.[0] ?? "en";

const cache = new Map<string, unknown>();
function kept<T>(key: string, make: () => T): T {
  if (!cache.has(key)) cache.set(key, make());
  return cache.get(key) as T;
}

/** A whole number. */
export const number = (value: number) => kept("n", () => new Intl.NumberFormat(locale())).format(value);

const decimals = (value: number) => /\.(\d+)$/.exec(String(value))?.[1]?.length ?? 0;

/** An amount with its currency. A digit more than the currency has (a unit price) is shown too, never rounded away. */
export function money(value: number, currency: string): string {
  const code = currency.toUpperCase();
  const digits = decimals(value);
  try {
    const usual = kept(`d${code}`, () => new Intl.NumberFormat(locale(), { style: "currency", currency: code }));
    const most = usual.resolvedOptions().maximumFractionDigits ?? 2;
    if (digits <= most) return usual.format(value);
    const finer = { style: "currency", currency: code, maximumFractionDigits: Math.min(digits, 20) } as const;
    return new Intl.NumberFormat(locale(), finer).format(value);
  } catch {
    return `${value} ${code}`;
  }
}

/** Day and time, in the reader's zone. */
export function time(iso: string): string {
  const style = { dateStyle: "medium", timeStyle: "short" } as const;
  return kept("t", () => new Intl.DateTimeFormat(locale(), style)).format(new Date(iso));
}

/** Day, time to the second, and the zone's name. */
export function wholeTime(iso: string): string {
  const style = { dateStyle: "long", timeStyle: "long" } as const;
  return kept("w", () => new Intl.DateTimeFormat(locale(), style)).format(new Date(iso));
}

/** The day, in the reader's zone. */
export function date(iso: string): string {
  return kept("a", () => new Intl.DateTimeFormat(locale(), { dateStyle: "medium" })).format(new Date(iso));
}

/** A day that the source gives as midnight UTC. */
export function day(iso: string): string {
  return kept("y", () => new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeZone: "UTC" })).format(
    new Date(iso),
  );
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** How long ago, in the coarsest unit that says something. */
export function ago(iso: string, now = Date.now()): string {
  const words = kept("r", () => new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }));
  const seconds = Math.round((Date.parse(iso) - now) / 1_000);
  // A server's clock may be a little ahead; "in 2 seconds" would be silly for what has happened.
  const past = seconds > 0 && seconds < 60 ? 0 : seconds;
  const [unit, size] = STEPS.find(([, size]) => Math.abs(past) >= size) ?? ["second", 1];
  return words.format(Math.trunc(past / size), unit);
}

/** How long something took. */
export function span(from: string, to: string): string {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1_000;
  const [unit, size] = seconds >= 3_600 ? ["hour", 3_600] : seconds >= 60 ? ["minute", 60] : ["second", 1];
  const style = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locale(), style).format(seconds / Number(size));
}
