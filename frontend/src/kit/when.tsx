/** A moment: how long ago, with the whole time and its zone on hover. */
import { useEffect, useState } from "react";
import { ago, date, time, wholeTime } from "./format";

const LISTENERS = new Set<() => void>();
setInterval(() => {
  for (const listener of LISTENERS) listener();
}, 15_000);

/** How long ago something was; it goes on counting. */
export function Ago({ at }: { at: string }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const listener = () => tick((count) => count + 1);
    LISTENERS.add(listener);
    return () => {
      LISTENERS.delete(listener);
    };
  }, []);
  return (
    <time dateTime={at} title={wholeTime(at)}>
      {ago(at)}
    </time>
  );
}

/** A point in time. */
export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={wholeTime(at)}>
      {time(at)}
    </time>
  );
}

/** The day of a point in time, where the hour says little. */
export function Day({ at }: { at: string }) {
  return (
    <time dateTime={at} title={wholeTime(at)}>
      {date(at)}
    </time>
  );
}
