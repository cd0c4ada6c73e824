/** Which rows of how many, and the way to the others. */
import { useTranslation } from "react-i18next";
import { Button } from "./button";
import { number } from "./format";
import { BackIcon, NextIcon } from "./icons";

type Props = { page: number; pageSize: number; total: number; onPage: (page: number) => void };

/** The foot of a list. */
export function Pager({ page, pageSize, total, onPage }: Props) {
  const { t } = useTranslation();
  const from = (page - 1) * pageSize + 1;
  const to = Math.min(page * pageSize, total);
  const shown = total === 0 || from > total ? t("records.pageNone") : undefined;
  const words = { from: number(from), to: number(to), total: number(total) };
  return (
    <nav
      aria-label={t("records.pages")}
      className="flex flex-wrap items-center justify-between gap-3 border-t border-hair px-5 py-3"
    >
      <p className="text-sm text-soft tabular-nums">{shown ?? t("records.page", words)}</p>
      <div className="flex gap-2">
        <Button size="small" isDisabled={page <= 1} onPress={() => onPage(page - 1)}>
          <BackIcon />
          {t("records.previous")}
        </Button>
        <Button size="small" isDisabled={to >= total} onPress={() => onPage(page + 1)}>
          {t("records.next")}
          <NextIcon />
        </Button>
      </div>
    </nav>
  );
}
