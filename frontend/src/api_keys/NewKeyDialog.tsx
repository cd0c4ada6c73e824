/** Making a key, and showing it the one time that it can be shown. */
import { t as text } from "i18next";
import { useTranslation } from "react-i18next";
import { z } from "zod";
import { api } from "../api/client";
import { Button } from "../kit/button";
import { CopyBox } from "../kit/copy";
import { Dialog, DialogActs } from "../kit/dialog";
import { TextField } from "../kit/field";
import { isPlaced, refuse, required, useForm, useText } from "../kit/form";
import { ProblemNote } from "../kit/problem";
import { keysChanged } from "./ApiKeysPage";

const LENGTH = 50;
const NewKey = z.object({
  name: required().refine((name) => [...name].length <= LENGTH, {
    error: () => text("form.tooLong", { count: LENGTH }),
  }),
});

/** The dialog. */
export function NewKeyDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const form = useForm(NewKey, { name: "" });
  const make = api.useMutation("post", "/apiKeys", {
    onError: (error) => refuse(form, error),
    onSuccess: keysChanged,
  });
  const name = useText(form, "name");
  const close = () => {
    onClose();
    make.reset();
    form.reset();
  };
  const unplaced = make.error && !isPlaced(form, make.error);
  return (
    <Dialog open={open} onClose={close} title={make.data ? t("apiKeys.madeTitle") : t("apiKeys.new")}>
      {make.data ? (
        <>
          <p className="mb-4 text-soft">{t("apiKeys.madeText")}</p>
          <CopyBox text={make.data.apiKey} name="apiKey" />
          <DialogActs>
            <Button look="main" onPress={close}>
              {t("act.done")}
            </Button>
          </DialogActs>
        </>
      ) : (
        <form noValidate onSubmit={form.handleSubmit((values) => make.mutate({ body: { name: values.name.trim() } }))}>
          {unplaced && <ProblemNote error={make.error} className="mb-4" />}
          <TextField {...name} label={t("apiKeys.newName")} help={t("apiKeys.newNameHelp")} autoFocus />
          <DialogActs>
            <Button onPress={close}>{t("act.cancel")}</Button>
            <Button type="submit" look="main" busy={make.isPending}>
              {t("apiKeys.create")}
            </Button>
          </DialogActs>
        </form>
      )}
    </Dialog>
  );
}
