/** What every component test starts with: the texts, and nothing left over from the test before. */
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";
import "./texts";

afterEach(cleanup);
