/** One record, whole: its fields, or the JSON that the API gives. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../kit/button";
import { CopyButton } from "../kit/copy";
import { Dialog } from "../kit/dialog";
import { SkeletonLines } from "../kit/page";
import { ProblemNote } from "../kit/problem";
import { Fields } from "./Fields";
import type { ListPath, RecordOf } from "./lists";
import { readRecord } from "./read";

type Props = {
  path: ListPath;
  where: { companyId: string; connectionId: string };
  id: string | undefined;
  /** The record, when its page is on the screen already. */
  known: RecordOf | undefined;
  onClose: () => void;
};

/** The dialog; open while there is an id. */
export function RecordDialog({ path, where, id, known, onClose }: Props) {
  const { t } = useTranslation();
  const record = useQuery({
    queryKey: ["record", path, where, id],
    queryFn: () => readRecord(path, where, id ?? ""),
    enabled: id !== undefined,
    placeholderData: (previous: RecordOf | null | undefined) => known ?? (previous?.id === id ? previous : undefined),
  });
  return (
    <Dialog open={id !== undefined} onClose={onClose} title={id ?? ""} place="side" closeLabel={t("records.close")}>
      {record.isPending && <SkeletonLines lines={10} />}
      {record.isError && (
        <ProblemNote error={record.error} title={t("problem.listTitle")} onRetry={() => record.refetch()} />
      )}
      {record.data === null && <p className="text-soft">{t("records.missing")}</p>}
      {record.data && <RecordBody record={record.data} />}
    </Dialog>
  );
}

/** Fields or JSON. */
export function RecordBody({ record }: { record: object }) {
  const { t } = useTranslation();
  const [raw, setRaw] = useState(false);
  const json = JSON.stringify(record, null, 2);
  return (
    <>
      <div className="mb-3 flex flex-wrap gap-2">
        <Button size="small" onPress={() => setRaw(!raw)}>
          {t(raw ? "records.asFields" : "records.asJson")}
        </Button>
        <CopyButton text={json} label={t("records.copyJson")} />
      </div>
      {raw ? (
        <pre className="rounded-control border border-hair bg-ground p-3 font-mono whitespace-pre-wrap break-all text-[0.8125rem]">
          {json}
        </pre>
      ) : (
        <Fields value={record} />
      )}
    </>
  );
}
