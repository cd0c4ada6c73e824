/** Every sync of every data type of a company, newest first. */
import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import { problemOf } from "../api/problem";
import { SyncAdvice, SyncPill } from "../connections/SyncPill";
import type { Sync } from "../connections/syncs";
import { span } from "../kit/format";
import { Empty, PageHeader, Sheet } from "../kit/page";
import { Pager } from "../kit/pager";
import { ProblemNote } from "../kit/problem";
import { type Column, Table, TableSkeleton } from "../kit/table";
import { Time } from "../kit/when";
import { Missing } from "../shell/Missing";
import { CompanyTabs } from "./CompanyTabs";

const ROUTE = "/inside/companies/$companyId/syncs";
const PAGE_SIZE = 25;

/** The page. */
export function HistoryPage() {
  const { t } = useTranslation();
  const { companyId } = useParams({ from: ROUTE });
  const { page } = useSearch({ from: ROUTE });
  const navigate = useNavigate({ from: "/companies/$companyId/syncs" });
  const path = { companyId };
  const company = api.useQuery("get", "/companies/{companyId}", { params: { path } });
  const list = api.useQuery(
    "get",
    "/companies/{companyId}/data/history",
    { params: { path, query: { page, pageSize: PAGE_SIZE } } },
    { placeholderData: keepPreviousData, refetchInterval: 5_000 },
  );
  const columns = useColumns();
  if (company.isError && [400, 404].includes(problemOf(company.error).status)) return <Missing />;
  const name = company.data?.name ?? "…";
  return (
    <>
      <PageHeader
        title={name}
        windowTitle={`${t("history.title")} · ${name}`}
        back={{ to: "/companies", label: t("company.back") }}
      />
      <CompanyTabs companyId={companyId} />
      {list.isError ? (
        <ProblemNote error={list.error} title={t("problem.listTitle")} onRetry={() => list.refetch()} />
      ) : (
        <Sheet className="overflow-hidden">
          {list.isPending && <TableSkeleton />}
          {list.data?.totalResults === 0 && <Empty title={t("history.emptyTitle")}>{t("history.emptyText")}</Empty>}
          {list.data && list.data.totalResults > 0 && (
            <>
              <Table
                label={t("history.title")}
                columns={columns}
                rows={list.data.results}
                rowKey={(sync) => sync.id}
                stale={list.isPlaceholderData}
              />
              <Pager page={page} shown={list.data} onPage={(page) => navigate({ search: { page } })} />
            </>
          )}
        </Sheet>
      )}
    </>
  );
}

function useColumns(): Column<Sync>[] {
  const { t } = useTranslation();
  return [
    {
      key: "requested",
      label: t("history.requested"),
      cell: (sync) => (
        <span className="sm:whitespace-nowrap">
          <Time at={sync.requested} />
        </span>
      ),
    },
    { key: "type", label: t("history.type"), cell: (sync) => t(`dataType.${sync.dataType}`) },
    { key: "status", label: t("history.status"), cell: (sync) => <SyncPill sync={sync} /> },
    {
      key: "took",
      label: t("history.took"),
      end: true,
      cell: (sync) => (sync.completed ? span(sync.requested, sync.completed) : ""),
    },
    { key: "detail", label: t("history.detail"), cell: (sync) => <SyncAdvice sync={sync} /> },
  ];
}
