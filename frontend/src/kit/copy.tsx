/** Copying ids, URLs and keys, with a spoken and a visible confirmation. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { announce } from "./announce";
import { Button, type Look } from "./button";
import { CheckIcon, CopyIcon } from "./icons";

/** Whether it was just copied, and how to copy. */
export function useCopy() {
  const { t } = useTranslation();
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 2_500);
    return () => clearTimeout(timer);
  }, [state]);
  async function copy(text: string, said = t("act.copied")) {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
      announce(said);
    } catch {
      setState("failed");
      announce(t("act.copyFailed"));
    }
  }
  return { state, copy };
}

type Props = {
  text: string;
  label?: string;
  ariaLabel?: string;
  said?: string;
  look?: Look;
  size?: "normal" | "small";
};

/** A button that copies. */
export function CopyButton({ text, label, ariaLabel, said, look = "plain", size = "small" }: Props) {
  const { t } = useTranslation();
  const { state, copy } = useCopy();
  return (
    <>
      <Button
        look={look}
        size={size}
        onPress={() => copy(text, said)}
        {...(ariaLabel ? { "aria-label": ariaLabel } : {})}
      >
        {state === "copied" ? <CheckIcon className="size-4 text-good" /> : <CopyIcon />}
        {/* Both words lie on each other, so that the button keeps its width. */}
        <span className="grid">
          <span className={`[grid-area:1/1] ${state === "copied" ? "invisible" : ""}`}>{label ?? t("act.copy")}</span>
          <span className={`[grid-area:1/1] ${state === "copied" ? "" : "invisible"}`}>{t("act.copied")}</span>
        </span>
      </Button>
      {state === "failed" && <span className="text-sm text-bad">{t("act.copyFailed")}</span>}
    </>
  );
}

/** `long`: the text needs the whole width, and its button stands below it. */
type BoxProps = { text: string; label?: string; name: string; long?: boolean };

/** A text to be copied, whole and selectable, with its button. */
export function CopyBox({ text, label, name, long = false }: BoxProps) {
  return (
    <div
      className={`flex flex-col gap-2 rounded-control border border-hair bg-ground p-2 pl-3 ${long ? "items-end" : "sm:flex-row sm:items-center"}`}
    >
      <code className="w-full min-w-0 flex-1 font-mono text-sm break-all select-all" data-copy={name}>
        {text}
      </code>
      <div className="flex shrink-0 items-center gap-2">
        <CopyButton text={text} {...(label ? { label } : {})} />
      </div>
    </div>
  );
}
