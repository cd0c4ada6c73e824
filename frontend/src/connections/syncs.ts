/** How each data type of one connection stands, asked again while something runs. */
import { useQueries } from "@tanstack/react-query";
import { api, type Schemas } from "../api/client";

export type DataType = Schemas["DataType"];
export type Sync = Schemas["PullOperation"];
type Status = Schemas["DatasetStatus"];

/** All types, in the order in which people ask for them. */
export const DATA_TYPES: readonly DataType[] = [
  "commerce-payments",
  "commerce-customers",
  "commerce-transactions",
  "commerce-payouts",
  "commerce-orders",
  "commerce-subscriptions",
  "commerce-invoices",
  "commerce-products",
  "commerce-disputes",
  "commerce-paymentMethods",
  "commerce-companyInfo",
];

export type Word = "queued" | "running" | "limited" | "complete" | "failed" | "cancelled" | "unsupported";

const WORDS: Record<Status, Word> = {
  Initial: "queued",
  Queued: "queued",
  Fetching: "running",
  Mapping: "running",
  Validating: "running",
  Processing: "running",
  Complete: "complete",
  FetchError: "failed",
  MapError: "failed",
  InternalError: "failed",
  AuthError: "failed",
  PermissionsError: "failed",
  RateLimitError: "limited",
  Cancelled: "cancelled",
  NotSupported: "unsupported",
};

/** The portal's word for a status. */
export const wordOf = (status: Status): Word => WORDS[status];

/** Whether it is not over yet. */
export const isOpen = (sync: Sync | undefined) =>
  sync !== undefined && ["queued", "running"].includes(wordOf(sync.status));

/** The latest sync of a type, and the latest that ended well. */
export type Standing = { dataType: DataType; latest: Sync | undefined; complete: Sync | undefined };

const RUNNING_MS = 1_500;
const RESTING_MS = 3_000;
const LOOK_BACK = 90;

/** How the types of a connection stand; `isPending` until all is known. */
export function useStandings(companyId: string, connectionId: string) {
  const of = `connectionId=${connectionId}`;
  const recent = api.useQuery(
    "get",
    "/companies/{companyId}/data/history",
    { params: { path: { companyId }, query: { query: of, pageSize: LOOK_BACK } } },
    { refetchInterval: ({ state }) => (state.data?.results.some(isOpen) ? RUNNING_MS : RESTING_MS) },
  );
  const results = recent.data?.results ?? [];
  const more = (recent.data?.totalResults ?? 0) > results.length;
  const found = (dataType: DataType): Standing => ({
    dataType,
    latest: results.find((one) => one.dataType === dataType),
    complete: results.find((one) => one.dataType === dataType && one.isCompleted),
  });
  // A type that is synced rarely may have left the latest page of the history: it is asked for by name.
  const lost = more ? DATA_TYPES.map(found).filter(({ complete }) => !complete) : [];
  const older = useQueries({
    queries: lost.flatMap(({ dataType }) =>
      [`${of}&&dataType=${dataType}`, `${of}&&dataType=${dataType}&&status=Complete`].map((query) =>
        api.queryOptions("get", "/companies/{companyId}/data/history", {
          params: { path: { companyId }, query: { query, pageSize: 1 } },
        }),
      ),
    ),
    combine: (answers) => answers.flatMap((answer) => answer.data?.results ?? []),
  });
  const standings = DATA_TYPES.map((dataType) => {
    const { latest, complete } = found(dataType);
    const mine = older.filter((one) => one.dataType === dataType);
    return { dataType, latest: latest ?? mine[0], complete: complete ?? mine.find((one) => one.isCompleted) };
  });
  return { recent, standings, running: standings.some(({ latest }) => isOpen(latest)) };
}
