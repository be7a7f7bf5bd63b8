import { expect, test } from "vitest";
import { has, holds, Mismatch, same } from "./check.ts";

test("a difference is told with its place, what was found and what was wanted", () => {
  expect(() => same("answer", { content: [{ text: "a" }] }, { content: [{ text: "b" }] })).toThrow(
    new Mismatch('answer.content[0].text: "a", wanted "b"'),
  );
});

test("a list of another length is told whole", () => {
  expect(() => has("calls", [1, 2], [1])).toThrow("calls: 2 of them, wanted 1: [1,2]");
});

test("same refuses members that has lets pass", () => {
  const got = { name: "f", id: 1 };
  expect(() => has("call", got, { name: "f" })).not.toThrow();
  expect(() => same("call", got, { name: "f" })).toThrow("call.id: 1, wanted nothing");
});

test("an undefined member must be absent", () => {
  expect(() => has("choice", { names: ["a"] }, { names: undefined })).toThrow("choice.names");
});

test("a condition is told in its own words", () => {
  expect(() => holds("signature", false, "none came back")).toThrow("signature: none came back");
});
