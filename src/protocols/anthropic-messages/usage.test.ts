import { expect, test } from "vitest";
import type { Usage } from "../../chat/chat.ts";
import { collect } from "../../chat/collect.ts";
import type { ChatEvent } from "../../chat/events.ts";
import { answerContext, client, encodeStream, framesOf } from "../../../test/support/messages.ts";

/** An answer whose upstream counted like this, before or after its text. */
function answer(before: Usage, after: Usage): ChatEvent[] {
  return [
    { type: "start" },
    { type: "usage", usage: before },
    { type: "item-start", index: 0, item: { type: "text", text: "Hi" } },
    { type: "item-end", index: 0 },
    { type: "usage", usage: after },
    { type: "finish", finish: { reason: "stop" } },
  ];
}

/** The prompt's tokens at the beginning and at the end of a stream. */
function told(events: readonly ChatEvent[], estimatedInputTokens?: number): unknown[] {
  const context = answerContext(estimatedInputTokens === undefined ? {} : { estimatedInputTokens });
  const frames = framesOf(encodeStream(events, context)) as unknown as Record<string, Record<string, Record<string, unknown>>>[];
  return [
    (frames[0]?.["message"]?.["usage"] as { input_tokens?: unknown })?.input_tokens,
    frames.find((frame) => (frame["type"] as unknown) === "message_delta")?.["usage"]?.["input_tokens"],
  ];
}

test("rule 260: a prompt that the upstream has not counted yet is estimated, and counted when it has", () => {
  expect(told(answer({}, { input: 70, output: 2 }), 64)).toEqual([64, 70]);
  expect(told(answer({}, { output: 2 }), 64)).toEqual([64, 64]);
  expect(told(answer({ input: 70 }, { output: 2 }), 64)).toEqual([70, 70]);
  expect(told(answer({}, { output: 2 }))).toEqual([0, 0]);
});

test("rule 260: so it is in a whole answer", () => {
  const message = client.encodeResponse(collect(answer({}, { output: 2 })), answerContext({ estimatedInputTokens: 64 }));
  expect(message["usage"]).toMatchObject({ input_tokens: 64, output_tokens: 2 });
});

test("rule 260: nothing is estimated where the upstream counts", () => {
  const context = {
    ...answerContext(),
    get estimatedInputTokens(): number {
      throw new Error("asked for an estimate");
    },
  };
  const told = answer({ input: 7 }, { output: 2 });
  expect(encodeStream(told, context)).toContain("message_stop");
  expect(client.encodeResponse(collect(told), context)["usage"]).toMatchObject({ input_tokens: 7 });
});
