import { expect, it } from "vitest";
import { nameQuery } from "./search";

it.each([
  ["north", "name~north"],
  ["a && b", "name~a&&name~b"],
  ["a & b", "name~a & b"],
  ["{x}||y", "name~x&&name~y"],
  ["  ", undefined],
  [undefined, undefined],
])("%s asks for %s", (search, query) => expect(nameQuery(search)).toBe(query));
