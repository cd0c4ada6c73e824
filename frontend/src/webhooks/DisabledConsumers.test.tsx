import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { queryClient } from "../api/queries";
import { DisabledConsumers } from "./DisabledConsumers";

const well = { id: "1", url: "https://well.example/hook", disabled: false, eventTypes: ["*"], companyTags: [] };
const onPurpose = { ...well, id: "2", url: "https://paused.example/hook", disabled: true };
const failed = {
  ...onPurpose,
  id: "3",
  url: "https://failed.example/hook",
  disabledReason: "Its receiver answered 410 Gone.",
  disabledDate: "2026-11-20T10:00:00Z",
  failingSince: "2026-11-15T09:00:00Z",
};

let consumers: unknown[];
let asked: { what: string; body: unknown }[];
let refusal: Response | undefined;

function json(status: number, body: unknown) {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

beforeEach(() => {
  queryClient.clear();
  [consumers, asked, refusal] = [[well, onPurpose, failed], [], undefined];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const request = input as Request;
    const path = new URL(request.url).pathname;
    if (request.method === "GET") return json(200, { results: consumers });
    asked.push({ what: `${request.method} ${path}`, body: await request.json() });
    if (refusal) return refusal;
    consumers = [well, onPurpose, { ...well, id: "3" }];
    return json(200, {});
  });
});

function show() {
  render(
    <QueryClientProvider client={queryClient}>
      <DisabledConsumers />
    </QueryClientProvider>,
  );
  return userEvent.setup();
}

it("names who was disabled for failing, why, and nobody else", async () => {
  show();
  expect(await screen.findByText("https://failed.example/hook")).toBeTruthy();
  expect(screen.getByText(/Its receiver answered 410 Gone\./)).toBeTruthy();
  expect(screen.queryByText("https://paused.example/hook")).toBeNull();
  expect(screen.queryByText("https://well.example/hook")).toBeNull();
});

it("enables it and has it told what it missed since before it began to fail", async () => {
  const user = show();
  await user.click(await screen.findByRole("button", { name: "Enable and recover" }));
  await waitFor(() => expect(screen.queryByText("https://failed.example/hook")).toBeNull());
  expect(asked).toEqual([
    { what: "PATCH /webhooks/3", body: { disabled: false } },
    { what: "POST /webhooks/3/recover", body: { since: "2026-11-14T09:00:00.000Z" } },
  ]);
});

it("says so when that is refused, and the notice stays", async () => {
  const error = "The database does not answer.";
  refusal = json(503, { statusCode: 503, error, correlationId: "c", canBeRetried: "True", validation: null });
  const user = show();
  await user.click(await screen.findByRole("button", { name: "Enable and recover" }));
  expect(await screen.findByText(error)).toBeTruthy();
  expect(screen.getByText("https://failed.example/hook")).toBeTruthy();
});
