/** The businesses: found by name, page by page, each with its connections and a Link URL to copy. */
import { keepPreviousData } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, type Schemas } from "../api/client";
import { ConnectionPill } from "../connections/ConnectionPill";
import { Button } from "../kit/button";
import { CopyButton } from "../kit/copy";
import { PlusIcon } from "../kit/icons";
import { Empty, PageHeader, Sheet } from "../kit/page";
import { Pager } from "../kit/pager";
import { ProblemNote } from "../kit/problem";
import { type Column, Table, TableSkeleton } from "../kit/table";
import { Ago, Day } from "../kit/when";
import { FirstSteps } from "./FirstSteps";
import { NewCompanyDialog } from "./NewCompanyDialog";
import { SearchBox } from "./SearchBox";
import { nameQuery } from "./search";

type Company = Schemas["Company"];
const PAGE_SIZE = 25;

/** The page. */
export function CompaniesPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/inside/companies" });
  const navigate = useNavigate({ from: "/companies" });
  const look = (next: Partial<typeof search>) => navigate({ search: (now) => ({ ...now, ...next }), replace: true });
  const query = nameQuery(search.search);
  const ask = { page: search.page, pageSize: PAGE_SIZE, orderBy: search.orderBy, query };
  const list = api.useQuery(
    "get",
    "/companies",
    { params: { query: defined(ask) } },
    { placeholderData: keepPreviousData, refetchInterval: 10_000 },
  );
  const make = (
    <Button look="main" onPress={() => look({ new: true })}>
      <PlusIcon />
      {t("companies.new")}
    </Button>
  );
  const companies = list.data?.results ?? [];
  const columns = useColumns();
  const none = list.data?.totalResults === 0;
  return (
    <>
      <PageHeader title={t("companies.title")} lead={t("companies.lead")} acts={make} />
      {list.isError ? (
        <ProblemNote error={list.error} title={t("problem.listTitle")} onRetry={() => list.refetch()} />
      ) : (
        <Sheet className="overflow-hidden">
          {(!none || query) && (
            <div className="border-b border-hair p-3 sm:px-5">
              <SearchBox
                value={search.search ?? ""}
                onChange={(text) => look({ search: text || undefined, page: 1 })}
              />
            </div>
          )}
          {list.isPending && <TableSkeleton />}
          {none && !query && <FirstSteps act={make} />}
          {none && query && (
            <Empty
              title={t("companies.noneFoundTitle")}
              act={<Button onPress={() => look({ search: undefined, page: 1 })}>{t("act.clear")}</Button>}
            >
              {t("companies.noneFoundText", { search: search.search })}
            </Empty>
          )}
          {list.data && !none && (
            <>
              <Table
                label={t("companies.title")}
                columns={columns}
                rows={companies}
                rowKey={(company) => company.id}
                orderBy={search.orderBy ?? "-created"}
                onOrder={(orderBy) => look({ orderBy, page: 1 })}
                stale={list.isPlaceholderData}
              />
              <Pager page={search.page} shown={list.data} onPage={(page) => look({ page })} />
            </>
          )}
        </Sheet>
      )}
      <NewCompanyDialog open={search.new ?? false} onClose={() => look({ new: undefined })} />
    </>
  );
}

/** Without what is undefined: an absent parameter is not an empty one. */
function defined<T extends object>(values: T) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

/** The Link URL that is of use now: of the connection that waits for the owner, else the company's own. */
export function linkUrlOf(company: Company): string {
  return company.dataConnections.find((one) => one.status !== "Linked")?.linkUrl ?? company.redirect;
}

function useColumns(): Column<Company>[] {
  const { t } = useTranslation();
  return [
    {
      key: "name",
      label: t("companies.name"),
      order: "name",
      cell: (company) => (
        <Link
          to="/companies/$companyId"
          params={{ companyId: company.id }}
          className="block min-w-40 font-semibold break-words hover:underline"
        >
          {company.name}
        </Link>
      ),
    },
    {
      key: "connections",
      label: t("companies.connections"),
      cell: (company) => (
        <span className="flex flex-wrap gap-1.5">
          {company.dataConnections.map((one) => (
            <ConnectionPill key={one.id} status={one.status} />
          ))}
          {company.dataConnections.length === 0 && <span className="text-soft">{t("companies.none")}</span>}
        </span>
      ),
    },
    {
      key: "lastSync",
      label: t("companies.lastSync"),
      order: "lastSync",
      cell: (company) => (
        <span className="sm:whitespace-nowrap">
          {company.lastSync ? <Ago at={company.lastSync} /> : <span className="text-soft">{t("companies.never")}</span>}
        </span>
      ),
    },
    {
      key: "created",
      wide: true,
      label: t("companies.created"),
      order: "created",
      cell: (company) => (
        <span className="sm:whitespace-nowrap">
          <Day at={company.created} />
        </span>
      ),
    },
    {
      key: "link",
      label: t("companies.actions"),
      hidden: true,
      end: true,
      cell: (company) => (
        <CopyButton
          text={linkUrlOf(company)}
          label={t("companies.copyLink")}
          ariaLabel={t("companies.copyLinkOf", { name: company.name })}
          said={t("companies.linkCopied", { name: company.name })}
          look="quiet"
        />
      ),
    },
  ];
}
