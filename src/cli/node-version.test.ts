import { expect, test } from "vitest";
import { nodeVersionProblem } from "./node-version.ts";

test.each(["22.19.0", "22.20.1", "24.0.0", "26.10.0"])("Node %s will do", (running) => {
  expect(nodeVersionProblem(running, ">=22.19")).toBeUndefined();
});

test.each(["22.18.9", "20.20.2", "18.0.0"])("Node %s will not", (running) => {
  expect(nodeVersionProblem(running, ">=22.19")).toContain(`Dragoman needs Node 22.19 or newer, and this is ${running}.`);
});
