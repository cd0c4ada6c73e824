/** Test or live: always a word, beside whatever it concerns. */
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { Pill } from "../kit/pill";

/** The mode of an integration or of a connection. */
export function ModePill({ mode }: { mode: Schemas["IntegrationMode"] }) {
  const { t } = useTranslation();
  return <Pill tone={mode === "test" ? "note" : "busy"}>{t(`mode.${mode}`)}</Pill>;
}
