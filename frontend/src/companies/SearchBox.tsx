/** A search that asks while one types, but not at every letter. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { SearchIcon } from "../kit/icons";

const PAUSE_MS = 250;

/** The box. */
export function SearchBox({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  const asked = useRef(value);
  // The address changed by another way (back, clear): the box follows.
  useEffect(() => {
    if (value !== asked.current) setText(value);
    asked.current = value;
  }, [value]);
  useEffect(() => {
    if (text.trim() === asked.current) return;
    const timer = setTimeout(() => {
      asked.current = text.trim();
      onChange(text.trim());
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  return (
    <label className="relative block max-w-sm">
      <span className="sr-only">{t("companies.search")}</span>
      <SearchIcon className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-soft" />
      <input
        type="search"
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder={t("companies.search")}
        className="min-h-10 w-full rounded-control border border-line/60 bg-sheet pr-3 pl-9"
      />
    </label>
  );
}
