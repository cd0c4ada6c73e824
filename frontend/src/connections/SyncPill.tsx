/** How a sync of one data type stands, in the portal's words. */
import { useTranslation } from "react-i18next";
import { Spinner } from "../kit/button";
import { CheckIcon, ClockIcon, CrossIcon, WarnIcon } from "../kit/icons";
import { Pill, type Tone } from "../kit/pill";
import { type Sync, type Word, wordOf } from "./syncs";

const SIZE = "size-3.5";
const LOOKS: Record<Word, [Tone, React.ReactNode]> = {
  queued: ["still", <ClockIcon key="i" className={SIZE} />],
  running: ["busy", <Spinner key="i" className={SIZE} />],
  limited: ["note", <ClockIcon key="i" className={SIZE} />],
  complete: ["good", <CheckIcon key="i" className={SIZE} />],
  failed: ["bad", <WarnIcon key="i" className={SIZE} />],
  cancelled: ["still", <CrossIcon key="i" className={SIZE} />],
  unsupported: ["still", <CrossIcon key="i" className={SIZE} />],
};

/** The pill; without a sync it says that the type was never read. */
export function SyncPill({ sync }: { sync: Sync | undefined }) {
  const { t } = useTranslation();
  if (!sync) return <Pill tone="still">{t("syncs.word.unread")}</Pill>;
  const word = wordOf(sync.status);
  const [tone, icon] = LOOKS[word];
  return (
    <Pill tone={tone} icon={icon}>
      {t(`syncs.word.${word}`)}
    </Pill>
  );
}

/** What a failed sync means and what to do; then the server's own words. */
export function SyncAdvice({ sync }: { sync: Sync }) {
  const { t } = useTranslation();
  const key = `syncs.advice.${sync.status}` as "syncs.advice.FetchError";
  const word = wordOf(sync.status);
  const advice = word === "failed" || word === "limited" ? t(key) : null;
  const said = sync.errorMessage ?? sync.statusDescription;
  if (!advice && !said) return null;
  return (
    <span className="block max-w-prose text-sm text-soft">
      {advice}
      {advice && said ? " " : ""}
      {said && <span className="break-words">{said}</span>}
    </span>
  );
}
