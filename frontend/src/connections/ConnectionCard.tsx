/** One connection: where it stands, whose account it is, what went wrong, and its data types. */
import { useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { api, type Schemas } from "../api/client";
import { companiesChanged } from "../api/queries";
import { LinkDialog } from "../companies/LinkDialog";
import { ModePill } from "../integrations/ModePill";
import { announce } from "../kit/announce";
import { Button } from "../kit/button";
import { CopyButton } from "../kit/copy";
import { Confirm } from "../kit/dialog";
import { LinkIcon, UnlinkIcon, WarnIcon } from "../kit/icons";
import { Sheet } from "../kit/page";
import { Ago } from "../kit/when";
import { ConnectionPill } from "./ConnectionPill";
import { StandingsTable } from "./StandingsTable";

type Props = { connection: Schemas["Connection"]; company: Schemas["Company"] };

/** The card. */
export function ConnectionCard({ connection, company }: Props) {
  const { t } = useTranslation();
  const { status, connectionInfo } = connection;
  const integrations = api.useQuery("get", "/integrations", {});
  const integration = integrations.data?.results.find((one) => one.key === connection.integrationKey);
  const name = connectionInfo?.accountName ?? connection.platformName;
  return (
    <Sheet className="overflow-hidden">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 p-5">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
            <h2 className="text-lg break-words">{name}</h2>
            <ConnectionPill status={status} />
            {integration && <ModePill mode={integration.settings.mode} />}
          </div>
          <p className="mt-1 flex flex-wrap items-center gap-x-3 text-soft">
            {connectionInfo && <code className="font-mono text-sm break-all">{connectionInfo.accountId}</code>}
            {name !== connection.platformName && <span>{connection.platformName}</span>}
            <span>
              {connection.lastSync ? (
                <Trans i18nKey="connection.lastSync" components={{ when: <Ago at={connection.lastSync} /> }} />
              ) : (
                t("connection.never")
              )}
            </span>
          </p>
        </div>
        <ConnectionActs connection={connection} company={company} name={name} />
      </div>
      {status !== "Linked" && <p className="max-w-prose px-5 pb-5 text-soft">{t(`connection.explain.${status}`)}</p>}
      <Errors connection={connection} />
      {status !== "PendingAuth" && (
        <div className="border-t border-hair">
          <StandingsTable connection={connection} companyId={company.id} />
        </div>
      )}
    </Sheet>
  );
}

function ConnectionActs({ connection, company, name }: Props & { name: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<"unlink" | "link" | null>(null);
  const { id: connectionId, status, linkUrl } = connection;
  const unlink = api.useMutation("patch", "/companies/{companyId}/connections/{connectionId}", {
    onSuccess: async () => {
      await companiesChanged();
      setOpen(null);
      announce(t("connection.unlinked"));
    },
  });
  const path = { companyId: company.id, connectionId };
  const close = () => setOpen(null);
  return (
    <div className="flex flex-wrap gap-2">
      <CopyButton text={connectionId} label={t("connection.id")} />
      {status === "PendingAuth" && (
        <CopyButton
          text={linkUrl}
          label={t("link.copy")}
          said={t("companies.linkCopied", { name: company.name })}
          look="main"
        />
      )}
      {(status === "Unlinked" || status === "Deauthorized") && (
        <Button look="main" size="small" onPress={() => setOpen("link")}>
          <LinkIcon />
          {t("connection.reconnect")}
        </Button>
      )}
      {status === "Linked" && (
        <Button size="small" onPress={() => setOpen("unlink")}>
          <UnlinkIcon />
          {t("connection.unlink")}
        </Button>
      )}
      <LinkDialog
        open={open === "link"}
        onClose={close}
        url={linkUrl}
        title={t("link.reconnectTitle", { name })}
        text={t("link.reconnectText")}
      />
      <Confirm
        open={open === "unlink"}
        onClose={close}
        title={t("connection.unlinkTitle", { name })}
        submit={t("connection.unlinkSubmit")}
        pending={unlink.isPending}
        error={unlink.error}
        onConfirm={() => unlink.mutate({ params: { path }, body: { status: "Unlinked" } })}
      >
        <p>{t("connection.unlinkText")}</p>
      </Confirm>
    </div>
  );
}

function Errors({ connection }: { connection: Schemas["Connection"] }) {
  const { t } = useTranslation();
  const active = connection.dataConnectionErrors.filter((error) => error.status === "Active");
  if (active.length === 0) return null;
  return (
    <section
      className="mx-5 mb-5 rounded-control border border-bad/40 bg-bad-tint px-4 py-3"
      aria-label={t("connection.errorsTitle")}
    >
      <ul className="flex flex-col gap-2">
        {active.map((error) => (
          <li key={`${error.erroredOnUtc} ${error.errorMessage}`} className="flex gap-3">
            <WarnIcon className="mt-0.5 size-5 text-bad" />
            <span className="min-w-0 break-words">
              {error.errorMessage}{" "}
              <span className="text-sm text-soft">
                <Ago at={error.erroredOnUtc} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
