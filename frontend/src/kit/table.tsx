/** Tables whose pages and order the server makes. They scroll inside themselves; on a phone rows may become cards. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { DownIcon, UpIcon } from "./icons";
import { SkeletonLines } from "./page";

export type Column<T> = {
  key: string;
  label: string;
  cell: (row: T) => ReactNode;
  /** Numbers stand on the right, so that they can be compared. */
  end?: boolean;
  /** The API's property to order by, where it has one. */
  order?: string;
  /** Left out where the window is too narrow for all; on a phone, where rows are cards, it is there again. */
  wide?: boolean;
  /** A label that only screen readers need. */
  hidden?: boolean;
};

type Props<T> = {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  orderBy?: string | undefined;
  onOrder?: (orderBy: string) => void;
  /** Fainter while the next page is on its way, so that nothing jumps. */
  stale?: boolean;
};

const WIDE = "sm:max-xl:hidden";
const CELL = "sm:px-4 sm:py-2.5 sm:first:pl-5 sm:last:pr-5";

/** The table. */
export function Table<T>({ label, columns, rows, rowKey, orderBy, onOrder, stale = false }: Props<T>) {
  return (
    // The region takes the focus so that the keyboard can scroll it.
    <section className="relative overflow-x-auto" aria-label={label} tabIndex={0}>
      {/* On a phone the rows become cards, which takes the roles away: they are given by name. */}
      <table
        role="table"
        className={`cards w-full border-collapse text-left motion-safe:transition-opacity ${stale ? "opacity-60" : ""}`}
      >
        <thead role="rowgroup">
          <tr role="row" className="border-b border-hair text-sm text-soft">
            {columns.map((column) => (
              <HeadCell key={column.key} column={column} orderBy={orderBy} onOrder={onOrder} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr role="row" key={rowKey(row)} className="relative border-b border-hair last:border-b-0 hover:bg-raised">
              {columns.map((column) => (
                <td
                  role="cell"
                  key={column.key}
                  data-label={column.hidden ? undefined : column.label}
                  className={`${CELL} ${column.end ? "text-right tabular-nums whitespace-nowrap" : ""} ${column.wide ? WIDE : ""}`}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

type HeadProps<T> = {
  column: Column<T>;
  orderBy: string | undefined;
  onOrder: ((orderBy: string) => void) | undefined;
};

function HeadCell<T>({ column, orderBy, onOrder }: HeadProps<T>) {
  const { t } = useTranslation();
  const className = `${CELL} font-semibold whitespace-nowrap ${column.end ? "text-right" : ""} ${column.wide ? WIDE : ""}`;
  if (!column.order || !onOrder) {
    return (
      <th role="columnheader" scope="col" className={className}>
        {column.hidden ? <span className="sr-only">{column.label}</span> : column.label}
      </th>
    );
  }
  const up = orderBy === column.order;
  const down = orderBy === `-${column.order}`;
  // The first press puts the greatest or newest first, which is what is asked for most.
  const next = down ? column.order : `-${column.order}`;
  return (
    <th
      role="columnheader"
      scope="col"
      className={className}
      aria-sort={up ? "ascending" : down ? "descending" : "none"}
    >
      <button
        type="button"
        onClick={() => onOrder(next)}
        title={t("records.order", { column: column.label })}
        className={`-mx-1.5 inline-flex min-h-6 cursor-pointer items-center gap-1 rounded px-1.5 hover:text-ink ${up || down ? "text-ink" : ""}`}
      >
        {column.label}
        <span className={up || down ? "" : "invisible"}>
          {up ? <UpIcon className="size-3.5" /> : <DownIcon className="size-3.5" />}
        </span>
      </button>
    </th>
  );
}

/** Where the table will be. */
export function TableSkeleton({ rows = 8 }: { rows?: number }) {
  return <SkeletonLines lines={rows} className="px-5 py-5" />;
}
