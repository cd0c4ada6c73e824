/** The keys that software reads the REST API with: made, shown once, deleted. */
import { useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { api, type Schemas } from "../api/client";
import { queryClient } from "../api/queries";
import { announce } from "../kit/announce";
import { Button } from "../kit/button";
import { Confirm } from "../kit/dialog";
import { PlusIcon, TrashIcon } from "../kit/icons";
import { Empty, PageHeader, Sheet } from "../kit/page";
import { ProblemNote } from "../kit/problem";
import { type Column, Table, TableSkeleton } from "../kit/table";
import { Ago, Day } from "../kit/when";
import { NewKeyDialog } from "./NewKeyDialog";

type ApiKey = Schemas["ApiKey"];

/** Forgets what was read of keys. */
export function keysChanged() {
  return queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === "/apiKeys" });
}

/** The page. */
export function ApiKeysPage() {
  const { t } = useTranslation();
  const [making, setMaking] = useState(false);
  const [going, setGoing] = useState<ApiKey | null>(null);
  const list = api.useQuery("get", "/apiKeys", {});
  const make = (
    <Button look="main" onPress={() => setMaking(true)}>
      <PlusIcon />
      {t("apiKeys.new")}
    </Button>
  );
  const columns: Column<ApiKey>[] = [
    {
      key: "name",
      label: t("apiKeys.name"),
      cell: (key) => <strong className="font-semibold">{key.name || t("apiKeys.unnamed")}</strong>,
    },
    {
      key: "key",
      label: t("apiKeys.key"),
      cell: (key) => <code className="font-mono text-sm whitespace-nowrap">{key.apiKey}</code>,
    },
    {
      key: "created",
      label: t("apiKeys.created"),
      cell: (key) => (
        <span className="sm:whitespace-nowrap">
          <Day at={key.createdDate} />
        </span>
      ),
    },
    {
      key: "used",
      label: t("apiKeys.lastUsed"),
      cell: (key) => (
        <span className="sm:whitespace-nowrap">
          {key.lastUsedDate ? <Ago at={key.lastUsedDate} /> : t("apiKeys.never")}
        </span>
      ),
    },
    {
      key: "acts",
      label: t("apiKeys.actions"),
      hidden: true,
      end: true,
      cell: (key) => (
        <Button
          look="quiet"
          size="small"
          onPress={() => setGoing(key)}
          aria-label={t("apiKeys.deleteOf", { name: key.name || t("apiKeys.unnamed") })}
        >
          <TrashIcon />
          {t("apiKeys.delete")}
        </Button>
      ),
    },
  ];
  return (
    <>
      <PageHeader title={t("apiKeys.title")} lead={t("apiKeys.lead")} acts={make} />
      {list.isError && <ProblemNote error={list.error} title={t("problem.listTitle")} onRetry={() => list.refetch()} />}
      {!list.isError && (
        <Sheet className="overflow-hidden">
          {list.isPending && <TableSkeleton rows={3} />}
          {list.data?.results.length === 0 && (
            <Empty title={t("apiKeys.emptyTitle")} act={make}>
              {t("apiKeys.emptyText")}
            </Empty>
          )}
          {list.data && list.data.results.length > 0 && (
            <Table label={t("apiKeys.title")} columns={columns} rows={list.data.results} rowKey={(key) => key.id} />
          )}
        </Sheet>
      )}
      <NewKeyDialog open={making} onClose={() => setMaking(false)} />
      <DeleteKey apiKey={going} onClose={() => setGoing(null)} />
    </>
  );
}

function DeleteKey({ apiKey, onClose }: { apiKey: ApiKey | null; onClose: () => void }) {
  const { t } = useTranslation();
  const remove = api.useMutation("delete", "/apiKeys/{apiKeyId}", {
    onSuccess: async () => {
      await keysChanged();
      announce(t("act.done"));
      onClose();
    },
  });
  const name = apiKey?.name || t("apiKeys.unnamed");
  return (
    <Confirm
      open={apiKey !== null}
      onClose={() => {
        remove.reset();
        onClose();
      }}
      title={t("apiKeys.deleteTitle", { name })}
      submit={t("apiKeys.deleteSubmit")}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => apiKey && remove.mutate({ params: { path: { apiKeyId: apiKey.id } } })}
    >
      <p>{t("apiKeys.deleteText")}</p>
      {apiKey?.lastUsedDate && (
        <p>
          <Trans i18nKey="apiKeys.deleteUsed" components={{ when: <Ago at={apiKey.lastUsedDate} /> }} />
        </p>
      )}
    </Confirm>
  );
}
