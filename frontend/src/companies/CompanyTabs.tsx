/** The pages of one company. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

const TAB =
  "inline-flex min-h-10 items-center border-b-2 border-transparent px-3 font-medium whitespace-nowrap text-soft -outline-offset-3! hover:text-ink aria-[current=page]:border-act aria-[current=page]:text-act";

/** The tabs. */
export function CompanyTabs({ companyId }: { companyId: string }) {
  const { t } = useTranslation();
  const active = {
    activeProps: { "aria-current": "page" as const },
    activeOptions: { exact: true, includeSearch: false },
  };
  return (
    <nav aria-label={t("companies.name")} className="mb-5 flex gap-1 border-b border-hair">
      <Link to="/companies/$companyId" params={{ companyId }} className={`${TAB} -mb-px`} {...active}>
        {t("history.overview")}
      </Link>
      <Link
        to="/companies/$companyId/syncs"
        params={{ companyId }}
        search={{ page: 1 }}
        className={`${TAB} -mb-px`}
        {...active}
      >
        {t("history.tab")}
      </Link>
    </nav>
  );
}
