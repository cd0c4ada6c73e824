/** A state: a word, an icon and a colour, never a colour alone. */
import type { ReactNode } from "react";

export type Tone = "good" | "busy" | "note" | "bad" | "still";

const TONES: Record<Tone, string> = {
  good: "bg-good-tint text-good",
  busy: "bg-act-tint text-act",
  note: "bg-note text-note-ink",
  bad: "bg-bad-tint text-bad",
  still: "bg-still-tint text-soft",
};

/** A pill. */
export function Pill({ tone, icon, children }: { tone: Tone; icon?: ReactNode; children: ReactNode }) {
  return (
    <span
      className={`pill inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-[0.8125rem] font-semibold whitespace-nowrap ${TONES[tone]}`}
    >
      {icon}
      {children}
    </span>
  );
}
