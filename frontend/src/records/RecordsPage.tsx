/** The records of one type of one connection: a table, and a record's detail beside it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import { problemOf } from "../api/problem";
import { SyncAdvice, SyncPill } from "../connections/SyncPill";
import { DATA_TYPES, type DataType, isOpen, useStandings } from "../connections/syncs";
import { ModePill } from "../integrations/ModePill";
import { buttonLook } from "../kit/button";
import { Empty, PageHeader, Sheet, SkeletonLines } from "../kit/page";
import { Pager } from "../kit/pager";
import { ProblemNote } from "../kit/problem";
import { Progress } from "../kit/progress";
import { type Column, Table, TableSkeleton } from "../kit/table";
import { Missing } from "../shell/Missing";
import { fieldLabel } from "./Fields";
import { LISTS, type ListOf, type RecordOf } from "./lists";
import { RecordBody, RecordDialog } from "./RecordDialog";
import { readAccount, readPage } from "./read";
import { Cell } from "./Value";

const PAGE_SIZE = 50;
const ROUTE = "/inside/companies/$companyId/connections/$connectionId/data/$dataType";
type Where = { companyId: string; connectionId: string };

/** The page. */
export function RecordsPage() {
  const { t } = useTranslation();
  const { companyId, connectionId, dataType } = useParams({ from: ROUTE });
  const company = api.useQuery("get", "/companies/{companyId}", { params: { path: { companyId } } });
  const type = DATA_TYPES.find((one) => one === dataType);
  const connection = company.data?.dataConnections.find((one) => one.id === connectionId);
  const gone = company.isError && [400, 404].includes(problemOf(company.error).status);
  if (!type || gone || (company.data && !connection)) return <Missing />;
  const name = company.data?.name ?? t("companies.name");
  const account = connection?.connectionInfo?.accountName;
  const list = LISTS[type];
  const where = { companyId, connectionId };
  return (
    <>
      <PageHeader
        title={t(`dataType.${type}`)}
        windowTitle={t("records.rowsOf", { type: t(`dataType.${type}`), company: name })}
        back={{ to: `/companies/${companyId}`, label: name }}
        beside={connection?.connectionInfo && <ModePill mode={connection.connectionInfo.livemode ? "live" : "test"} />}
        lead={account !== name ? account : undefined}
      />
      <Tabs where={where} />
      <WhenRead type={type} where={where}>
        {list ? <RecordList key={type} type={type} list={list} where={where} /> : <Account where={where} />}
      </WhenRead>
    </>
  );
}

