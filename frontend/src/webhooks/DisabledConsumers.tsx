/** Receivers of webhooks that are told nothing any more, because they failed: on every page, until somebody has mended it. */
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answered, api, client, type Schemas } from "../api/client";
import { queryClient } from "../api/queries";
import { announce } from "../kit/announce";
import { Button } from "../kit/button";
import { WarnIcon } from "../kit/icons";
import { ProblemNote } from "../kit/problem";
import { Ago } from "../kit/when";

type Consumer = Schemas["WebhookConsumer"];

/** What failed first had happened before: recovering from so many milliseconds earlier misses nothing, and repeats nothing. */
const BEFORE = 24 * 60 * 60 * 1_000;

/** How often it is asked who was disabled meanwhile, in milliseconds. */
const EVERY = 60_000;

/** The notices; nothing while all is well. One that was disabled on purpose has no reason, and no notice. */
export function DisabledConsumers() {
  const { t } = useTranslation();
  const { data } = api.useQuery("get", "/webhooks", {}, { refetchInterval: EVERY });
  const disabled = data?.results.filter((one) => one.disabled && one.disabledReason) ?? [];
  if (disabled.length === 0) return null;
  return (
    <section aria-label={t("webhooks.disabledTitle")} className="mb-6 flex flex-col gap-3">
      {disabled.map((one) => (
        <Notice key={one.id} consumer={one} />
      ))}
    </section>
  );
}

function Notice({ consumer }: { consumer: Consumer }) {
  const { t } = useTranslation();
  const again = useMutation({
    mutationFn: () => enable(consumer),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === "/webhooks" });
      announce(t("webhooks.enabled", { url: consumer.url }));
    },
  });
  return (
    <div className="flex gap-3 rounded-control border border-bad/40 bg-bad-tint px-4 py-3">
      <WarnIcon className="mt-0.5 size-5 shrink-0 text-bad" />
      <div className="flex min-w-0 flex-col items-start gap-2">
        <div>
          <p className="font-semibold">{t("webhooks.disabledTitle")}</p>
          <p className="font-mono text-sm break-all">{consumer.url}</p>
          <p>
            {consumer.disabledReason}{" "}
            {consumer.disabledDate && (
              <span className="text-soft">
                {t("webhooks.since")} <Ago at={consumer.disabledDate} />
              </span>
            )}
          </p>
          <p>{t("webhooks.todo")}</p>
        </div>
        <Button size="small" onPress={() => again.mutate()} busy={again.isPending}>
          {t("webhooks.enable")}
        </Button>
        {again.isError && <ProblemNote error={again.error} />}
      </div>
    </div>
  );
}

/** Enables it, and has it told what it missed since it began to fail. */
async function enable({ id, failingSince, disabledDate }: Consumer) {
  const path = { webhookId: id };
  answered(await client.PATCH("/webhooks/{webhookId}", { params: { path }, body: { disabled: false } }));
  const failed = failingSince ?? disabledDate;
  if (!failed) return;
  const since = new Date(Date.parse(failed) - BEFORE).toISOString();
  answered(await client.POST("/webhooks/{webhookId}/recover", { params: { path }, body: { since } }));
}
