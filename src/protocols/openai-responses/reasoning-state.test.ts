import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStateSealer } from "../../chat/state.ts";
import {
  packReasoning,
  readReasoningItem,
  shownReasoning,
  unpackReasoning,
  writeReasoningItem,
  type ReasoningItem,
} from "./reasoning-state.ts";

const issuer = { platform: "openai", model: "m", account: "a" };

/** What comes back of an item whose text and state a client kept apart. */
function replayed(item: ReasoningItem, shown = shownReasoning(item), kept = shown): ReasoningItem | undefined {
  const state = packReasoning(item, shown, issuer);
  return state && unpackReasoning(state, kept);
}

describe("rules 133 and 161: the very item goes back", () => {
  const texts = fc.array(fc.constantFrom("", "**One**\n\ntwo", "\n\n", "é 😀", "three"), { maxLength: 4 });
  test("however its text was divided, and wherever it stood", () => {
    fc.assert(
      fc.property(
        texts,
        fc.option(fc.array(fc.constantFrom("word", "", "b\n\nc"), { minLength: 1 }), { nil: undefined }),
        (summary, content) => {
          const item = { id: "rs_1", summary, ...(content && { content }), encrypted: "gAAAA=" };
          expect(replayed(item)).toEqual(item);
          expect(readReasoningItem(writeReasoningItem(item, true))).toEqual(item);
        },
      ),
    );
  });

  test("through an envelope", () => {
    const sealer = createStateSealer([Buffer.alloc(32, 1)]);
    const item = { id: "rs_1", summary: ["a", "b"], encrypted: "gAAAA=" };
    const state = packReasoning(item, "a\n\nb", issuer);
    const opened = state && sealer.open(sealer.seal({ state, binds: "self" }));
    expect(opened && unpackReasoning(opened.state, "a\n\nb")).toEqual(item);
  });

  test("when its content streamed although it has a summary", () => {
    const item = { summary: ["in short"], content: ["word for word", "and on"], encrypted: "e" };
    expect(replayed(item, "word for word\n\nand on")).toEqual(item);
    expect(replayed(item, "something else")).toEqual(item);
  });

  test("the text itself is kept once only", () => {
    const text = "a long thought";
    expect(packReasoning({ summary: [text], encrypted: "e" }, text, issuer)?.value).not.toContain(text);
  });
});

test("a text that was changed is the whole summary, a lost one is none", () => {
  const item = { summary: ["a", "b"], encrypted: "e" };
  expect(replayed(item, "a\n\nb", "changed")).toEqual({ summary: ["changed"], encrypted: "e" });
  expect(replayed(item, "a\n\nb", "")).toEqual({ summary: [], encrypted: "e" });
});

test("rule 134: there is nothing to prove without encrypted content, except what stands there word for word", () => {
  expect(packReasoning({ id: "rs_1", summary: ["a"] }, "a", issuer)).toBeUndefined();
  const plain = { summary: [], content: ["thought"] };
  expect(packReasoning(plain, "thought", issuer)).toMatchObject({ kind: "thinking", issuer: { platform: "openai", model: "m" } });
  expect(replayed(plain)).toEqual(plain);
});

test("encrypted content as a client of the protocol sends it is taken as it is", () => {
  const raw = { issuer, kind: "encrypted-reasoning", value: "gAAAAABo" } as const;
  expect(unpackReasoning(raw, "a\n\nb")).toEqual({ summary: ["a\n\nb"], encrypted: "gAAAAABo" });
  expect(unpackReasoning({ ...raw, value: "{broken" }, "")).toEqual({ summary: [], encrypted: "{broken" });
});
