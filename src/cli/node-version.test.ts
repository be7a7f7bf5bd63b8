import { expect, test } from "vitest";
import { nodeVersionProblem } from "./node-version.ts";

test.each(["22.21.0", "22.30.1", "24.0.0", "26.10.0"])("Node %s will do", (running) => {
  expect(nodeVersionProblem(running, ">=22.21")).toBeUndefined();
});

test.each(["22.20.9", "20.20.2", "18.0.0"])("Node %s will not", (running) => {
  expect(nodeVersionProblem(running, ">=22.21")).toContain(`Dragoman needs Node 22.21 or newer, and this is ${running}.`);
});
