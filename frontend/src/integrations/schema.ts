/** What can be told to be wrong with an integration before Stripe is asked: swapped, publishable and other mode's keys. */
import { t } from "i18next";
import { z } from "zod";
import type { Schemas } from "../api/client";
import { required } from "../kit/form";

export const SCOPES = ["read_only", "read_write"] as const;
export const SYNCS = ["once", "hourly", "daily", "weekly", "monthly"] as const;

const KEYS = { test: /^[sr]k_test_/, live: /^[sr]k_live_/ };

const unbroken = (text: z.ZodType<string, string>) =>
  text.refine((value) => !/\s/.test(value.trim()), { error: () => t("form.blanks") });

/** The schema for an integration as it is set up now: a secret that is set need not be given again. */
export function integrationSchema({ mode, secretKeyHint }: Schemas["IntegrationSettings"]) {
  const secret = unbroken(secretKeyHint ? z.string() : required())
    .refine((key) => !/^pk_/.test(key.trim()), { error: () => t("form.publishable") })
    .refine((key) => key.trim() === "" || /^pk_/.test(key.trim()) || KEYS[mode].test(key.trim()), {
      error: () => t(mode === "test" ? "form.secretKeyTest" : "form.secretKeyLive"),
    });
  return z.object({
    clientId: unbroken(required()).refine((id) => id.trim() === "" || id.trim().startsWith("ca_"), {
      error: () => t("form.clientId"),
    }),
    secretKey: secret,
    webhookSecret: unbroken(z.string()).refine((word) => word.trim() === "" || word.trim().startsWith("whsec_"), {
      error: () => t("form.webhookSecret"),
    }),
    scope: z.enum(SCOPES),
    sync: z.enum(SYNCS),
  });
}

export type IntegrationValues = z.infer<ReturnType<typeof integrationSchema>>;
