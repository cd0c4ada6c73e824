/** Which rows of how many, and the way to the others. */
import { useTranslation } from "react-i18next";
import { Button } from "./button";
import { number } from "./format";
import { BackIcon, NextIcon } from "./icons";

type Props = {
  /** The page that is asked for. */
  page: number;
  /** The one that is shown, which is another one until the answer comes. */
  shown: { pageNumber: number; pageSize: number; totalResults: number };
  onPage: (page: number) => void;
};

/** The foot of a list. */
export function Pager({ page, shown, onPage }: Props) {
  const { t } = useTranslation();
  const { pageNumber, pageSize, totalResults: total } = shown;
  const from = (pageNumber - 1) * pageSize + 1;
  const to = Math.min(pageNumber * pageSize, total);
  const none = total === 0 || from > total ? t("records.pageNone") : undefined;
  const words = { from: number(from), to: number(to), total: number(total) };
  return (
    <nav
      aria-label={t("records.pages")}
      className="flex flex-wrap items-center justify-between gap-3 border-t border-hair px-5 py-3"
    >
      <p className="text-sm text-soft tabular-nums">{none ?? t("records.page", words)}</p>
      <div className="flex gap-2">
        <Button size="small" isDisabled={page <= 1} onPress={() => onPage(page - 1)}>
          <BackIcon />
          {t("records.previous")}
        </Button>
        <Button size="small" isDisabled={page * pageSize >= total} onPress={() => onPage(page + 1)}>
          {t("records.next")}
          <NextIcon />
        </Button>
      </div>
    </nav>
  );
}
