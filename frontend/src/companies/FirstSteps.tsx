/** A fresh server: the three steps to the first data. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import { buttonLook } from "../kit/button";
import { CheckIcon } from "../kit/icons";
import { Empty } from "../kit/page";

/** The steps; the first is done when an integration is switched on. */
export function FirstSteps({ act }: { act: ReactNode }) {
  const { t } = useTranslation();
  const { data } = api.useQuery("get", "/integrations", {});
  const ready = data?.results.some((one) => one.enabled) ?? false;
  const setUp = (
    <Link to="/integrations" className={buttonLook("main")}>
      {t("companies.step1")}
    </Link>
  );
  return (
    <Empty title={t("companies.emptyTitle")} act={ready ? act : setUp}>
      <p>{t("companies.emptyText")}</p>
      <ol className="mt-6 grid gap-3 text-left sm:grid-cols-3">
        <Step at={1} title={t("companies.step1")} done={ready}>
          {t("companies.step1Text")}
        </Step>
        <Step at={2} title={t("companies.step2")}>
          {t("companies.step2Text")}
        </Step>
        <Step at={3} title={t("companies.step3")}>
          {t("companies.step3Text")}
        </Step>
      </ol>
    </Empty>
  );
}

function Step({
  at,
  title,
  done = false,
  children,
}: {
  at: number;
  title: string;
  done?: boolean;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <li className="rounded-control border border-hair p-4">
      <span
        className={`mb-2 flex size-6 items-center justify-center rounded-full text-sm font-semibold ${done ? "bg-good-tint text-good" : "bg-still-tint text-soft"}`}
      >
        {done ? <CheckIcon className="size-3.5" /> : at}
      </span>
      <strong className="block font-semibold text-ink">
        {title}
        {done && <span className="sr-only"> ({t("companies.stepDone")})</span>}
      </strong>
      <span className="text-sm">{children}</span>
    </li>
  );
}
