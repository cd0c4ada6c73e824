/** Making a company and its first connection, and showing the Link URL to send. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { z } from "zod";
import { answered, api, client, type Schemas } from "../api/client";
import { companiesChanged } from "../api/queries";
import { Button, buttonLook } from "../kit/button";
import { CopyBox } from "../kit/copy";
import { Dialog, DialogActs } from "../kit/dialog";
import { Choices, TextField } from "../kit/field";
import { isPlaced, refuse, required, useForm, useText } from "../kit/form";
import { ProblemNote } from "../kit/problem";

const NewCompany = z.object({ name: required() });
type Made = { company: Schemas["Company"]; linkUrl: string | null };

/** A company that was made before its connection failed is kept for the next try: a second one would be a mistake. */
function useMake() {
  const [company, setCompany] = useState<Schemas["Company"] | null>(null);
  const make = useMutation({
    mutationFn: async ({ name, platformKey }: { name: string; platformKey: string | undefined }): Promise<Made> => {
      const made = company ?? answered(await client.POST("/companies", { body: { name } }));
      setCompany(made);
      if (!platformKey) return { company: made, linkUrl: null };
      const params = { path: { companyId: made.id } };
      const connection = answered(
        await client.POST("/companies/{companyId}/connections", { params, body: { platformKey } }),
      );
      return { company: made, linkUrl: connection.linkUrl };
    },
    onSettled: companiesChanged,
  });
  const reset = () => {
    make.reset();
    setCompany(null);
  };
  return { make, reset };
}

/** The dialog. */
export function NewCompanyDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const { make, reset } = useMake();
  const close = () => {
    onClose();
    reset();
  };
  const title = make.data ? t("newCompany.madeTitle", { name: make.data.company.name }) : t("newCompany.title");
  return (
    <Dialog open={open} onClose={close} title={title}>
      {make.data ? <MadeCompany made={make.data} onClose={close} /> : <CompanyForm make={make} onClose={close} />}
    </Dialog>
  );
}

function CompanyForm({ make, onClose }: { make: ReturnType<typeof useMake>["make"]; onClose: () => void }) {
  const { t } = useTranslation();
  const form = useForm(NewCompany, { name: "" });
  const [chosen, setChosen] = useState<string>();
  const integrations = api.useQuery("get", "/integrations", {});
  const enabled = integrations.data?.results.filter((one) => one.enabled) ?? [];
  const platformKey = chosen ?? enabled[0]?.key;
  const submit = form.handleSubmit(({ name }) =>
    make.mutate({ name: name.trim(), platformKey }, { onError: (error) => refuse(form, error) }),
  );
  const unplaced = make.error && !isPlaced(form, make.error);
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-5">
      {unplaced && <ProblemNote error={make.error} />}
      <TextField {...useText(form, "name")} label={t("newCompany.name")} help={t("newCompany.nameHelp")} autoFocus />
      {enabled.length > 1 && platformKey && (
        <Choices
          label={t("newCompany.integration")}
          value={platformKey}
          onChange={setChosen}
          choices={enabled.map((one) => ({ value: one.key, label: one.name, help: t(`mode.${one.settings.mode}`) }))}
        />
      )}
      {integrations.isSuccess && enabled.length === 0 && (
        <p className="rounded-control bg-note px-4 py-3 text-note-ink">
          {t("newCompany.noIntegration")}{" "}
          <Link to="/integrations" className="font-semibold underline">
            {t("newCompany.setUp")}
          </Link>
        </p>
      )}
      <DialogActs>
        <Button onPress={onClose}>{t("act.cancel")}</Button>
        <Button type="submit" look="main" busy={make.isPending} isDisabled={integrations.isPending}>
          {t("newCompany.submit")}
        </Button>
      </DialogActs>
    </form>
  );
}

function MadeCompany({ made, onClose }: { made: Made; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      <p className="mb-4 text-soft">{t("newCompany.madeText")}</p>
      <CopyBox text={made.linkUrl ?? made.company.redirect} label={t("link.copy")} name="linkUrl" long />
      <DialogActs>
        <Button onPress={onClose}>{t("act.done")}</Button>
        <Link to="/companies/$companyId" params={{ companyId: made.company.id }} className={buttonLook("main")}>
          {t("newCompany.open")}
        </Link>
      </DialogActs>
    </>
  );
}
