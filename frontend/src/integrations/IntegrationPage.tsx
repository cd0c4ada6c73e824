/** Setting one integration up, or changing it. */
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import { problemOf } from "../api/problem";
import { PageHeader, Sheet, SkeletonLines } from "../kit/page";
import { ProblemNote } from "../kit/problem";
import { Missing } from "../shell/Missing";
import { IntegrationForm } from "./IntegrationForm";
import { ModePill } from "./ModePill";

/** The page. */
export function IntegrationPage() {
  const { t } = useTranslation();
  const { platformKey } = useParams({ from: "/inside/integrations/$platformKey" });
  const one = api.useQuery("get", "/integrations/{platformKey}", { params: { path: { platformKey } } });
  if (one.isError && problemOf(one.error).status === 404) return <Missing />;
  return (
    <div className="mx-auto max-w-3xl">
      <PageHeader
        title={one.data?.name ?? t("integrations.title")}
        lead={t("integration.lead")}
        back={{ to: "/integrations", label: t("integration.back") }}
        beside={one.data && <ModePill mode={one.data.settings.mode} />}
      />
      {one.isError && <ProblemNote error={one.error} title={t("problem.listTitle")} onRetry={() => one.refetch()} />}
      {one.isPending && (
        <Sheet className="p-6">
          <SkeletonLines lines={10} />
        </Sheet>
      )}
      {one.data && <IntegrationForm integration={one.data} />}
    </div>
  );
}
