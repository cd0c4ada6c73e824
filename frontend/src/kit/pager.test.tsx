import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import "../texts";
import { Pager } from "./pager";

it("names the rows that are shown, not those that are asked for, and goes on from what is asked for", async () => {
  const onPage = vi.fn();
  const shown = { pageNumber: 1, pageSize: 50, totalResults: 1_234 };
  render(<Pager page={2} shown={shown} onPage={onPage} />);
  screen.getByText("Rows 1 to 50 of 1,234");
  await userEvent.click(screen.getByRole("button", { name: "Next" }));
  await userEvent.click(screen.getByRole("button", { name: "Previous" }));
  expect(onPage.mock.calls).toEqual([[3], [1]]);
});

it("ends at the last row", () => {
  render(<Pager page={25} shown={{ pageNumber: 25, pageSize: 50, totalResults: 1_234 }} onPage={vi.fn()} />);
  screen.getByText("Rows 1,201 to 1,234 of 1,234");
  expect(screen.getByRole("button", { name: "Next" })).toHaveProperty("disabled", true);
});
