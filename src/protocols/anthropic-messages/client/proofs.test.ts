/** Opaque state goes out to a Messages client in the blocks that it sends back (rules 126, 131, 142, 274). */
import { expect, test } from "vitest";
import { answer, call, text, thought } from "../../../../test/support/answers.ts";
import { anthropic, answerContext, blocksOf, encodeStream, replayed, sealer, shape, upstream } from "../../../../test/support/messages.ts";
import { replay } from "../../../chat/collect.ts";
import type { ChatEvent } from "../../../chat/events.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { LossLedger } from "../../../chat/loss.ts";
import { ENVELOPE_PREFIX, type OpaqueState } from "../../../chat/state.ts";
import { scanObject } from "../../../wire/json-scan.ts";

const start: ChatEvent = { type: "start" };
const stop: ChatEvent = { type: "finish", finish: { reason: "stop" } };
const signature: OpaqueState = { issuer: { platform: "gemini", account: "a" }, kind: "thought-signature", value: "c2ln" };

const opened = (stream: string): string[] =>
  blocksOf(stream).map((block) => sealer.open((block["signature"] as string | undefined) ?? "")?.binds ?? "");

test("rule 274: its own signature comes last in a thinking block, raw when Claude minted it", () => {
  const claude: OpaqueState = { issuer: { platform: "anthropic" }, kind: "thinking", value: "c2ln" };
  const events: ChatEvent[] = [
    start,
    { type: "item-start", index: 0, item: thought("") },
    { type: "delta", index: 0, text: "hm" },
    { type: "item-end", index: 0, state: claude },
    stop,
  ];
  const stream = encodeStream(events);
  expect(shape(stream).slice(1, 5)).toEqual([
    "content_block_start 0 thinking",
    "content_block_delta 0 thinking_delta",
    "content_block_delta 0 signature_delta",
    "content_block_stop 0",
  ]);
  expect(blocksOf(stream)).toEqual([{ type: "thinking", thinking: "hm", signature: "c2ln" }]);
});

test("rule 131: a thought without proof is marked, so that no relay gives it to a vendor that wants one", () => {
  const [block] = blocksOf(encodeStream(replay(answer([thought("hm"), text("Hi")]))));
  expect(block).toMatchObject({ type: "thinking", thinking: "hm", signature: expect.stringContaining(ENVELOPE_PREFIX) });
  expect(replayed([block as JsonObject])).toEqual([thought("hm")]);
  const body = { model: "m", messages: [{ role: "assistant", content: [block, { type: "text", text: "Hi" }] }] };
  const bytes = Buffer.from(JSON.stringify(body));
  const losses = new LossLedger();
  const relayed = upstream
    .relayBody(bytes, scanObject(bytes), { model: "m", issuer: anthropic, sealer, losses, mintedBy: () => undefined })
    .toString();
  expect(losses.losses).toEqual([{ code: "foreign-reasoning", path: "messages[0].content[0]", severity: "info" }]);
  expect(relayed).toBe('{"model":"m","messages":[{"role":"assistant","content":[{"type":"text","text":"Hi"}]}]}');
});

test("rule 126: a thought without words keeps its signature, a redacted one its data", () => {
  const claude: OpaqueState = { issuer: { platform: "anthropic" }, kind: "thinking", value: "c2ln" };
  const redacted: OpaqueState = { issuer: { platform: "anthropic" }, kind: "redacted-thinking", value: "cmVk" };
  expect(blocksOf(encodeStream(replay(answer([thought("", claude), thought("", redacted)]))))).toEqual([
    { type: "thinking", thinking: "", signature: "c2ln" },
    { type: "redacted_thinking", data: "cmVk" },
  ]);
});

test("the thinking block before a call or text carries its state", () => {
  expect(opened(encodeStream(replay(answer([thought("hm"), call("t", "{}", signature), call("u", "{}")]))))).toEqual(["next-call", "", ""]);
  expect(opened(encodeStream(replay(answer([thought("hm"), text("a", signature)]))))).toEqual(["next-text", ""]);
});

test("without one, an empty thinking block does", () => {
  const stream = encodeStream(replay(answer([text("a"), call("t", "{}", signature)])));
  expect(shape(stream).slice(4, 7)).toEqual([
    "content_block_start 1 thinking",
    "content_block_delta 1 signature_delta",
    "content_block_stop 1",
  ]);
  expect(opened(stream)).toEqual(["", "next-call", ""]);
});

test("a thought that has proof of its own gives none of its place away", () => {
  expect(opened(encodeStream(replay(answer([thought("hm", signature), call("t", "{}", signature)]))))).toEqual(["self", "next-call", ""]);
});

const lateText = (state: OpaqueState): ChatEvent[] => [
  start,
  { type: "item-start", index: 0, item: text("") },
  { type: "delta", index: 0, text: "a" },
  { type: "item-end", index: 0, state },
];

test("rule 142: proof of an empty text, or of one that has been sent, stands alone", () => {
  expect(opened(encodeStream(replay(answer([thought("hm"), text("", signature)]))))).toEqual(["alone"]);
  const followed: ChatEvent[] = [
    ...lateText(signature),
    { type: "item-start", index: 1, item: call("t", "{}") },
    { type: "item-end", index: 1 },
  ];
  expect(opened(encodeStream([...followed, stop]))).toEqual(["", "alone", ""]);
});

test("an answer that ends in text has no block behind it", () => {
  for (const events of [[...lateText(signature), stop], replay(answer([text("a"), text("", signature)]))]) {
    const context = answerContext();
    expect(blocksOf(encodeStream(events, context))).toEqual([{ type: "text", text: "a" }]);
    expect(context.losses.losses).toEqual([{ code: "trailing-state", path: "answer.text", severity: "info" }]);
  }
});

test("proof that comes after its call is a loss", () => {
  const context = answerContext();
  encodeStream(
    [start, { type: "item-start", index: 0, item: call("t", "") }, { type: "item-end", index: 0, state: signature }, stop],
    context,
  );
  expect(context.losses.losses).toEqual([{ code: "late-call-state", path: "answer.tool-call", severity: "semantic" }]);
});
