import { expect, test } from "vitest";
import { chatRequest, claude, conversation, encodeMessages as encode, encodeTarget, upstream } from "../../../../test/support/messages.ts";
import type { Content, Item, Tool, Turn } from "../../../chat/chat.ts";

const text = (value: string): Content => ({ type: "text", text: value });

test("rule 202: no addresses of persons", () => {
  expect(encode({ endUser: "user-7" }).body["metadata"]).toEqual({ user_id: "user-7" });
  expect(encode({ endUser: "a@b.example" }).body["metadata"]).toBeUndefined();
  expect(encode({ endUser: "+1 555 0100" }).losses).toEqual(["end-user"]);
});

test("rules 45, 431: one version whatever the request, and the betas that the body needs, in one order", () => {
  const version = ["anthropic-version", "2023-06-01"];
  expect(encode({}).headers).toEqual(version);
  expect(encode({ sampling: { temperature: 0.5 } }, claude("claude-sonnet-4")).headers).toEqual(version);
  const deferred: Tool = { type: "function", path: "t", name: "f", inputSchema: {}, deferred: true };
  const turns: Turn[] = [{ role: "user" }, { role: "system", effort: "low" }];
  expect(encode({ tools: [deferred], turns, items: [{ ...text("q"), turn: 0, path: "q" }] }).headers.slice(2)).toEqual([
    "anthropic-beta",
    "advanced-tool-use-2025-11-20,per-turn-control-2026-07-01",
  ]);
});

test("a system prompt is text, whatever else was in it", () => {
  const image: Item = { type: "media", kind: "image", source: { base64: "iVBORw0KGgo=" }, turn: -1, path: "messages[0].content[1]" };
  const { body, losses } = encode({ system: [{ ...text("a"), turn: -1, path: "messages[0].content[0]" }, image] });
  expect(body["system"]).toEqual([text("a")]);
  expect(losses).toEqual(["system-content"]);
});

test("rules 199, 200, 204: what has no field is on the ledger, a second answer refused", () => {
  expect(encode({ choices: 2 }).losses).toEqual(["multiple-choices"]);
  expect(encode({ logprobs: { alternatives: 2 } }).losses).toEqual(["logprobs"]);
  const native = { protocol: "openai-chat", fields: { service_tier: "auto", logit_bias: { "1": 2 } } } as const;
  expect(encode({ native }).losses).toEqual(["native-field"]);
  expect(encode({ native: { ...native, fields: { service_tier: "flex" } } }).losses).toEqual(["native-field"]);
  expect(encode({ cacheKey: "k" }).losses).toEqual(["cache-mark"]);
});

test("a count is asked for with what a prompt is made of, and nothing else", () => {
  const request = {
    ...chatRequest({}),
    ...conversation(["user", text("q")]),
    sampling: { temperature: 0.5 },
    stop: ["x"],
    endUser: "u",
    stream: true,
    tools: [{ type: "function", path: "t", name: "f", inputSchema: {} } as const],
    toolChoice: { mode: "required" } as const,
  };
  const { path, body } = upstream.encodeTokenCount(request, encodeTarget(claude("claude-sonnet-4")));
  expect(path).toBe("/v1/messages/count_tokens");
  expect(Object.keys(JSON.parse(body) as object)).toEqual(["model", "messages", "tools", "tool_choice"]);
});
