import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeCallId, hostedCallId, isMintedHostedId, unescapeCallId } from "./ids.ts";

const id = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.stringMatching(/^[a-zA-Z0-9_-]*$/),
  fc.string().map((text) => `dgid_${Buffer.from(text).toString("base64url")}`),
  fc.constantFrom("", "dgid_", "toolu_01", "call:1", "dgid_Y2FsbDox"),
);

test("rule 48: every id has a legal form of its own, and comes back from it", () => {
  fc.assert(
    fc.property(id, id, (one, other) => {
      expect(escapeCallId(one)).toMatch(/^[a-zA-Z0-9_-]+$/);
      expect(unescapeCallId(escapeCallId(one))).toBe(one);
      if (one !== other) expect(escapeCallId(one)).not.toBe(escapeCallId(other));
    }),
  );
});

test("legal ids stay as they are", () => {
  expect(escapeCallId("toolu_01-Ab")).toBe("toolu_01-Ab");
  expect(unescapeCallId("toolu_01-Ab")).toBe("toolu_01-Ab");
});

test("rule 221: hosted calls of others get an id of the wire's form, always the same", () => {
  expect(hostedCallId("x:1")).toMatch(/^srvtoolu_[a-zA-Z0-9_]+$/);
  expect(hostedCallId("x:1")).toBe(hostedCallId("x:1"));
  expect(isMintedHostedId(hostedCallId("x:1"))).toBe(true);
  expect(hostedCallId("srvtoolu_01")).toBe("srvtoolu_01");
  expect(isMintedHostedId("srvtoolu_01")).toBe(false);
});
