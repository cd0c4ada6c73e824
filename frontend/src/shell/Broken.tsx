/** A page that threw: the rest of the portal stays usable. */
import type { ErrorComponentProps } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Button } from "../kit/button";
import { PageHeader } from "../kit/page";
import { ProblemNote } from "../kit/problem";

/** What is shown in place of the page. */
export function Broken({ error }: ErrorComponentProps) {
  const { t } = useTranslation();
  return (
    <div className="mx-auto max-w-xl px-4 py-12">
      <PageHeader title={t("problem.pageTitle")} lead={t("problem.pageText")} />
      <ProblemNote error={error} title={t("problem.listTitle")} />
      <Button className="mt-4" onPress={() => globalThis.location.reload()}>
        {t("problem.reload")}
      </Button>
    </div>
  );
}

/** The same where there is no frame around it: nothing is known yet, not even who looks. */
export function BrokenAlone(props: ErrorComponentProps) {
  return (
    <main>
      <Broken {...props} />
    </main>
  );
}
