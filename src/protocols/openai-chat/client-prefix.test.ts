/** Rule 4 for Chat clients: a longer history begins, in the neutral form and at the upstream, as the shorter one did. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadCaptures } from "../../../test/support/captures.ts";
import { MESSAGES } from "../../../test/support/chat-bodies.ts";
import { chatClientRequest, decodeMessages, sealer } from "../../../test/support/chat-client.ts";
import { profileFor } from "../../catalog/profiles/index.ts";
import type { JsonObject } from "../../chat/json.ts";
import { LossLedger } from "../../chat/loss.ts";
import { anthropicMessages } from "../anthropic-messages/index.ts";
import { gemini } from "../gemini/index.ts";
import { client } from "./client/index.ts";

const LEGACY: readonly JsonObject[] = [
  { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
  { role: "function", name: "f", content: "a" },
];

test("rules 4 and 5: more messages change nothing in those before", () => {
  const history = fc.array(fc.constantFrom(...MESSAGES, ...LEGACY), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(history, fc.nat(), (messages, cut) => {
      const length = 1 + (cut % messages.length);
      // Nothing but empty messages is refused.
      const asked = { role: "user", content: "hi" };
      const earlier = decodeMessages(asked, ...messages.slice(0, length));
      const later = decodeMessages(asked, ...messages);
      expect(later.turns.slice(0, earlier.turns.length)).toEqual(earlier.turns);
      expect(later.system.slice(0, earlier.system.length)).toEqual(earlier.system);
      expect(later.items.slice(0, earlier.items.length)).toEqual(earlier.items);
    }),
    { numRuns: 300 },
  );
});

const captures = loadCaptures().filter(({ path }) => path.startsWith("/v1/chat/completions"));
const pairs = captures.flatMap((later, i) => {
  const earlier = captures[i - 1];
  return earlier?.session === later.session && later.name.includes("/tool/") ? [[earlier, later] as const] : [];
});

test("there are captured conversations that grow", () => expect(pairs.length).toBeGreaterThan(1));

test.each(
  pairs.flatMap(([earlier, later]) =>
    (
      [
        [gemini.upstream, "gemini", "gemini-3.8-pro", "contents"],
        [anthropicMessages.upstream, "anthropic", "claude-sonnet-4-6", "messages"],
      ] as const
    ).map(([upstream, platform, model, key]) => [later.name, platform, { earlier, later, upstream, model, key }] as const),
  ),
)("rule 4: %s at %s", (_name, platform, { earlier, later, upstream, model, key }) => {
  const encode = (body: JsonObject): JsonObject => {
    const profile = profileFor({ platform, model, protocol: upstream.id });
    const target = { model, profile, issuer: { platform, model, account: "a" }, losses: new LossLedger() };
    return JSON.parse(upstream.encodeRequest(client.decodeRequest(chatClientRequest(body), sealer), target).body) as JsonObject;
  };
  const [before, after] = [encode(earlier.body), encode(later.body)].map(({ [key]: messages, ...rest }) => ({
    messages: messages as readonly unknown[],
    rest,
  }));
  expect(after?.messages.slice(0, before?.messages.length)).toEqual(before?.messages);
  expect(after?.rest).toEqual(before?.rest);
});
