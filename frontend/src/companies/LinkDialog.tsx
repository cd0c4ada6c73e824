/** A Link URL to send to the owner. */
import { useTranslation } from "react-i18next";
import { Button } from "../kit/button";
import { CopyBox } from "../kit/copy";
import { Dialog, DialogActs } from "../kit/dialog";

type Props = { open: boolean; onClose: () => void; url: string; title: string; text: string };

/** The dialog. */
export function LinkDialog({ open, onClose, url, title, text }: Props) {
  const { t } = useTranslation();
  return (
    <Dialog open={open} onClose={onClose} title={title}>
      <p className="mb-4 text-soft">{text}</p>
      <CopyBox text={url} label={t("link.copy")} name="linkUrl" long />
      <DialogActs>
        <Button look="main" onPress={onClose}>
          {t("act.done")}
        </Button>
      </DialogActs>
    </Dialog>
  );
}
