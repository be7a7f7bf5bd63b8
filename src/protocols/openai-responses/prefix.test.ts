/** Rule 4 on neutral histories: one turn more leaves every earlier item, and every tool, as it was. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { call, conversation, result, text, type Said } from "../../../test/support/gemini.ts";
import { issuer, minted, send, type SendOptions } from "../../../test/support/responses-upstream.ts";
import type { Content, Tool } from "../../chat/chat.ts";
import { asString, type JsonObject } from "../../chat/json.ts";
import type { OpaqueState } from "../../chat/state.ts";

const words = fc.constantFrom("hello", "a\nb", "é 😀", "", '{"json":1}');
const state: fc.Arbitrary<OpaqueState> = fc.constantFrom<OpaqueState>(
  minted({ id: "rs_1", summary: ["hello"], encrypted: "sealed" }),
  { ...minted({ summary: [], encrypted: "theirs" }), issuer: { ...issuer, account: "b" } },
  { issuer: { platform: "anthropic" }, kind: "thinking", value: "EqQB" },
);
const image: Content = { type: "media", kind: "image", mediaType: "image/png", source: { base64: "iVBORw0KGgo=" } };
const mark = { cache: { ttl: "5m" } } as const;

/** What the model does after a question: it may think and say something between its calls. */
interface Step {
  readonly thought: readonly [string, OpaqueState | undefined] | undefined;
  readonly said: readonly string[];
  readonly calls: readonly (readonly [id: string, name: string, input: string, content: readonly Content[], failed: boolean])[];
  readonly reversed: boolean;
  readonly dropped: boolean;
  readonly system: string | undefined;
  readonly after: string | undefined;
}

const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
const answer = fc.oneof(
  words.map((said): Content[] => [text(said)]),
  fc.constantFrom<Content[]>(
    [image],
    [],
    [text("see"), image],
    [{ type: "tool-reference", name: "Later" }],
    [{ type: "tool-reference", name: "Latest" }],
  ),
);
const step = fc.record<Step>({
  thought: optional(fc.tuple(words, optional(state))),
  said: fc.array(words, { maxLength: 2 }),
  calls: fc.array(
    // Servers give the same ids again (rule 51).
    fc.tuple(
      fc.constantFrom("call_0", "call_1", "x".repeat(70)),
      fc.constantFrom("Bash", "2nd tool", "Later"),
      fc.constantFrom("{}", "oops"),
      answer,
      fc.boolean(),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  reversed: fc.boolean(),
  dropped: fc.boolean(),
  system: optional(words),
  after: optional(words),
});
const exchange = fc.record({
  ask: fc.array(fc.oneof(words.map(text), fc.constant(image)), { minLength: 1, maxLength: 2 }),
  steps: fc.array(step, { maxLength: 3 }),
  end: fc.tuple(optional(fc.tuple(words, optional(state))), words),
});

function think(thought: Step["thought"]): Content[] {
  if (!thought) return [];
  const [said, own] = thought;
  return [{ type: "reasoning", text: said, ...(own && { state: own }) }];
}

function historyOf(exchanges: readonly { ask: Content[]; steps: Step[]; end: [Step["thought"], string] }[]): Said[] {
  return exchanges.flatMap(({ ask, steps, end: [thought, last] }) => [
    { role: "user", content: [text("Well?"), ...ask] } as const,
    ...steps.flatMap((one): Said[] => {
      const results = one.calls.map(([id, , , content, failed]) => result(id, content, failed)).slice(one.dropped ? 1 : 0);
      const after = one.after === undefined ? [] : [text(one.after)];
      return [
        {
          role: "assistant",
          content: [...think(one.thought), ...one.said.map(text), ...one.calls.map(([id, name, input]) => call(id, name, input))],
        },
        { role: "user", content: [...(one.reversed ? results.toReversed() : results), ...after] },
        ...(one.system === undefined ? [] : [{ role: "system", content: [text(one.system)] } as const]),
      ];
    }),
    { role: "assistant", content: [...think(thought), text(`Done. ${last}`)] } as const,
  ]);
}

const tools: readonly Tool[] = ["Later", "Bash", "2nd tool", "Latest"].map((name, i) => ({
  type: "function",
  name,
  path: `tools[${i}]`,
  inputSchema: { type: "object" },
  ...(name.startsWith("Late") && { deferred: true }),
}));

/** The history as its n-th request: what comes later is cut, and the cache mark stands on the last turn. */
function requestAt(history: readonly Said[], end: number): ReturnType<typeof conversation> {
  const turns = history
    .slice(0, end)
    .map((turn, i) => (i === end - 1 ? { ...turn, content: turn.content.map((content) => ({ ...content, ...mark })) } : turn));
  return conversation(turns, { tools, system: [{ type: "text", text: "rules", turn: -1, path: "system" }] });
}

/** What OpenAI refuses: reasoning that leads to nothing, and calls that have not one result each. */
function expectLawful(input: readonly JsonObject[]): void {
  for (const [i, { type }] of input.entries()) if (type === "reasoning") expect(input[i + 1]?.["role"] ?? "assistant").toBe("assistant");
  expect(input.at(-1)?.["type"]).not.toBe("reasoning");
  const ids = (type: string) => input.flatMap((item) => (item["type"] === type ? [asString(item["call_id"]) ?? ""] : []));
  expect(ids("function_call_output").toSorted()).toEqual(ids("function_call").toSorted());
  expect(new Set(ids("function_call")).size).toBe(ids("function_call").length);
}

const targets: [string, SendOptions][] = [
  ["OpenAI", {}],
  ["OpenAI without tools that come later", { dialect: { additionalTools: false } }],
  ["a model that takes no operator's words in between", { facts: { systemTurns: false } }],
  ["a server of one's own", { model: "some-model", dialect: null, facts: { mediaInToolResults: false } }],
];

test.for(targets)("earlier items stay byte-identical at %s", ([, options]) => {
  fc.assert(
    fc.property(fc.array(exchange, { minLength: 1, maxLength: 4 }), (exchanges) => {
      const history = historyOf(exchanges);
      const ends = history.flatMap(({ role }, i) => (role !== "assistant" && history[i + 1]?.role === "assistant" ? [i + 1] : []));
      let earlier: { input: string[]; tools: string[] } | undefined;
      for (const end of ends) {
        const { text: body, body: parsed } = send(requestAt(history, end), options);
        expect(send(requestAt(history, end), options).text).toBe(body);
        expectLawful(parsed.input);
        const later = {
          input: parsed.input.map((item) => JSON.stringify(item)),
          tools: (parsed.tools ?? []).map((tool) => JSON.stringify(tool)),
        };
        if (earlier) {
          expect(later.input.slice(0, earlier.input.length)).toEqual(earlier.input);
          expect(later.tools.slice(0, earlier.tools.length)).toEqual(earlier.tools);
        }
        earlier = later;
      }
    }),
    { numRuns: 100 },
  );
});
