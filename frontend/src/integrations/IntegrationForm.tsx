/** The form of an integration. Secrets go in and never come back out: an empty field keeps what is set. */
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Controller } from "react-hook-form";
import { useTranslation } from "react-i18next";
import { api, type Schemas } from "../api/client";
import { announce } from "../kit/announce";
import { Button } from "../kit/button";
import { CopyBox } from "../kit/copy";
import { Choices, Select, TextField } from "../kit/field";
import { isPlaced, refuse, useForm, useText } from "../kit/form";
import { Sheet } from "../kit/page";
import { ProblemNote } from "../kit/problem";
import { integrationsChanged } from "./changed";
import { type IntegrationValues, integrationSchema, SCOPES, SYNCS } from "./schema";

type Integration = Schemas["Integration"];

/** The form. */
export function IntegrationForm({ integration }: { integration: Integration }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { settings, key: platformKey } = integration;
  const form = useForm(integrationSchema(settings), {
    clientId: settings.clientId ?? "",
    secretKey: "",
    webhookSecret: "",
    scope: settings.scope,
    sync: settings.sync,
  });
  const save = api.useMutation("put", "/integrations/{platformKey}", {
    onError: (error) => refuse(form, error),
    onSuccess: async (_, { body }) => {
      await integrationsChanged();
      announce(body.secretKey ? t("integration.saved") : t("integration.savedPlain"));
      await navigate({ to: "/integrations" });
    },
  });
  const submit = form.handleSubmit((values) =>
    save.mutate({ params: { path: { platformKey } }, body: bodyOf(values) }),
  );
  const unplaced = save.error && !isPlaced(form, save.error);
  const kept = (hint: string | null | undefined, help: string) =>
    hint ? `${t("integration.kept", { hint })} ${help}` : help;
  const prefix = settings.mode === "test" ? "sk_test_" : "sk_live_";
  // The server's own address, as its pictures have it: the portal may be looked at through another name.
  const redirect = new URL("/oauth/callback", integration.logoUrl).href;
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-5">
      {unplaced && <ProblemNote error={save.error} />}
      <Part title={t("integration.credentials")}>
        <div className="flex flex-col gap-1.5">
          <p className="font-semibold">{t("integration.redirect")}</p>
          <CopyBox text={redirect} name="redirect" />
          <p className="text-sm text-soft">{t("integration.redirectHelp")}</p>
        </div>
        <TextField
          {...useText(form, "clientId")}
          label={t("integration.clientId")}
          help={t("integration.clientIdHelp")}
          placeholder="ca_…"
          mono
        />
        <TextField
          {...useText(form, "secretKey")}
          label={t("integration.secretKey")}
          help={kept(settings.secretKeyHint, t("integration.secretKeyHelp", { prefix }))}
          placeholder={`${prefix}…`}
          type="password"
          autoComplete="one-time-code"
          mono
        />
        <TextField
          {...useText(form, "webhookSecret")}
          label={t("integration.webhookSecret")}
          help={kept(settings.webhookSecretHint, t("integration.webhookSecretHelp"))}
          placeholder="whsec_…"
          type="password"
          autoComplete="one-time-code"
          mono
        />
      </Part>
      <Part title={t("integration.behaviour")}>
        <Controller
          control={form.control}
          name="scope"
          render={({ field, fieldState }) => (
            <Choices
              label={t("integration.scope")}
              value={field.value}
              onChange={field.onChange}
              error={fieldState.error?.message}
              choices={SCOPES.map((value) => ({
                value,
                label: t(`integrations.scope.${value}`),
                help: t(`integration.scopeHelp.${value}`),
              }))}
            />
          )}
        />
        <Controller
          control={form.control}
          name="sync"
          render={({ field }) => (
            <Select
              label={t("integration.sync")}
              value={field.value}
              onChange={field.onChange}
              choices={SYNCS.map((value) => ({ value, label: t(`integrations.sync.${value}`) }))}
            />
          )}
        />
      </Part>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onPress={() => navigate({ to: "/integrations" })}>{t("act.cancel")}</Button>
        <Button type="submit" look="main" busy={save.isPending}>
          {t("act.save")}
        </Button>
      </div>
    </form>
  );
}

/** Only what is given is sent; what is absent stays. */
function bodyOf({ clientId, secretKey, webhookSecret, scope, sync }: IntegrationValues): Schemas["IntegrationBody"] {
  return {
    clientId: clientId.trim(),
    scope,
    sync,
    ...(secretKey.trim() ? { secretKey: secretKey.trim() } : {}),
    ...(webhookSecret.trim() ? { webhookSecret: webhookSecret.trim() } : {}),
  };
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Sheet className="p-5 sm:p-6">
      <h2 className="mb-5 text-lg">{title}</h2>
      <div className="flex flex-col gap-6">{children}</div>
    </Sheet>
  );
}
