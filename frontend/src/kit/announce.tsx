/** Tells screen readers what happened, politely; the same words are never told twice in a row. */
import { useSyncExternalStore } from "react";

let words = "";
const listeners = new Set<() => void>();

/** Says it once. */
export function announce(text: string) {
  // A trailing no-break space makes the same words a change, which is what screen readers listen for.
  words = text === words ? `${text}\u00a0` : text;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Where it is said; one for the whole portal. */
export function Announcer() {
  const said = useSyncExternalStore(subscribe, () => words);
  return (
    <div className="sr-only" aria-live="polite" role="status">
      {said}
    </div>
  );
}
