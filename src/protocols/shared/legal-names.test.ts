import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatRequest, Tool } from "../../chat/chat.ts";
import { callersName, legalName, type NameLaw } from "./legal-names.ts";

const SHORT: NameLaw = { legal: /^[a-zA-Z0-9_-]{1,64}$/, illegal: /[^a-zA-Z0-9_-]/g, maxLength: 64 };
const WORDLY: NameLaw = { legal: /^[A-Za-z_][A-Za-z0-9_]{0,19}$/, illegal: /[^A-Za-z0-9_]/g, start: /^[A-Za-z_]/, maxLength: 20 };

const name = fc.oneof(fc.string({ unit: "grapheme", minLength: 1 }), fc.stringMatching(/^[a-z0-9._/]{1,90}$/));

test("rules 70–72: every name has a legal form of its own, by that name alone, and comes back from it", () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 6 }), fc.constantFrom(SHORT, WORDLY), (names, law) => {
      const wires = names.map((given) => legalName(given, law));
      for (const wire of wires) expect(wire).toMatch(law.legal);
      expect(new Set(wires).size).toBe(names.length);
      const tools = names.map((given, i): Tool => ({ type: "function", name: given, path: `tools[${i}]`, inputSchema: {} }));
      expect(wires.map((wire) => callersName({ tools } as unknown as ChatRequest, wire, law))).toEqual(names);
      expect(names.toReversed().map((given) => legalName(given, law))).toEqual(wires.toReversed());
    }),
  );
});

test("a legal name stays, and a name nobody offered is nobody's", () => {
  expect(legalName("read_file", SHORT)).toBe("read_file");
  expect(legalName("1st", WORDLY)).toMatch(/^_1st_[0-9a-f]{8}$/);
  expect(callersName(undefined, "x", SHORT)).toBeUndefined();
});
