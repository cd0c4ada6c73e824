/** Dialogs: they hold the focus, close with Escape, and give the focus back. */
import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Button } from "./button";
import { CrossIcon } from "./icons";
import { ProblemNote } from "./problem";

type Props = {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** A record slides in from the side; questions stand in the middle. */
  place?: "middle" | "side";
  role?: "dialog" | "alertdialog";
  closeLabel?: string;
};

const VEIL = "fixed inset-0 z-50 flex bg-veil";
const PLACES = {
  middle: {
    veil: "items-end justify-center p-0 sm:items-center sm:p-6",
    box: "w-full max-w-lg max-h-[calc(100dvh-2rem)] rounded-t-sheet sm:rounded-sheet",
  },
  side: { veil: "justify-end", box: "h-dvh w-full max-w-xl sm:border-l sm:border-hair" },
};

/** A dialog with its heading and a close button. */
export function Dialog({ open, onClose, title, children, place = "middle", role = "dialog", closeLabel }: Props) {
  const { t } = useTranslation();
  return (
    <ModalOverlay
      isOpen={open}
      onOpenChange={(next) => !next && onClose()}
      isDismissable
      className={`${VEIL} ${PLACES[place].veil}`}
    >
      <Modal className={`flex overflow-hidden bg-sheet text-ink shadow-high ${PLACES[place].box}`}>
        <AriaDialog role={role} className="flex min-h-0 w-full flex-col outline-none">
          <div className="flex items-start justify-between gap-4 px-5 pt-5 pb-3 sm:px-6">
            <Heading slot="title" className="min-w-0 pt-1 text-lg break-words">
              {title}
            </Heading>
            <Button
              look="quiet"
              size="small"
              onPress={onClose}
              aria-label={closeLabel ?? t("act.close")}
              className="-mr-2 px-2!"
            >
              <CrossIcon className="size-5 text-soft" />
            </Button>
          </div>
          <div className="min-h-0 overflow-y-auto px-5 pb-6 sm:px-6">{children}</div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The buttons at a dialog's end; the one that acts stands last and on the right. */
export function DialogActs({ children }: { children: ReactNode }) {
  return <div className="mt-6 flex flex-col-reverse gap-2 sm:flex-row sm:justify-end">{children}</div>;
}

type ConfirmProps = {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  submit: string;
  onConfirm: () => void;
  pending: boolean;
  error: unknown;
};

/** Asks before something that cannot be taken back. */
export function Confirm({ open, onClose, title, children, submit, onConfirm, pending, error }: ConfirmProps) {
  const { t } = useTranslation();
  return (
    <Dialog open={open} onClose={onClose} title={title} role="alertdialog">
      <div className="flex flex-col gap-3 text-soft">{children}</div>
      {error ? <ProblemNote error={error} className="mt-4" /> : null}
      <DialogActs>
        <Button onPress={onClose} autoFocus>
          {t("act.cancel")}
        </Button>
        <Button look="danger" onPress={onConfirm} busy={pending}>
          {submit}
        </Button>
      </DialogActs>
    </Dialog>
  );
}
