/** The frame of every page behind the login: who runs here, where one can go, and who is signed in. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../kit/button";
import { CompanyIcon, KeyIcon, Mark, OutIcon, PlugIcon } from "../kit/icons";
import { forget, sessionQuery, signOut } from "../session/session";
import { DisabledConsumers } from "../webhooks/DisabledConsumers";

const NAV =
  "flex min-h-10 items-center justify-center gap-2.5 rounded-control px-2 font-medium whitespace-nowrap sm:px-3 text-soft hover:bg-still-tint hover:text-ink aria-[current=page]:bg-act-tint aria-[current=page]:text-act md:justify-start";

/** The frame. */
export function Shell() {
  const { t } = useTranslation();
  return (
    <div className="md:grid md:min-h-dvh md:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only z-10 rounded-control bg-act px-4 py-2 font-semibold text-act-ink focus:not-sr-only focus:fixed! focus:top-3 focus:left-3"
      >
        {t("app.skip")}
      </a>
      <header className="border-b border-hair bg-sheet px-3 pt-3 pb-2 md:sticky md:top-0 md:flex md:h-dvh md:flex-col md:border-r md:border-b-0 md:px-3 md:py-5">
        <div className="flex items-center justify-between gap-3 px-1 md:mb-6 md:px-2">
          <Link to="/" className="inline-flex min-h-8 items-center gap-2.5 text-lg font-bold">
            <Mark />
            {t("app.name")}
          </Link>
          <div className="md:hidden">
            <Account />
          </div>
        </div>
        <nav aria-label={t("app.navigation")} className="mt-2 md:mt-0">
          <ul className="flex gap-1 md:flex md:flex-col">
            <NavItem to="/companies" icon={<CompanyIcon className="size-[1.125rem] max-sm:hidden" />}>
              {t("nav.companies")}
            </NavItem>
            <NavItem to="/integrations" icon={<PlugIcon className="size-[1.125rem] max-sm:hidden" />}>
              {t("nav.integrations")}
            </NavItem>
            <NavItem to="/keys" icon={<KeyIcon className="size-[1.125rem] max-sm:hidden" />}>
              {t("nav.apiKeys")}
            </NavItem>
          </ul>
        </nav>
        <div className="mt-auto hidden border-t border-hair px-2 pt-4 md:block">
          <Account />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="min-w-0 px-4 py-6 md:px-10 md:py-9">
        <div className="mx-auto max-w-6xl">
          <DisabledConsumers />
          <Outlet />
        </div>
      </main>
    </div>
  );
}

type NavProps = { to: "/companies" | "/integrations" | "/keys"; icon: ReactNode; children: ReactNode };

function NavItem({ to, icon, children }: NavProps) {
  return (
    <li>
      {/* A company's pages belong to companies: the beginning of the path decides. */}
      <Link to={to} className={NAV} activeProps={{ "aria-current": "page" }} activeOptions={{ includeSearch: false }}>
        {icon}
        {children}
      </Link>
    </li>
  );
}

function Account() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data } = useQuery(sessionQuery);
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => navigate({ to: "/login", search: {} }).then(forget),
  });
  const who = data?.user?.name ?? data?.user?.email ?? "";
  return (
    <div className="flex items-center gap-2 md:flex-col md:items-start">
      <p
        className="max-w-40 truncate text-sm text-soft max-sm:hidden md:max-w-full"
        title={t("app.account", { email: who })}
      >
        {who}
      </p>
      <Button look="quiet" size="small" onPress={() => leave.mutate()} busy={leave.isPending} className="md:-ml-3">
        <OutIcon />
        {t("app.signOut")}
      </Button>
    </div>
  );
}
