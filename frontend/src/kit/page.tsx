/** What every page is made of: its heading, its sheets, and the states in which there is nothing to show yet. */
import { Link, useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { BackIcon } from "./icons";

/** Whether any page was shown before: on the first one the browser places the focus. */
let arrived = false;

type HeaderProps = {
  title: string;
  /** What stands in the window's title, when the heading is not known yet or is too long. */
  windowTitle?: string;
  lead?: ReactNode;
  acts?: ReactNode;
  back?: { to: string; label: string };
  beside?: ReactNode;
};

/** The head of a page; after a change of page the heading takes the focus, so that screen readers begin there. */
export function PageHeader({ title, windowTitle = title, lead, acts, back, beside }: HeaderProps) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    if (arrived) heading.current?.focus({ preventScroll: true });
    arrived = true;
  }, [path]);
  return (
    <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
      <title>{t("app.title", { page: windowTitle })}</title>
      <div className="min-w-0">
        {back && (
          <Link
            to={back.to}
            className="mb-1 -ml-1 inline-flex min-h-6 items-center gap-1 text-sm text-soft hover:text-ink"
          >
            <BackIcon />
            {back.label}
          </Link>
        )}
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 ref={heading} tabIndex={-1} className="min-w-0 text-2xl break-words">
            {title}
          </h1>
          {beside}
        </div>
        {lead && <div className="mt-1 max-w-prose text-soft">{lead}</div>}
      </div>
      {acts && <div className="flex flex-wrap gap-2">{acts}</div>}
    </header>
  );
}

/** A white sheet on the ground. */
export function Sheet({ children, className = "" }: { children: ReactNode; className?: string }) {
  return (
    <section className={`rounded-sheet border border-hair bg-sheet shadow-sheet ${className}`}>{children}</section>
  );
}

type EmptyProps = { title: string; children: ReactNode; act?: ReactNode };

/** Nothing to show: what this would be, why there is none, and the one thing to do. */
export function Empty({ title, children, act }: EmptyProps) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-14 text-center">
      <h2 className="text-lg">{title}</h2>
      <div className="max-w-prose text-soft">{children}</div>
      {act && <div className="mt-3 flex flex-wrap justify-center gap-2">{act}</div>}
    </div>
  );
}

/** Lines where text will be. */
export function SkeletonLines({ lines = 4, className = "" }: { lines?: number; className?: string }) {
  const { t } = useTranslation();
  const widths = ["w-2/3", "w-1/2", "w-3/4", "w-2/5"];
  return (
    <div className={`flex flex-col gap-4 ${className}`} role="status">
      <span className="sr-only">{t("app.loading")}</span>
      {Array.from({ length: lines }, (_, at) => (
        <div key={at} className={`skeleton h-4 ${widths[at % widths.length]}`} />
      ))}
    </div>
  );
}
