/** What went wrong, where it went wrong: one sentence, a way on, and the reference for the operator. */
import { useTranslation } from "react-i18next";
import { problemOf } from "../api/problem";
import { Button } from "./button";
import { CopyButton } from "./copy";
import { WarnIcon } from "./icons";

type Props = { error: unknown; title?: string; onRetry?: () => void; className?: string };

/** A note about a call that failed. */
export function ProblemNote({ error, title, onRetry, className = "" }: Props) {
  const { t } = useTranslation();
  const problem = problemOf(error);
  return (
    <div role="alert" className={`flex gap-3 rounded-control border border-bad/40 bg-bad-tint px-4 py-3 ${className}`}>
      <WarnIcon className="mt-0.5 size-5 text-bad" />
      <div className="flex min-w-0 flex-col items-start gap-2">
        <div>
          <p className="font-semibold">{title ?? t("problem.actTitle")}</p>
          <p className="break-words">{problem.message}</p>
        </div>
        {problem.reference && (
          <p className="flex flex-wrap items-center gap-2 text-sm text-soft">
            {t("problem.reference")} <code className="font-mono break-all">{problem.reference}</code>
            <CopyButton text={problem.reference} />
          </p>
        )}
        {onRetry && (
          <Button size="small" onPress={onRetry}>
            {t("act.again")}
          </Button>
        )}
      </div>
    </div>
  );
}
