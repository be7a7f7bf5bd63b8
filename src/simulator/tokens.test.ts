import * as fc from "fast-check";
import { expect, test } from "vitest";
import { firstTokens, piecesOf, tokensOf, wordsOf } from "./tokens.ts";

const text = fc.string({ unit: "binary", maxLength: 200 });
const halfACharacter = /[\uD800-\uDBFF]$/;

test("pieces are the text, in at least three where it is long enough, and never cut a character", () => {
  fc.assert(
    fc.property(text, (given) => {
      const pieces = piecesOf(given);
      expect(pieces.join("")).toBe(given);
      for (const piece of pieces) expect(piece).not.toMatch(halfACharacter);
      if (Array.from(given).length >= 3) expect(pieces.length).toBeGreaterThanOrEqual(3);
    }),
  );
});

test("words are the text", () => {
  fc.assert(fc.property(text, (given) => wordsOf(given).join("") === given));
});

test("the first tokens cost no more than allowed, and are all of a text that fits", () => {
  fc.assert(
    fc.property(text, fc.nat(60), (given, limit) => {
      const first = firstTokens(given, limit);
      expect(given.startsWith(first)).toBe(true);
      expect(first).not.toMatch(halfACharacter);
      expect(tokensOf(first)).toBeLessThanOrEqual(limit);
      if (tokensOf(given) <= limit) expect(first).toBe(given);
    }),
  );
});
