/** Reading a page of any type, one record, or the account. */
import { answered, client, type Schemas } from "../api/client";
import type { ListPath, RecordOf } from "./lists";

export type RecordPage = { results: RecordOf[]; totalResults: number; pageNumber: number; pageSize: number };
type Where = { companyId: string; connectionId: string };

/** One page. */
export async function readPage(path: ListPath, ask: Where & { page?: number; pageSize: number; orderBy?: string }) {
  const { companyId, connectionId, ...query } = ask;
  const answer = await client.GET(path, { params: { path: { companyId, connectionId }, query } });
  // Each type's page differs only in its records, of which the tables know the fields by name.
  return answered(answer as { data?: unknown; error?: unknown }) as RecordPage;
}

/** One record, by its id; the lists' query finds it without a path of its own for each type. */
export async function readRecord(path: ListPath, where: Where, id: string): Promise<RecordOf | null> {
  const params = { path: where, query: { query: `id=${id}`, pageSize: 1 } };
  const answer = await client.GET(path, { params });
  const page = answered(answer as { data?: unknown; error?: unknown }) as RecordPage;
  return page.results[0] ?? null;
}

/** The account itself. */
export async function readAccount(where: Where): Promise<Schemas["CompanyInfo"]> {
  return answered(
    await client.GET("/companies/{companyId}/connections/{connectionId}/data/commerce-info", {
      params: { path: where },
    }),
  );
}
