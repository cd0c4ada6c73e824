/** The table of contents: every page, its address, and what of its state the address keeps. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { z } from "zod";
import { queryClient } from "./api/queries";
import { sessionQuery } from "./session/session";
import { Broken, BrokenAlone } from "./shell/Broken";
import { Missing } from "./shell/Missing";
import { Shell } from "./shell/Shell";

const page = z.number().int().min(1).catch(1).default(1);
const text = z.string().optional().catch(undefined);

const root = createRootRoute({ component: Outlet });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: z.object({ next: text }),
  component: lazyRouteComponent(() => import("./session/LoginPage"), "LoginPage"),
});

/** Everything behind the login. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: Shell,
  errorComponent: BrokenAlone,
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery);
    if (!session.user) throw redirect({ to: "/login", search: { next: location.href } });
  },
});

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/companies", search: { page: 1 }, replace: true });
  },
});

const integrations = createRoute({
  getParentRoute: () => inside,
  path: "/integrations",
  component: lazyRouteComponent(() => import("./integrations/IntegrationsPage"), "IntegrationsPage"),
});

const integration = createRoute({
  getParentRoute: () => inside,
  path: "/integrations/$platformKey",
  component: lazyRouteComponent(() => import("./integrations/IntegrationPage"), "IntegrationPage"),
});

const companies = createRoute({
  getParentRoute: () => inside,
  path: "/companies",
  validateSearch: z.object({ search: text, page, orderBy: text, new: z.boolean().optional().catch(undefined) }),
  component: lazyRouteComponent(() => import("./companies/CompaniesPage"), "CompaniesPage"),
});

const company = createRoute({
  getParentRoute: () => inside,
  path: "/companies/$companyId",
  component: lazyRouteComponent(() => import("./companies/CompanyPage"), "CompanyPage"),
});

const history = createRoute({
  getParentRoute: () => inside,
  path: "/companies/$companyId/syncs",
  validateSearch: z.object({ page }),
  component: lazyRouteComponent(() => import("./companies/HistoryPage"), "HistoryPage"),
});

const records = createRoute({
  getParentRoute: () => inside,
  path: "/companies/$companyId/connections/$connectionId/data/$dataType",
  validateSearch: z.object({ page, orderBy: text, record: text }),
  component: lazyRouteComponent(() => import("./records/RecordsPage"), "RecordsPage"),
});

const apiKeys = createRoute({
  getParentRoute: () => inside,
  path: "/keys",
  component: lazyRouteComponent(() => import("./api_keys/ApiKeysPage"), "ApiKeysPage"),
});

/** Any other address. */
const missing = createRoute({ getParentRoute: () => inside, path: "$", component: Missing });

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    inside.addChildren([home, integrations, integration, companies, company, history, records, apiKeys, missing]),
  ]),
  basepath: "/portal",
  defaultPreload: "intent",
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: Missing,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
