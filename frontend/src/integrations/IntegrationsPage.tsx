/** The ways in to Stripe: how each is set up, and its switch. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas } from "../api/client";
import { announce } from "../kit/announce";
import { buttonLook } from "../kit/button";
import { Confirm } from "../kit/dialog";
import { Switch } from "../kit/field";
import { ago } from "../kit/format";
import { CheckIcon, PauseIcon, WarnIcon } from "../kit/icons";
import { Empty, PageHeader, Sheet, SkeletonLines } from "../kit/page";
import { Pill } from "../kit/pill";
import { ProblemNote } from "../kit/problem";
import { integrationsChanged } from "./changed";
import { ModePill } from "./ModePill";

type Integration = Schemas["Integration"];

/** The page. */
export function IntegrationsPage() {
  const { t } = useTranslation();
  const list = api.useQuery("get", "/integrations", {});
  return (
    <>
      <PageHeader title={t("integrations.title")} lead={t("integrations.lead")} />
      {list.isError && <ProblemNote error={list.error} title={t("problem.listTitle")} onRetry={() => list.refetch()} />}
      <div className="flex flex-col gap-4">
        {list.isPending &&
          ["first", "second"].map((key) => (
            <Sheet key={key} className="h-44 p-6">
              <SkeletonLines lines={3} />
            </Sheet>
          ))}
        {list.data?.results.map((one) => (
          <Card key={one.key} integration={one} />
        ))}
        {list.data?.results.length === 0 && (
          <Sheet>
            <Empty title={t("integrations.emptyTitle")}>{t("integrations.emptyText")}</Empty>
          </Sheet>
        )}
      </div>
    </>
  );
}

function Card({ integration }: { integration: Integration }) {
  const { t } = useTranslation();
  const { key, name, settings } = integration;
  const set = isSetUp(integration);
  return (
    <Sheet className="p-5 sm:p-6">
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h2 className="text-lg">{name}</h2>
          <ModePill mode={settings.mode} />
          <StatePill integration={integration} />
        </div>
        <div className="flex items-center gap-4">
          <Toggle integration={integration} />
          <Link
            to="/integrations/$platformKey"
            params={{ platformKey: key }}
            className={buttonLook(set ? "plain" : "main", "small")}
          >
            {set ? t("integrations.edit") : t("integrations.setUp")}
            <span className="sr-only">{name}</span>
          </Link>
        </div>
      </div>
      {settings.refusedAt && (
        <div className="mt-4 flex gap-3 rounded-control bg-bad-tint px-4 py-3">
          <WarnIcon className="mt-0.5 size-5 text-bad" />
          <p>{t("integrations.refused", { when: ago(settings.refusedAt) })}</p>
        </div>
      )}
      {set ? (
        <dl className="mt-4 grid gap-x-8 gap-y-3 border-t border-hair pt-4 sm:grid-cols-3">
          <Fact name={t("integrations.scopeLabel")}>{t(`integrations.scope.${settings.scope}`)}</Fact>
          <Fact name={t("integrations.syncLabel")}>{t(`integrations.sync.${settings.sync}`)}</Fact>
          <Fact name={t("integrations.keyLabel")}>
            <code className="font-mono text-sm">{settings.secretKeyHint}</code>
          </Fact>
        </dl>
      ) : (
        <p className="mt-3 text-soft">{t("integrations.unsetHint")}</p>
      )}
    </Sheet>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt className="text-sm text-soft">{name}</dt>
      <dd className="break-words">{children}</dd>
    </div>
  );
}

/** Whether it has what a link needs. */
function isSetUp({ settings }: Integration) {
  return Boolean(settings.clientId && settings.secretKeyHint);
}

function StatePill({ integration }: { integration: Integration }) {
  const { t } = useTranslation();
  const icon = "size-3.5";
  if (!isSetUp(integration)) return <Pill tone="still">{t("integrations.state.unset")}</Pill>;
  if (integration.settings.refusedAt) {
    return (
      <Pill tone="bad" icon={<WarnIcon className={icon} />}>
        {t("integrations.state.refused")}
      </Pill>
    );
  }
  return integration.enabled ? (
    <Pill tone="good" icon={<CheckIcon className={icon} />}>
      {t("integrations.state.on")}
    </Pill>
  ) : (
    <Pill tone="still" icon={<PauseIcon className={icon} />}>
      {t("integrations.state.off")}
    </Pill>
  );
}

function Toggle({ integration }: { integration: Integration }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const set = api.useMutation("put", "/integrations/{platformKey}", {
    onSuccess: async (now) => {
      await integrationsChanged();
      setAsking(false);
      announce(`${now.name}: ${t(`integrations.state.${now.enabled ? "on" : "off"}`)}`);
    },
  });
  const turn = (enabled: boolean) =>
    set.mutate({ params: { path: { platformKey: integration.key } }, body: { enabled } });
  const name = integration.name;
  return (
    <>
      <Switch
        label={t("integrations.enable", { name })}
        on={integration.enabled}
        disabled={!isSetUp(integration) || set.isPending}
        onChange={(on) => (on ? turn(true) : setAsking(true))}
      />
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        title={t("integrations.offTitle", { name })}
        submit={t("integrations.offSubmit")}
        onConfirm={() => turn(false)}
        pending={set.isPending}
        error={set.error}
      >
        <p>{t("integrations.offText")}</p>
      </Confirm>
      {set.isError && !asking && <ProblemNote error={set.error} />}
    </>
  );
}
