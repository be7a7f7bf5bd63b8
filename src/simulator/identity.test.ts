import { expect, test } from "vitest";
import { idFrom } from "./identity.ts";

test("an id depends on its seed alone", () => {
  expect(idFrom("msg_01", "a", 22)).toBe(idFrom("msg_01", "a", 22));
  expect(idFrom("msg_01", "a", 22)).not.toBe(idFrom("msg_01", "b", 22));
  expect(idFrom("msg_01", "a", 22)).toMatch(/^msg_01[1-9A-HJ-NP-Za-km-z]{22}$/);
});