function Tabs({ where }: { where: Where }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("records.types")} className="mb-4 border-b border-hair">
      <ul className="-mb-px flex gap-x-1 overflow-x-auto">
        {DATA_TYPES.map((dataType) => (
          <li key={dataType}>
            <Link
              to="/companies/$companyId/connections/$connectionId/data/$dataType"
              params={{ ...where, dataType }}
              search={{ page: 1 }}
              activeOptions={{ includeSearch: false }}
              activeProps={{ "aria-current": "page" }}
              className="inline-flex min-h-10 items-center border-b-2 border-transparent px-3 font-medium whitespace-nowrap text-soft -outline-offset-3! hover:text-ink aria-[current=page]:border-act aria-[current=page]:text-act"
            >
              {t(`dataType.${dataType}`)}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

type ReadProps = { type: DataType; where: Where; children: ReactNode };

/** The records, once their first sync is complete; until then how it stands. */
function WhenRead({ type, where, children }: ReadProps) {
  const { t } = useTranslation();
  const { recent, standings } = useStandings(where.companyId, where.connectionId);
  const { latest, complete } = standings.find(({ dataType }) => dataType === type) ?? {};
  const name = t(`dataType.${type}`);
  if (recent.isError) {
    return <ProblemNote error={recent.error} title={t("problem.listTitle")} onRetry={() => recent.refetch()} />;
  }
  if (complete) return children;
  if (recent.isPending) {
    return (
      <Sheet>
        <TableSkeleton rows={12} />
      </Sheet>
    );
  }
  const open = isOpen(latest);
  return (
    <Sheet>
      <Empty
        title={t(open ? "records.comingTitle" : "records.unreadTitle", { type: name })}
        act={<BackToCompany companyId={where.companyId} />}
      >
        <p>{t(open ? "records.comingText" : "records.unreadText")}</p>
        {latest && (
          <div className="mx-auto mt-5 flex max-w-sm flex-col items-center gap-3">
            <SyncPill sync={latest} />
            {open && (
              <Progress label={t("syncs.progressOf", { type: name })} value={latest.progress} className="w-full" />
            )}
            <SyncAdvice sync={latest} />
          </div>
        )}
      </Empty>
    </Sheet>
  );
}

function RecordList({ type, list, where }: { type: DataType; list: ListOf; where: Where }) {
  const { t } = useTranslation();
  const { page, orderBy, record } = useSearch({ from: ROUTE });
  const navigate = useNavigate();
  const look = (next: { page?: number; orderBy?: string; record?: string | undefined }) =>
    navigate({ to: ".", search: (now) => ({ ...now, page: now.page ?? 1, ...next }), resetScroll: false });
  const ask = { ...where, page, pageSize: PAGE_SIZE, ...(orderBy ? { orderBy } : {}) };
  const rows = useQuery({
    queryKey: ["records", list.path, ask],
    queryFn: () => readPage(list.path, ask),
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });
  if (rows.isError) {
    return <ProblemNote error={rows.error} title={t("problem.listTitle")} onRetry={() => rows.refetch()} />;
  }
  const name = t(`dataType.${type}`);
  return (
    <Sheet className="overflow-hidden">
      {rows.isPending && <TableSkeleton rows={12} />}
      {rows.data?.totalResults === 0 && (
        <Empty
          title={t("records.emptyTitle", { type: name.toLowerCase() })}
          act={<BackToCompany companyId={where.companyId} />}
        >
          {t("records.emptyText")}
        </Empty>
      )}
      {rows.data && rows.data.totalResults > 0 && (
        <>
          <Table
            label={name}
            columns={columnsOf(list)}
            rows={rows.data.results}
            rowKey={(row) => row.id}
            orderBy={orderBy ?? "-createdDate"}
            onOrder={(orderBy) => look({ orderBy, page: 1 })}
            stale={rows.isPlaceholderData}
          />
          <Pager page={page} shown={rows.data} onPage={(page) => look({ page })} />
        </>
      )}
      <RecordDialog
        path={list.path}
        where={where}
        id={record}
        known={rows.data?.results.find((row) => row.id === record)}
        onClose={() => look({ record: undefined })}
      />
    </Sheet>
  );
}

function BackToCompany({ companyId }: { companyId: string }) {
  const { t } = useTranslation();
  return (
    <Link to="/companies/$companyId" params={{ companyId }} className={buttonLook()}>
      {t("records.goToCompany")}
    </Link>
  );
}

/** The first column opens the record; its link covers the row. */
function columnsOf(list: ListOf): Column<RecordOf>[] {
  return list.columns.map((column, at) => {
    const cell = (record: RecordOf) => <Cell record={record} path={column.path} kind={column.kind} />;
    return {
      key: column.path,
      label: fieldLabel(column.path),
      end: column.kind === "money" || column.kind === "count",
      wide: column.wide ?? false,
      ...(column.ordered ? { order: column.path } : {}),
      cell: at === 0 ? (record) => <RecordLink id={record.id}>{cell(record)}</RecordLink> : cell,
    };
  });
}

function RecordLink({ id, children }: { id: string; children: ReactNode }) {
  return (
    <Link
      from="/companies/$companyId/connections/$connectionId/data/$dataType"
      to="."
      search={(now) => ({ ...now, page: now.page ?? 1, record: id })}
      resetScroll={false}
      className="font-medium after:absolute after:inset-0 hover:underline focus-visible:outline-none focus-visible:after:outline-3 focus-visible:after:-outline-offset-3 focus-visible:after:outline-act"
    >
      {children}
    </Link>
  );
}

function Account({ where }: { where: Where }) {
  const { t } = useTranslation();
  const account = useQuery({ queryKey: ["account", where], queryFn: () => readAccount(where) });
  if (account.isError) {
    return <ProblemNote error={account.error} title={t("problem.listTitle")} onRetry={() => account.refetch()} />;
  }
  return (
    <Sheet className="max-w-3xl p-5 sm:p-6">
      {account.isPending && <SkeletonLines lines={8} />}
      {account.data && <RecordBody record={account.data} />}
    </Sheet>
  );
}
