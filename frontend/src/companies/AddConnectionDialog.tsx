/** Another connection for a company, through an integration that is switched on. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import { companiesChanged } from "../api/queries";
import { Button } from "../kit/button";
import { Dialog, DialogActs } from "../kit/dialog";
import { Choices } from "../kit/field";
import { ProblemNote } from "../kit/problem";

/** The dialog. */
export function AddConnectionDialog({
  companyId,
  open,
  onClose,
}: {
  companyId: string;
  open: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<string>();
  const integrations = api.useQuery("get", "/integrations", {});
  const add = api.useMutation("post", "/companies/{companyId}/connections", {
    onSuccess: async () => {
      await companiesChanged();
      onClose();
    },
  });
  const enabled = integrations.data?.results.filter((one) => one.enabled) ?? [];
  const platformKey = chosen ?? enabled[0]?.key;
  return (
    <Dialog open={open} onClose={onClose} title={t("company.addTitle")}>
      {add.isError && <ProblemNote error={add.error} className="mb-4" />}
      {platformKey ? (
        <Choices
          label={t("company.addText")}
          value={platformKey}
          onChange={setChosen}
          choices={enabled.map((one) => ({ value: one.key, label: one.name, help: t(`mode.${one.settings.mode}`) }))}
        />
      ) : (
        <p className="rounded-control bg-note px-4 py-3 text-note-ink">
          {t("newCompany.noIntegration")}{" "}
          <Link to="/integrations" className="font-semibold underline">
            {t("newCompany.setUp")}
          </Link>
        </p>
      )}
      <DialogActs>
        <Button onPress={onClose}>{t("act.cancel")}</Button>
        <Button
          look="main"
          isDisabled={!platformKey}
          busy={add.isPending}
          onPress={() => platformKey && add.mutate({ params: { path: { companyId } }, body: { platformKey } })}
        >
          {t("company.addSubmit")}
        </Button>
      </DialogActs>
    </Dialog>
  );
}
