/** The data types of a connection: how each stands, how many records are here, and the way to them. */
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas } from "../api/client";
import { announce } from "../kit/announce";
import { Button } from "../kit/button";
import { number } from "../kit/format";
import { SyncIcon } from "../kit/icons";
import { ProblemNote } from "../kit/problem";
import { Progress } from "../kit/progress";
import { type Column, Table, TableSkeleton } from "../kit/table";
import { Ago } from "../kit/when";
import { LISTS } from "../records/lists";
import { readPage } from "../records/read";
import { SyncAdvice, SyncPill } from "./SyncPill";
import { type DataType, isOpen, type Standing, useStandings } from "./syncs";

const COUNT_MS = 2_000;
const ANNOUNCE_MS = 5_000;

/** The table. */
export function StandingsTable({ connection, companyId }: { connection: Schemas["Connection"]; companyId: string }) {
  const { t } = useTranslation();
  const { recent, standings, running } = useStandings(companyId, connection.id);
  const counts = useCounts(companyId, connection.id, standings);
  const queue = api.useMutation("post", "/companies/{companyId}/data/queue/{dataType}", {
    onSuccess: () => recent.refetch(),
  });
  useProgressSpoken(standings, running);
  if (recent.isPending) return <TableSkeleton rows={9} />;
  if (recent.isError) {
    return (
      <ProblemNote
        error={recent.error}
        title={t("problem.listTitle")}
        onRetry={() => recent.refetch()}
        className="m-5"
      />
    );
  }
  const where = { companyId, connectionId: connection.id };
  const columns: Column<Standing>[] = [
    {
      key: "type",
      label: t("syncs.type"),
      cell: ({ dataType, latest }) => (
        <span className="block sm:min-w-32">
          <Link
            to="/companies/$companyId/connections/$connectionId/data/$dataType"
            params={{ ...where, dataType }}
            search={{ page: 1 }}
            className="font-semibold hover:underline"
          >
            {t(`dataType.${dataType}`)}
          </Link>
          {latest && <SyncAdvice sync={latest} />}
        </span>
      ),
    },
    {
      key: "status",
      label: t("syncs.status"),
      cell: ({ dataType, latest }) => (
        <span className="flex flex-wrap items-center justify-end gap-3 sm:min-w-32 sm:justify-start">
          <SyncPill sync={latest} />
          {latest && isOpen(latest) && (
            <Progress
              label={t("syncs.progressOf", { type: t(`dataType.${dataType}`) })}
              value={latest.progress}
              className="w-24"
            />
          )}
        </span>
      ),
    },
    {
      key: "records",
      label: t("syncs.records"),
      end: true,
      cell: ({ dataType }) => {
        const count = counts.get(dataType);
        return count === undefined ? "" : number(count);
      },
    },
    {
      key: "complete",
      label: t("syncs.complete"),
      cell: ({ complete }) => (
        <span className="sm:whitespace-nowrap">
          {complete?.completed ? (
            <Ago at={complete.completed} />
          ) : (
            <span className="text-soft">{t("syncs.never")}</span>
          )}
        </span>
      ),
    },
    {
      key: "acts",
      label: t("syncs.actions"),
      hidden: true,
      end: true,
      cell: ({ dataType, latest }) =>
        connection.status === "Linked" && (
          <Button
            look="quiet"
            size="small"
            isDisabled={isOpen(latest)}
            onPress={() =>
              queue.mutate({ params: { path: { companyId, dataType }, query: { connectionId: connection.id } } })
            }
            aria-label={t("syncs.sync", { type: t(`dataType.${dataType}`) })}
            className="px-2!"
          >
            <SyncIcon />
          </Button>
        ),
    },
  ];
  return (
    <>
      {queue.isError && <ProblemNote error={queue.error} className="m-5" />}
      <Table label={t("records.types")} columns={columns} rows={standings} rowKey={({ dataType }) => dataType} />
    </>
  );
}

/** How many records of each type are here; asked again while they come, and once when they are there. */
function useCounts(companyId: string, connectionId: string, standings: readonly Standing[]) {
  // Before a type was read to its end once, the API gives nothing of it.
  const listed = standings.flatMap(({ dataType, latest, complete }) => {
    const list = LISTS[dataType];
    return list && complete ? [{ dataType, latest, path: list.path }] : [];
  });
  return useQueries({
    queries: listed.map(({ path, latest }) => ({
      // A sync that goes on or ends is a reason to count again.
      queryKey: ["counts", path, companyId, connectionId, latest?.id, latest?.status],
      queryFn: () => readPage(path, { companyId, connectionId, pageSize: 1 }).then((page) => page.totalResults),
      refetchInterval: isOpen(latest) ? COUNT_MS : (false as const),
      placeholderData: (previous: number | undefined) => previous,
    })),
    combine: (answers) => {
      const counts = new Map<DataType, number>();
      answers.forEach((answer, at) => {
        const dataType = listed[at]?.dataType;
        if (dataType && answer.data !== undefined) counts.set(dataType, answer.data);
      });
      return counts;
    },
  });
}

/** Tells screen readers how far the sync is: at most every five seconds, and when it ends. */
function useProgressSpoken(standings: readonly Standing[], running: boolean) {
  const { t } = useTranslation();
  const told = useRef({ at: 0, running: false, done: -1 });
  const done = standings.filter(({ latest }) => latest && !isOpen(latest)).length;
  useEffect(() => {
    const last = told.current;
    if (running && done !== last.done && Date.now() - last.at >= ANNOUNCE_MS) {
      announce(t("syncs.running", { done, all: standings.length }));
      told.current = { at: Date.now(), running, done };
    } else if (last.running && !running) {
      announce(t("syncs.finished"));
      told.current = { at: Date.now(), running, done };
    }
  }, [running, done, standings.length, t]);
}
