/** Requests that fill the largest body with the smallest pieces: what they cost must grow as they do. Anything worse takes longer than a test may. */
import { describe, expect, test } from "vitest";
import { profileFor } from "../../catalog/profiles/index.ts";
import type { ProtocolId } from "../../chat/chat.ts";
import { writeJson, type JsonObject } from "../../chat/json.ts";
import { LossLedger } from "../../chat/loss.ts";
import { createStateSealer } from "../../chat/state.ts";
import { protocols } from "../index.ts";

const MANY = 20_000;

function many(make: (i: number) => JsonObject): JsonObject[] {
  return Array.from({ length: MANY }, (_, i) => make(i));
}

const user = { role: "user", content: "a" };
const called = (id: string): JsonObject => ({ id, type: "function", function: { name: "f", arguments: "{}" } });
const answered = (id: string): JsonObject => ({ role: "tool", tool_call_id: id, content: "r" });

const CHAT: Readonly<Record<string, readonly JsonObject[]>> = {
  "instructions only": [...many(() => ({ role: "system", content: "s" })), user],
  "a long talk": many((i) => ({ role: i % 2 === 0 ? "user" : "assistant", content: "a" })),
  "calls that nobody answers": [user, ...many((i) => ({ role: "assistant", tool_calls: [called(`c${i}`)] })), user],
  "one answer of many calls": [user, { role: "assistant", tool_calls: many((i) => called(`c${i}`)) }, ...many((i) => answered(`c${i}`))],
  "one id for all calls": [user, { role: "assistant", tool_calls: many(() => called("c")) }, ...many(() => answered("c"))],
  "calls of the old form": [
    user,
    ...many(() => ({ role: "assistant", function_call: { name: "f", arguments: "{}" } })),
    ...many(() => ({ role: "function", name: "f", content: "r" })),
  ],
};

const asked = { role: "user", parts: [{ text: "a" }] };
const calls = { role: "model", parts: many(() => ({ functionCall: { name: "f" } })) };

const GEMINI: Readonly<Record<string, readonly JsonObject[]>> = {
  "results of nothing": [asked, calls, { role: "user", parts: many(() => ({ functionResponse: { name: "g", response: {} } })) }],
  "results in order": [asked, calls, { role: "user", parts: many(() => ({ functionResponse: { name: "f", response: {} } })) }],
  "results from the last to the first": [
    asked,
    { role: "model", parts: many((i) => ({ functionCall: { id: `c${i}`, name: "f" } })) },
    { role: "user", parts: many((i) => ({ functionResponse: { id: `c${MANY - 1 - i}`, name: "f", response: {} } })) },
  ],
};

const asks = { role: "user", content: "a" };
const calling = (id: string): JsonObject => ({ type: "function_call", call_id: id, name: "f", arguments: "{}" });
const resulting = (id: string): JsonObject => ({ type: "function_call_output", call_id: id, output: "r" });
const bringing = (name: string): JsonObject => ({
  type: "additional_tools",
  role: "developer",
  tools: [{ type: "function", name, parameters: {} }],
});

const RESPONSES: Readonly<Record<string, readonly JsonObject[]>> = {
  "instructions only": [...many(() => ({ role: "developer", content: "s" })), asks],
  "a long talk": many((i) => ({ role: i % 2 === 0 ? "user" : "assistant", content: "a" })),
  "thoughts without words": [
    ...many(() => asks),
    ...many(() => ({ type: "reasoning", summary: [{ type: "summary_text", text: "t" }], encrypted_content: "gAAAA" })),
  ],
  "calls that nobody answers": [asks, ...many((i) => calling(`c${i}`)), asks],
  "one id for all calls": [asks, ...many(() => calling("c")), ...many(() => resulting("c"))],
  "results from the last to the first": [asks, ...many((i) => calling(`c${i}`)), ...many((i) => resulting(`c${MANY - 1 - i}`))],
  "tools that come later": many((i) => (i % 2 === 0 ? asks : bringing(`f${i % 100}`))),
};

const MODELS: Readonly<Partial<Record<ProtocolId, { readonly platform: string; readonly model: string }>>> = {
  "anthropic-messages": { platform: "anthropic", model: "claude-sonnet-4-6" },
  "openai-chat": { platform: "openai", model: "gpt-4.1" },
  "openai-responses": { platform: "openai", model: "gpt-4.1" },
  gemini: { platform: "gemini", model: "gemini-3.8-pro" },
};
const sealer = createStateSealer([Buffer.alloc(32, 1)]);

const shapes = [
  ...Object.entries(CHAT).map(([name, messages]) => ({ from: "openai-chat", name, body: { model: "m", messages } })),
  ...Object.entries(GEMINI).map(([name, contents]) => ({ from: "gemini", name, body: { contents } })),
  ...Object.entries(RESPONSES).map(([name, input]) => ({ from: "openai-responses", name, body: { model: "m", input } })),
];

describe.each(shapes)("from $from: $name", ({ from, body }) => {
  test.each([...protocols.values()].filter(({ id }) => id !== from))("to $id", ({ id, upstream }) => {
    const client = protocols.get(from)?.client;
    const target = MODELS[id];
    if (!client || !target) throw new Error("no such protocol");
    const route = { operation: "generate" as const, model: "m" };
    const request = { route, query: new URLSearchParams(), headers: {}, body: Buffer.from(writeJson(body)) };
    const decoded = client.decodeRequest(request, sealer);
    const encoded = upstream.encodeRequest(decoded, {
      model: target.model,
      profile: profileFor({ ...target, protocol: id }),
      issuer: target,
      losses: new LossLedger(),
    });
    expect(encoded.body.length).toBeGreaterThan(MANY);
  });
});
