/** The lists of records: where each is read, and what of it a table shows. */
import type { DataType } from "../connections/syncs";

const DATA = "/companies/{companyId}/connections/{connectionId}/data";

/** How a value is shown. */
export type Kind = "id" | "text" | "money" | "date" | "day" | "status" | "word" | "count" | "name";

/** A column: the path of its value, whether the API orders by it, and whether it is left out of narrow windows. */
export type ListColumn = { path: string; kind: Kind; ordered?: boolean; wide?: boolean };

/** A list of the API. */
export type ListOf = { path: ListPath; columns: readonly ListColumn[] };

/** The paths of the API's lists of records. */
export type ListPath = `${typeof DATA}/commerce-${
  | "payments"
  | "customers"
  | "transactions"
  | "payouts"
  | "orders"
  | "subscriptions"
  | "invoices"
  | "products"
  | "disputes"
  | "paymentMethods"}`;

const created: ListColumn = { path: "createdDate", kind: "date", ordered: true };
const id: ListColumn = { path: "id", kind: "id", wide: true };
const total: ListColumn = { path: "totalAmount", kind: "money", ordered: true };
const amount: ListColumn = { path: "amount", kind: "money", ordered: true };
const status: ListColumn = { path: "status", kind: "status", ordered: true };

/** The lists by data type; the account is one record and has none. */
export const LISTS: Partial<Record<DataType, ListOf>> = {
  "commerce-payments": {
    path: `${DATA}/commerce-payments`,
    columns: [created, amount, status, { path: "paymentMethodRef.name", kind: "text" }, id],
  },
  "commerce-customers": {
    path: `${DATA}/commerce-customers`,
    columns: [
      { path: "customerName", kind: "name", ordered: true },
      { path: "emailAddress", kind: "text", ordered: true },
      { path: "phone", kind: "text", wide: true },
      created,
      id,
    ],
  },
  "commerce-transactions": {
    path: `${DATA}/commerce-transactions`,
    columns: [created, total, { path: "type", kind: "word", ordered: true }, { path: "subType", kind: "text" }, id],
  },
  "commerce-payouts": {
    path: `${DATA}/commerce-payouts`,
    columns: [created, amount, status, { path: "arrivalDate", kind: "day", ordered: true }, id],
  },
  "commerce-orders": {
    path: `${DATA}/commerce-orders`,
    columns: [
      created,
      total,
      { path: "totalRefund", kind: "money" },
      { path: "orderLineItems", kind: "count" },
      { path: "country", kind: "text", wide: true },
      id,
    ],
  },
  "commerce-subscriptions": {
    path: `${DATA}/commerce-subscriptions`,
    columns: [
      { path: "startedDate", kind: "date", ordered: true },
      { path: "monthlyAmount", kind: "money", ordered: true },
      status,
      { path: "currentPeriodEndDate", kind: "day", ordered: true, wide: true },
      id,
    ],
  },
  "commerce-invoices": {
    path: `${DATA}/commerce-invoices`,
    columns: [
      created,
      { path: "invoiceNumber", kind: "text", ordered: true },
      total,
      status,
      { path: "dueDate", kind: "date", ordered: true, wide: true },
      id,
    ],
  },
  "commerce-products": {
    path: `${DATA}/commerce-products`,
    columns: [{ path: "name", kind: "name", ordered: true }, status, { path: "variants", kind: "count" }, created, id],
  },
  "commerce-disputes": {
    path: `${DATA}/commerce-disputes`,
    columns: [
      created,
      total,
      status,
      { path: "reason", kind: "text", wide: true },
      { path: "dueDate", kind: "date", ordered: true },
      id,
    ],
  },
  "commerce-paymentMethods": {
    path: `${DATA}/commerce-paymentMethods`,
    columns: [{ path: "name", kind: "name", ordered: true }, status, created, id],
  },
};

/** A record as the API gives it. */
export type RecordOf = { id: string } & Readonly<Record<string, unknown>>;

/** The value at a dotted path. */
export function at(record: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => {
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }, record);
}
