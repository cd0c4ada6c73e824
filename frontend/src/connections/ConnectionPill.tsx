/** Where a connection stands, in the portal's words. */
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { CheckIcon, ClockIcon, UnlinkIcon, WarnIcon } from "../kit/icons";
import { Pill, type Tone } from "../kit/pill";

type Status = Schemas["ConnectionStatus"];

const LOOKS: Record<Status, [Tone, typeof CheckIcon]> = {
  PendingAuth: ["note", ClockIcon],
  Linked: ["good", CheckIcon],
  Unlinked: ["still", UnlinkIcon],
  Deauthorized: ["bad", WarnIcon],
};

/** The pill. */
export function ConnectionPill({ status }: { status: Status }) {
  const { t } = useTranslation();
  const [tone, Icon] = LOOKS[status];
  return (
    <Pill tone={tone} icon={<Icon className="size-3.5" />}>
      {t(`connection.status.${status}`)}
    </Pill>
  );
}
