import { QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type { Schemas } from "../api/client";
import { queryClient } from "../api/queries";
import { IntegrationForm } from "./IntegrationForm";

// jsdom has no page to scroll.
vi.stubGlobal("scrollTo", () => {});

const integration = {
  key: "yzth",
  name: "Stripe Test",
  logoUrl: "https://tributary.example/assets/stripe.svg",
  enabled: false,
  settings: {
    mode: "test",
    clientId: null,
    secretKeyHint: null,
    webhookSecretHint: null,
    scope: "read_only",
    sync: "daily",
  },
} as unknown as Schemas["Integration"];

function answer(status: number, body: unknown) {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

async function show(one = integration) {
  const root = createRootRoute();
  const home = createRoute({
    getParentRoute: () => root,
    path: "/",
    component: () => <IntegrationForm integration={one} />,
  });
  const list = createRoute({ getParentRoute: () => root, path: "/integrations", component: () => <p>the list</p> });
  const router = createRouter({ routeTree: root.addChildren([home, list]), history: createMemoryHistory() });
  render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router as any} />
    </QueryClientProvider>,
  );
  await screen.findByLabelText("Client id");
  return userEvent.setup();
}

it("asks nobody while swapped keys can be told from here", async () => {
  const fetch = vi.spyOn(globalThis, "fetch");
  const user = await show();
  await user.type(screen.getByLabelText("Client id"), "sk_test_1");
  await user.type(screen.getByLabelText("Secret key"), "pk_test_1");
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  expect(await screen.findByText("A client id begins with ca_.")).toBeTruthy();
  expect(screen.getByText("This is the publishable key. The secret key begins with sk_.")).toBeTruthy();
  expect(fetch).not.toHaveBeenCalled();
});

it("shows what the server says of a field at that field, and keeps what was typed", async () => {
  const error = "secret_key: Stripe does not know this key";
  vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
    answer(400, { statusCode: 400, error, correlationId: "c", canBeRetried: "False", validation: null }),
  );
  const user = await show();
  await user.type(screen.getByLabelText("Client id"), "ca_1");
  const secret = screen.getByLabelText<HTMLInputElement>("Secret key");
  await user.type(secret, "sk_test_wrong");
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  expect(await screen.findByText("Stripe does not know this key")).toBeTruthy();
  expect(secret.getAttribute("aria-invalid")).toBe("true");
  expect(secret.value).toBe("sk_test_wrong");
  expect(screen.queryByRole("alert")).toBeNull();
});

it("sends only what was given, and never puts a secret that is set into the form", async () => {
  const fetch = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer(200, integration));
  const settings = {
    ...integration.settings,
    clientId: "ca_1",
    secretKeyHint: "sk_test_...",
    webhookSecretHint: "...",
  };
  const user = await show({ ...integration, settings });
  expect(screen.getByLabelText<HTMLInputElement>("Secret key").value).toBe("");
  await user.click(screen.getByRole("button", { name: "Save changes" }));
  await screen.findByText("the list");
  const request = fetch.mock.calls[0]?.[0] as Request;
  expect(request.headers.get("x-tributary-portal")).toBe("1");
  expect(await request.json()).toEqual({ clientId: "ca_1", scope: "read_only", sync: "daily" });
});
