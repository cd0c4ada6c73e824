/** One business: its connections, how their data stands, and what can be done. */
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { api, type Schemas } from "../api/client";
import { problemOf } from "../api/problem";
import { queryClient } from "../api/queries";
import { ConnectionCard } from "../connections/ConnectionCard";
import { announce } from "../kit/announce";
import { Button } from "../kit/button";
import { CopyButton } from "../kit/copy";
import { LinkIcon, PlusIcon, SyncIcon } from "../kit/icons";
import { Empty, PageHeader, Sheet, SkeletonLines } from "../kit/page";
import { ProblemNote } from "../kit/problem";
import { Time } from "../kit/when";
import { Missing } from "../shell/Missing";
import { AddConnectionDialog } from "./AddConnectionDialog";
import { CompanyTabs } from "./CompanyTabs";
import { LinkDialog } from "./LinkDialog";

type Company = Schemas["Company"];

/** Often enough that a connection shows up soon after the owner has linked. */
const LOOK_MS = 3_000;

/** The page. */
export function CompanyPage() {
  const { t } = useTranslation();
  const { companyId } = useParams({ from: "/inside/companies/$companyId" });
  const options = { params: { path: { companyId } } };
  const company = api.useQuery("get", "/companies/{companyId}", options, { refetchInterval: LOOK_MS });
  // A malformed id is refused as such; for whoever looks it is the same as one that is gone.
  if (company.isError && [400, 404].includes(problemOf(company.error).status)) return <Missing />;
  return (
    <>
      <CompanyHead company={company.data} />
      <CompanyTabs companyId={companyId} />
      {company.isError && (
        <ProblemNote error={company.error} title={t("problem.listTitle")} onRetry={() => company.refetch()} />
      )}
      {company.isPending && (
        <Sheet className="p-6">
          <SkeletonLines lines={12} />
        </Sheet>
      )}
      {company.data && <Connections company={company.data} />}
    </>
  );
}

function CompanyHead({ company }: { company: Company | undefined }) {
  const { t } = useTranslation();
  return (
    <PageHeader
      title={company?.name ?? "…"}
      windowTitle={company?.name ?? t("companies.name")}
      back={{ to: "/companies", label: t("company.back") }}
      lead={
        company && (
          <>
            <Trans i18nKey="company.created" components={{ when: <Time at={company.created} /> }} />
            {company.description && <span className="block">{company.description}</span>}
          </>
        )
      }
      acts={company && <CompanyActs company={company} />}
    />
  );
}

function CompanyActs({ company }: { company: Company }) {
  const { t } = useTranslation();
  const [sharing, setSharing] = useState(false);
  const sync = api.useMutation("post", "/companies/{companyId}/data/all", {
    onSuccess: async () => {
      announce(t("company.syncAsked"));
      await queryClient.invalidateQueries({
        predicate: ({ queryKey }) => queryKey[1] === "/companies/{companyId}/data/history",
      });
    },
  });
  const linked = company.dataConnections.some((one) => one.status === "Linked");
  return (
    <>
      <CopyButton text={company.id} label={t("company.id")} size="normal" />
      <Button onPress={() => setSharing(true)}>
        <LinkIcon />
        {t("link.url")}
      </Button>
      {linked && (
        <Button
          look="main"
          busy={sync.isPending}
          onPress={() => sync.mutate({ params: { path: { companyId: company.id } } })}
        >
          <SyncIcon />
          {t("company.syncAll")}
        </Button>
      )}
      <LinkDialog
        open={sharing}
        onClose={() => setSharing(false)}
        url={company.redirect}
        title={t("link.title", { name: company.name })}
        text={t("link.text")}
      />
      {sync.isError && <ProblemNote error={sync.error} className="w-full" />}
    </>
  );
}

function Connections({ company }: { company: Company }) {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  const add = (
    <Button onPress={() => setAdding(true)}>
      <PlusIcon />
      {t("company.connect")}
    </Button>
  );
  return (
    <div className="flex flex-col gap-5">
      {company.dataConnections.length === 0 && (
        <Sheet>
          <Empty title={t("company.noConnectionsTitle")} act={add}>
            {t("company.noConnectionsText")}
          </Empty>
        </Sheet>
      )}
      {company.dataConnections.map((one) => (
        <ConnectionCard key={one.id} connection={one} company={company} />
      ))}
      {company.dataConnections.length > 0 && <div>{add}</div>}
      <AddConnectionDialog companyId={company.id} open={adding} onClose={() => setAdding(false)} />
    </div>
  );
}
