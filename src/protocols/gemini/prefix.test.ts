/** Rule 4 on neutral histories: one turn more leaves every earlier item as it was, on models of each kind. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { call, conversation, issuer, result, send, text, type Said, type SentBody } from "../../../test/support/gemini.ts";
import type { Content, Tool } from "../../chat/chat.ts";
import type { JsonObject } from "../../chat/json.ts";
import type { OpaqueState } from "../../chat/state.ts";

const words = fc.constantFrom("hello", "a\nb", "é 😀", "", '{"json":1}');
const state: fc.Arbitrary<OpaqueState> = fc.constantFrom<OpaqueState>(
  { issuer, kind: "thought-signature", value: "bWluZQ==" },
  { issuer: { platform: "vertex" }, kind: "thought-signature", value: "dGhlaXJz" },
  { issuer: { platform: "anthropic" }, kind: "thinking", value: "EqQB" },
);
const image: Content = { type: "media", kind: "image", mediaType: "image/png", source: { base64: "iVBORw0KGgo=" } };
const mark = { cache: { ttl: "5m" } } as const;

interface Exchange {
  readonly ask: Content[];
  readonly system: string | undefined;
  readonly thought: [string, OpaqueState | undefined] | undefined;
  readonly said: [string, OpaqueState | undefined][];
  readonly steps: {
    readonly calls: [name: string, input: string, state: OpaqueState | undefined, content: Content[], failed: boolean][];
    readonly reversed: boolean;
    readonly dropped: boolean;
    readonly system: string | undefined;
    readonly after: string | undefined;
  }[];
}

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

const exchange = fc.record<Exchange>({
  ask: fc.array(fc.oneof(words.map(text), fc.constant(image)), { minLength: 1, maxLength: 2 }),
  system: fc.option(words, { nil: undefined }),
  thought: fc.option(fc.tuple(words, fc.option(state, { nil: undefined })), { nil: undefined }),
  said: fc.array(fc.tuple(words, fc.option(state, { nil: undefined })), { maxLength: 2 }),
  steps: fc.array(
    fc.record({
      calls: fc.array(
        fc.tuple(
          fc.constantFrom("Bash", "2nd tool", "Later"),
          fc.constantFrom("{}", '{"n":1.0}', "oops"),
          fc.option(state, { nil: undefined }),
          answer,
          fc.boolean(),
        ),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
      reversed: fc.boolean(),
      dropped: fc.boolean(),
      system: fc.option(words, { nil: undefined }),
      after: fc.option(words, { nil: undefined }),
    }),
    { maxLength: 3 },
  ),
});

/** The history as a client would send it at each of its requests: every prefix that ends with the user. */
function historyOf(exchanges: readonly Exchange[]): Said[] {
  let calls = 0;
  return exchanges.flatMap(({ ask, system, thought, said, steps }) => {
    const reminder = (content: string | undefined): Said[] => (content === undefined ? [] : [{ role: "system", content: [text(content)] }]);
    const opening: Said[] = [{ role: "user", content: [text("Well?"), ...ask] }, ...reminder(system)];
    const signed = (content: Content, own: OpaqueState | undefined): Content => ({ ...content, ...(own && { state: own }) });
    const speech = said.map(([spoken, own]) => signed(text(spoken), own));
    const thinking = thought ? [signed({ type: "reasoning", text: thought[0] }, thought[1])] : [];
    const worked = steps.flatMap((step, n): Said[] => {
      const made = step.calls.map(([name, input, own, content, failed]) => ({ id: `c${(calls += 1)}`, name, input, own, content, failed }));
      const results = made.map(({ id, content, failed }) => result(id, content, failed)).slice(step.dropped ? 1 : 0);
      return [
        {
          role: "assistant",
          content: [...(n === 0 ? [...thinking, ...speech] : []), ...made.map(({ id, name, input, own }) => call(id, name, input, own))],
        },
        {
          role: "user",
          content: [...(step.reversed ? results.toReversed() : results), ...(step.after === undefined ? [] : [text(step.after)])],
        },
        ...reminder(step.system),
      ];
    });
    return [...opening, ...worked, { role: "assistant", content: [text("Done."), ...(steps.length === 0 ? speech : [])] }];
  });
}

const tools: readonly Tool[] = ["Later", "Bash", "2nd tool", "Latest"].map((name, i) => ({
  type: "function",
  name,
  path: `tools[${i}]`,
  inputSchema: { type: "object", properties: { n: { type: "number", exclusiveMinimum: 0 } } },
  ...(name.startsWith("Late") && { deferred: true }),
}));

function itemsOf({ contents, systemInstruction, tools: sent = [] }: SentBody): { contents: string[]; system: string; tools: string[] } {
  const declarations = sent.flatMap(({ functionDeclarations }) => (functionDeclarations as JsonObject[] | undefined) ?? []);
  const texts = (values: readonly unknown[]): string[] => values.map((value) => JSON.stringify(value));
  return { contents: texts(contents), system: JSON.stringify(systemInstruction), tools: texts(declarations) };
}

/** The same history as its n-th request: what comes later is cut, and the cache mark stands on the last item. */
function requestAt(history: readonly Said[], end: number): ReturnType<typeof conversation> {
  const turns = history
    .slice(0, end)
    .map((turn, i) => (i === end - 1 ? { ...turn, content: turn.content.map((content) => ({ ...content, ...mark })) } : turn));
  return conversation(turns, { tools, system: [{ type: "text", text: "rules", turn: -1, path: "system" }] });
}

test.for(["gemini-2.5-flash", "gemini-3.8-pro", "gemini-4-argon"])("earlier items stay byte-identical on %s", (model) => {
  fc.assert(
    fc.property(fc.array(exchange, { minLength: 1, maxLength: 4 }), (exchanges) => {
      const history = historyOf(exchanges);
      const ends = history.flatMap(({ role }, i) => (role !== "assistant" && history[i + 1]?.role === "assistant" ? [i + 1] : []));
      let earlier: ReturnType<typeof itemsOf> | undefined;
      for (const end of ends) {
        const chat = requestAt(history, end);
        const { text: body, body: parsed } = send(chat, model);
        expect(send(chat, model).text).toBe(body);
        const later = itemsOf(parsed);
        if (earlier) {
          expect(later.contents.slice(0, earlier.contents.length)).toEqual(earlier.contents);
          expect(later.tools.slice(0, earlier.tools.length)).toEqual(earlier.tools);
          expect(later.system).toBe(earlier.system);
        }
        earlier = later;
        for (const [i, { role, parts }] of parsed.contents.entries()) {
          const made = parts.filter((part) => "functionCall" in part).length;
          if (role === "model" && made > 0) {
            expect(parsed.contents[i - 1]?.role).toBe("user");
            expect(parsed.contents[i + 1]?.parts.filter((part) => "functionResponse" in part)).toHaveLength(made);
          }
        }
      }
    }),
    { numRuns: 150 },
  );
});
