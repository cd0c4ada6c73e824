import { expect, it } from "vitest";
import "../texts";
import { OddAnswer } from "./client";
import { problemOf } from "./problem";

const body = {
  statusCode: 400,
  service: "PublicApi",
  error: "",
  correlationId: "c0",
  canBeRetried: "False",
  detailedErrorCode: 0,
};

it("finds the field that a sentence begins with", () => {
  const problem = problemOf({ ...body, error: "client_id: it must begin with ca_", validation: null });
  expect(problem.fields).toEqual({ clientId: "It must begin with ca_" });
  expect(problem.again).toBe(false);
});

it("takes the fields that the server lists", () => {
  const validation = { errors: [{ itemId: "name", message: "is empty" }], warnings: [] };
  expect(problemOf({ ...body, error: "no", validation }).fields).toEqual({ name: "is empty" });
});

it("tells a proxy's page and a dead line apart from the server's word", () => {
  expect(problemOf(new OddAnswer(502)).message).toMatch(/502/);
  expect(problemOf(new TypeError("Failed to fetch")).message).toMatch(/does not answer/);
});
