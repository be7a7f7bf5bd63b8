import { describe, expect, test } from "vitest";
import { chatRequest, encodeTarget, upstream } from "../../../../test/support/messages.ts";
import { loadRecordings } from "../../../../test/support/recordings.ts";
import { collect } from "../../../chat/collect.ts";
import { parseJson, type JsonObject } from "../../../chat/json.ts";
import { SseReader } from "../../../wire/sse.ts";

const paused = loadRecordings("anthropic-messages").find(({ response }) => response.sse?.includes('"pause_turn"'));

/** The blocks of a stream, put together as clients do. */
function blocksOf(sse: string): JsonObject[] {
  const blocks: Record<string, unknown>[] = [];
  const json: string[] = [];
  for (const { data } of new SseReader().push(Buffer.from(sse))) {
    const {
      index = 0,
      content_block: block,
      delta,
    } = JSON.parse(data) as { index?: number; content_block?: object; delta?: Record<string, string> };
    if (block) blocks[index] = { ...block };
    const open = blocks[index];
    if (!delta || !open || data.includes('"message_delta"')) continue;
    if (delta["type"] === "text_delta") open["text"] = `${open["text"] as string}${delta["text"]}`;
    if (delta["type"] === "thinking_delta") open["thinking"] = `${open["thinking"] as string}${delta["thinking"]}`;
    if (delta["type"] === "signature_delta") open["signature"] = delta["signature"];
    if (delta["type"] === "input_json_delta") json[index] = (json[index] ?? "") + delta["partial_json"];
  }
  for (const [index, text] of json.entries()) if (text) (blocks[index] as Record<string, unknown>)["input"] = JSON.parse(text);
  return blocks as JsonObject[];
}

describe("rule 227: what paused is said back", () => {
  const first = {
    path: "/v1/messages",
    headers: ["a", "b"],
    body: '{"model":"m","messages":[{"role":"user","content":"q"}],"stream":true}',
  };

  test("as it was recorded, block for block", () => {
    const decoder = upstream.streamDecoder({ request: chatRequest({}), issuer: { platform: "anthropic" } });
    const frames = new SseReader().push(paused?.response.bytes ?? Buffer.alloc(0));
    const said = collect([...frames.flatMap((frame) => [...decoder.push(frame)]), ...decoder.end()]);
    const next = upstream.continueRequest(first, said, encodeTarget());
    const blocks = blocksOf(paused?.response.sse ?? "");
    expect(blocks.length).toBeGreaterThan(20);
    expect({ ...next, body: parseJson(next?.body ?? "") }).toEqual({
      ...first,
      body: {
        model: "m",
        messages: [
          { role: "user", content: "q" },
          { role: "assistant", content: blocks },
        ],
        stream: true,
      },
    });
  });

  test("in the container that its tools ran in", () => {
    const finish = {
      reason: "pause",
      native: { protocol: "anthropic-messages", fields: { container: { id: "container_1", expires_at: "x" } } },
    } as const;
    const next = upstream.continueRequest(first, { finish, items: [{ type: "text", text: "I compute." }] }, encodeTarget());
    expect(parseJson(next?.body ?? "")).toMatchObject({ container: "container_1" });
  });

  test("unless it did not pause, or said nothing", () => {
    const items = [{ type: "text", text: "a" }] as const;
    expect(upstream.continueRequest(first, { finish: { reason: "stop" }, items }, encodeTarget())).toBeUndefined();
    expect(upstream.continueRequest(first, { finish: { reason: "pause" }, items: [] }, encodeTarget())).toBeUndefined();
  });
});
