/** Rule 4, for Gemini's clients: one turn more leaves every earlier message to Claude as it was, made-up ids included (rules 5, 52). */
import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, model, sealer, user } from "../../../test/support/gemini-client.ts";
import { encodeTarget } from "../../../test/support/messages.ts";
import { loadCaptures } from "../../../test/support/captures.ts";
import { anthropicMessages } from "../anthropic-messages/index.ts";
import { sealSignature } from "./state.ts";

interface Sent {
  readonly system?: unknown;
  readonly tools?: readonly unknown[];
  readonly messages: readonly unknown[];
}

function translate(body: unknown): Sent {
  const request = decode(body);
  const once = anthropicMessages.upstream.encodeRequest(request, encodeTarget()).body;
  expect(anthropicMessages.upstream.encodeRequest(decode(body), encodeTarget()).body).toBe(once);
  return JSON.parse(once) as Sent;
}

function expectPrefix(earlier: Sent, later: Sent): void {
  expect(later.messages.slice(0, earlier.messages.length)).toEqual(earlier.messages);
  expect([later.system, later.tools]).toEqual([earlier.system, earlier.tools]);
}

const proof = sealSignature([{ issuer: { platform: "anthropic" }, kind: "thinking", value: "sig" }], sealer) as string;
const signature = fc.constantFrom(
  {},
  { thoughtSignature: proof },
  { thoughtSignature: "AbC=" },
  { thoughtSignature: "skip_thought_signature_validator" },
);
const words = fc.constantFrom("hello", "é 😀", "", "a\nb");
const said = fc
  .tuple(fc.record({ text: words }), fc.constantFrom({}, { thought: true }), signature)
  .map(([a, b, c]) => ({ ...a, ...b, ...c }));
const name = fc.constantFrom("f", "g", "2nd.tool");
const id = fc.constantFrom({}, { id: "call:1|x" }, { id: "toolu_2" });
const call = fc
  .tuple(name, id, fc.nat(2), signature)
  .map(([name, id, n, more]) => ({ functionCall: { ...id, name, args: { n } }, ...more }));
const exchange = fc.record({
  question: words,
  parts: fc.array(fc.oneof(said, call), { minLength: 1, maxLength: 4 }),
  answered: fc.boolean(),
});

test("rules 4, 5, 52: generated histories: every request is a prefix of the next", () => {
  fc.assert(
    fc.property(fc.array(exchange, { minLength: 1, maxLength: 4 }), (exchanges) => {
      const contents: object[] = [user({ text: "begin" })];
      let earlier: Sent | undefined;
      for (const { question, parts, answered } of exchanges) {
        const results = parts.flatMap((part) => {
          if (!("functionCall" in part)) return [];
          const { args: _args, ...called } = part.functionCall;
          return [{ functionResponse: { ...called, response: { output: "done" } } }];
        });
        // An answer without a word would leave two turns of the user's side by side.
        contents.push(model({ text: "ok" }, ...parts), user(...(answered ? results : []), { text: `${question}.` }));
        const later = translate({
          contents,
          systemInstruction: "Be brief.",
          tools: [{ functionDeclarations: [{ name: "f" }, { name: "g" }] }],
        });
        if (earlier) expectPrefix(earlier, later);
        earlier = later;
      }
    }),
    { numRuns: 300 },
  );
});

const sessions = Map.groupBy(
  loadCaptures().filter(({ path }) => path.includes("treamGenerateContent")),
  ({ session }) => session,
);
const grown = [...sessions].flatMap(([session, requests]) => {
  const lengthOf = ({ body }: (typeof requests)[0]): number => (body["contents"] as readonly unknown[]).length;
  return requests.flatMap((later, i) => {
    const earlier = requests.slice(0, i).findLast((one) => {
      const prefix = (later.body["contents"] as readonly unknown[]).slice(0, lengthOf(one));
      return lengthOf(one) < lengthOf(later) && JSON.stringify(prefix) === JSON.stringify(one.body["contents"]);
    });
    return earlier ? [[session, earlier, later] as const] : [];
  });
});

test("there are captured sessions that grow", () => expect(grown.length).toBeGreaterThan(3));

test.each(grown)("rules 4, 376: captured session %s", (_session, earlier, later) => {
  expectPrefix(translate(earlier.body), translate(later.body));
});
