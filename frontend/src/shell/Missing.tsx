/** Nothing is at this address. */
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { buttonLook } from "../kit/button";
import { PageHeader } from "../kit/page";

/** The page for an address that leads nowhere, and for things that are gone. */
export function Missing() {
  const { t } = useTranslation();
  return (
    <div className="mx-auto max-w-xl px-4 py-12">
      <PageHeader title={t("missing.title")} lead={t("missing.text")} />
      <Link to="/companies" search={{ page: 1 }} className={buttonLook()}>
        {t("missing.home")}
      </Link>
    </div>
  );
}
