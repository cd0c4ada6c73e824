/** Signing in, and on a fresh server making the first login. */
import { useQuery } from "@tanstack/react-query";
import { Navigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Mark } from "../kit/icons";
import { SkeletonLines } from "../kit/page";
import { ProblemNote } from "../kit/problem";
import { LoginForm } from "./LoginForm";
import { inside } from "./next";
import { SetupForm } from "./SetupForm";
import { sessionQuery } from "./session";

/** The page in front of all others. */
export function LoginPage() {
  const { t } = useTranslation();
  const { next } = useSearch({ from: "/login" });
  const session = useQuery(sessionQuery);
  if (session.data?.user) return <Navigate to={inside(next)} replace />;
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-md flex-col justify-center px-4 py-10">
      <p className="mb-5 flex items-center justify-center gap-2.5 text-lg font-bold">
        <Mark />
        {t("app.name")}
      </p>
      <div className="rounded-sheet border border-hair bg-sheet p-6 shadow-sheet sm:p-8">
        {session.isPending ? (
          <Waiting />
        ) : session.isError ? (
          <ProblemNote error={session.error} title={t("problem.listTitle")} onRetry={() => session.refetch()} />
        ) : session.data.setupRequired ? (
          <SetupForm />
        ) : (
          <LoginForm returning={next !== undefined && inside(next) !== "/"} />
        )}
      </div>
    </main>
  );
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <>
      <h1 className="mb-6 text-2xl">
        <title>{t("app.title", { page: t("login.title") })}</title>
        {t("app.name")}
      </h1>
      <SkeletonLines lines={6} />
    </>
  );
}

/** The heading of the card. */
export function CardHead({ title, children }: { title: string; children?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <>
      <title>{t("app.title", { page: title })}</title>
      <h1 className="text-2xl">{title}</h1>
      {children && <p className="mt-1 text-soft">{children}</p>}
    </>
  );
}
