/** Buttons, and links that look like them. */
import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components";
import { useTranslation } from "react-i18next";

export type Look = "main" | "plain" | "danger" | "quiet";

const SHAPE =
  "inline-flex items-center justify-center gap-2 rounded-control border font-semibold whitespace-nowrap no-underline select-none motion-safe:transition-colors cursor-pointer disabled:cursor-default disabled:opacity-55";
const SIZES = { normal: "min-h-10 px-4 text-[0.9375rem]", small: "min-h-8 px-3 text-sm" };
const LOOKS: Record<Look, string> = {
  main: "border-act bg-act text-act-ink hover:enabled:bg-act-over hover:enabled:border-act-over",
  plain: "border-line/60 bg-sheet text-ink hover:enabled:bg-raised hover:enabled:border-line",
  danger: "border-bad bg-bad text-bad-ink hover:enabled:bg-bad-over hover:enabled:border-bad-over",
  quiet: "border-transparent bg-transparent text-act hover:enabled:bg-act-tint",
};

/** The classes of a button, for links. */
export function buttonLook(look: Look = "plain", size: keyof typeof SIZES = "normal") {
  return `${SHAPE} ${SIZES[size]} ${LOOKS[look].replaceAll("hover:enabled:", "hover:")}`;
}

type Props = Omit<AriaButtonProps, "className" | "children" | "isPending"> & {
  look?: Look;
  size?: keyof typeof SIZES;
  className?: string;
  /** It was pressed and its work is under way: it keeps focus and width, and does nothing. */
  busy?: boolean;
  children: ReactNode;
};

/** A button. */
export function Button({ look = "plain", size = "normal", className = "", busy = false, children, ...props }: Props) {
  const { t } = useTranslation();
  // React Aria's own pending state leaves an announcement that names a button which may be gone by then.
  const still = busy ? { onPress: () => {}, type: "button" as const } : {};
  return (
    <AriaButton {...props} {...still} className={`relative ${SHAPE} ${SIZES[size]} ${LOOKS[look]} ${className}`}>
      <span className={`inline-flex items-center gap-2 ${busy ? "opacity-0" : ""}`}>{children}</span>
      {busy && (
        <>
          <Spinner className="absolute size-4" />
          <span className="sr-only">{t("act.working")}</span>
        </>
      )}
    </AriaButton>
  );
}

/** Says without words that something is under way; its neighbour has the words. */
export function Spinner({ className = "size-4" }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" className={`turn ${className}`} aria-hidden="true">
      <circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" strokeWidth="3" strokeDasharray="40 17" />
    </svg>
  );
}
