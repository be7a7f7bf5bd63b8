import { expect, test } from "vitest";
import type { Tool } from "../../chat/chat.ts";
import { UniqueNames } from "../shared/unique-names.ts";
import { finderOf, joinedName, wireName } from "./tool-names.ts";

const plain = (name: string): Tool => ({ type: "function", path: "", name, inputSchema: {} });
const grouped = (name: string, namespace: string, tool: string): Tool => ({ ...plain(name), namespace: { name: namespace, tool } }) as Tool;

test("rule 69: the same short name in two namespaces and at the top gives three names", () => {
  const names = new UniqueNames();
  const given = [joinedName("y", undefined), joinedName("y", "a"), joinedName("y", "b"), "a__y"].map((name) => names.give(name));
  expect(given).toEqual(["y", "a__y", "b__y", "a__y_2"]);
});

test("rule 68: a call finds its tool by both names, and by the short one where it is the only such tool", () => {
  const tools = [plain("run"), grouped("functions__exec", "functions", "exec"), grouped("a__y", "a", "y"), grouped("b__y", "b", "y")];
  const finder = finderOf(tools);
  expect(finder.find({ name: "exec", namespace: "functions" })).toBe("functions__exec");
  expect(finder.find({ name: "exec" })).toBe("functions__exec");
  expect(finder.find({ name: "run" })).toBe("run");
  expect(finder.find({ name: "y" })).toBe("y");
  expect(finder.find({ name: "gone", namespace: "mcp__x" })).toBe("mcp__x__gone");
  expect(wireName("a__y", tools)).toEqual({ name: "y", namespace: "a" });
  expect(wireName("run", tools)).toEqual({ name: "run" });
});
