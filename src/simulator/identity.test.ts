import * as fc from "fast-check";
import { expect, test } from "vitest";
import { idFrom, isMinted, mintSignature } from "./identity.ts";

test("an id depends on its seed alone", () => {
  expect(idFrom("msg_01", "a", 22)).toBe(idFrom("msg_01", "a", 22));
  expect(idFrom("msg_01", "a", 22)).not.toBe(idFrom("msg_01", "b", 22));
  expect(idFrom("msg_01", "a", 22)).toMatch(/^msg_01[1-9A-HJ-NP-Za-km-z]{22}$/);
});

test("a signature is accepted from its issuer and vendor only", () => {
  const signature = mintSignature("a", "gemini", "seed");
  expect(isMinted("a", "gemini", signature)).toBe(true);
  expect(isMinted("b", "gemini", signature)).toBe(false);
  expect(isMinted("a", "anthropic", signature)).toBe(false);
});

test("a signature with any byte changed is refused, and so is any other text", () => {
  const bytes = Buffer.from(mintSignature("a", "anthropic", "seed"), "base64");
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const forged = Buffer.from(bytes);
      forged[at] = (forged[at] as number) ^ change;
      expect(isMinted("a", "anthropic", forged.toString("base64"))).toBe(false);
    }),
  );
  fc.assert(fc.property(fc.string(), (other) => !isMinted("a", "anthropic", other)));
});
