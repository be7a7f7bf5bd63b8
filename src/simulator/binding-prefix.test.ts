import { describe, expect, test } from "vitest";
import { Prefix } from "./binding-prefix.ts";

type Step = (prefix: Prefix) => void;
const text =
  (role: string, said: string): Step =>
  (prefix) =>
    prefix.text(role, said);
const piece =
  (role: string, what: unknown): Step =>
  (prefix) =>
    prefix.piece(role, what);
const state =
  (value: string): Step =>
  (prefix) =>
    prefix.state("assistant", value);

function digestOf(...steps: readonly Step[]): string {
  const prefix = new Prefix();
  for (const step of steps) step(prefix);
  return prefix.digest().toString("hex");
}

describe("what reads alike is alike", () => {
  test.each<[string, readonly Step[], readonly Step[]]>([
    ["neighbouring texts of one role", [text("user", "ab")], [text("user", "a"), text("user", "b")]],
    ["a text that says nothing", [text("user", "a")], [text("user", "a"), text("assistant", ""), text("user", "")]],
  ])("%s", (_what, one, other) => {
    expect(digestOf(...one)).toBe(digestOf(...other));
  });
});

describe("what does not read alike is not", () => {
  test.each<[string, readonly Step[], readonly Step[]]>([
    ["another role", [text("user", "a")], [text("assistant", "a")]],
    ["another border between roles", [text("user", "a"), text("assistant", "b")], [text("user", "ab")]],
    ["something between two texts", [text("user", "ab")], [text("user", "a"), piece("user", {}), text("user", "b")]],
    ["another order of members", [piece("user", { a: 1, b: 2 })], [piece("user", { b: 2, a: 1 })]],
    ["state that is left out", [state("x"), state("y")], [state("y")]],
    ["state that was moved", [state("x"), text("assistant", "a")], [text("assistant", "a"), state("x")]],
    ["text that looks like two pieces", [text("user", 'a"]\n["user","b')], [text("user", "a"), piece("user", "b")]],
    ["a piece that looks like text", [piece("user", { text: "a" })], [text("user", "a")]],
  ])("%s", (_what, one, other) => {
    expect(digestOf(...one)).not.toBe(digestOf(...other));
  });
});

test("a fork goes on from the same place and leaves the first where it is", () => {
  const prefix = new Prefix();
  prefix.text("user", "a");
  const before = prefix.digest();
  const fork = prefix.fork();
  fork.text("user", "b");
  expect(prefix.digest()).toEqual(before);
  expect(fork.digest().toString("hex")).toBe(digestOf(text("user", "ab")));
});
