import { createHash, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StateMint, type StateHolder, type StateMeaning } from "./binding.ts";

const key = randomBytes(32);
const holder: StateHolder = { vendor: "anthropic", account: "k1", model: "m1" };
const prefixOf = (text: string): Buffer => createHash("sha256").update(text).digest();
const meaning: StateMeaning = { kind: "thinking", signed: "Hm.", prefix: prefixOf("before") };
const state = new StateMint(key, holder).mint(meaning, "seed");

test.each<[string, Partial<StateHolder>, Partial<StateMeaning>, string | undefined]>([
  ["as it was minted", {}, {}, undefined],
  ["to another vendor", { vendor: "gemini" }, {}, "foreign"],
  ["as another kind", {}, { kind: "redacted" }, "foreign"],
  ["to another account", { account: "k2" }, {}, "account"],
  ["to another model", { model: "m2" }, {}, "model"],
  ["beside another text", {}, { signed: "Hm!" }, "text"],
  ["behind something else", {}, { prefix: prefixOf("before that") }, "prefix"],
])("state that comes back %s", (_how, otherHolder, otherMeaning, flaw) => {
  const mint = new StateMint(key, { ...holder, ...otherHolder });
  expect(mint.flawOf(state, { ...meaning, ...otherMeaning })).toBe(flaw);
});

test("another simulator's key verifies nothing", () => {
  expect(new StateMint(randomBytes(32), holder).flawOf(state, meaning)).toBe("foreign");
});

test("state with any byte changed is refused, and so is any other text", () => {
  const bytes = Buffer.from(state, "base64");
  const mint = new StateMint(key, holder);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const forged = Buffer.from(bytes);
      forged[at] = (forged[at] as number) ^ change;
      expect(mint.flawOf(forged.toString("base64"), meaning)).toBe("foreign");
    }),
  );
  fc.assert(
    fc.property(fc.string(), (other) => {
      expect(mint.flawOf(other, meaning)).toBe("foreign");
    }),
  );
});

test("each vendor's looks like that vendor's own", () => {
  const beginning = (vendor: StateHolder["vendor"]): string => new StateMint(key, { ...holder, vendor }).mint(meaning, "seed").slice(0, 5);
  expect(beginning("anthropic")).toMatch(/^E/);
  expect(beginning("gemini")).toMatch(/^C/);
  expect(beginning("openai")).toBe("gAAAA");
});
