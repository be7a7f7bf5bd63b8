/** Thinking that the client does not want to read (`display: "omitted"`), from upstreams that cannot be told. */
import { expect, test } from "vitest";
import { answerContext, blocksOf, client, clientRequest, encodeStream, sealer } from "../../../test/support/messages.ts";
import type { Content } from "../../chat/chat.ts";
import { replay } from "../../chat/collect.ts";
import type { OpaqueState } from "../../chat/state.ts";

const context = answerContext({ request: { ...answerContext().request, reasoning: { mode: "on", show: false } } });
const plain: OpaqueState = { issuer: { platform: "deepseek" }, kind: "thinking", value: "reasoning_content" };
const call: Content = { type: "tool-call", kind: "function", id: "t1", name: "f", input: "{}" };

test("rule 145: it is not shown, and comes back with its proof to the server that wants it", () => {
  const items: Content[] = [{ type: "reasoning", text: "secret", state: plain }, call];
  const blocks = blocksOf(encodeStream(replay({ items, finish: { reason: "stop" } }), context));
  expect(blocks.map(({ type }) => type)).toEqual(["thinking", "tool_use"]);
  expect(blocks[0]?.["thinking"]).toBe("");
  const messages = [{ role: "assistant", content: blocks }];
  const back = client.decodeRequest(clientRequest({ model: "m", max_tokens: 1, messages }), sealer);
  expect(back.items[0]).toMatchObject({ type: "reasoning", text: "secret" });
  expect(back.items[0]).toHaveProperty("state", plain);
});

test("without proof it leaves no trace", () => {
  const items: Content[] = [
    { type: "reasoning", text: "secret" },
    { type: "text", text: "Hi" },
  ];
  const blocks = blocksOf(encodeStream(replay({ items, finish: { reason: "stop" } }), context));
  expect(blocks).toMatchObject([{ type: "text", text: "Hi" }]);
});
