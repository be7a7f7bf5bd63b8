/** Requests that fill the largest body with the smallest pieces: what they cost must grow as they do. Anything worse takes longer than a test may. */
import { describe, expect, test } from "vitest";
import { outputOf, responsesContext } from "../../../test/support/responses-client.ts";
import { completed, decodeStream, issuer, send } from "../../../test/support/responses-upstream.ts";
import { profileFor } from "../../catalog/profiles/index.ts";
import type { ChatRequest, ProtocolId } from "../../chat/chat.ts";
import { collect } from "../../chat/collect.ts";
import { writeJson, type JsonObject } from "../../chat/json.ts";
import { LossLedger } from "../../chat/loss.ts";
import { createStateSealer } from "../../chat/state.ts";
import { protocols } from "../index.ts";
import { encodeResponse } from "../openai-responses/client/answer.ts";
import type { Protocol } from "../protocol.ts";

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

const tools = many((i) => ({ type: "function", name: `f${i}`, parameters: {} }));

const RESPONSES_TOOLS: Readonly<Record<string, JsonObject>> = {
  "tools that each is called": {
    tools,
    input: [asks, ...many((i) => ({ ...calling(`c${i}`), name: `f${i}` })), ...many((i) => resulting(`c${i}`))],
  },
  "tools that are called alike": { input: [asks], tools: many(() => ({ type: "function", name: "f" })) },
  "groups of one tool": { input: [asks], tools: tools.map((tool, i) => ({ type: "namespace", name: `n${i}`, tools: [tool] })) },
  "free-text tools that each is called": {
    tools: many((i) => ({ type: "custom", name: `f${i}` })),
    input: [asks, ...many((i) => ({ type: "custom_tool_call", call_id: `c${i}`, name: `f${i}`, input: "" }))],
  },
  "commands beside many tools": {
    tools: [...tools, { type: "local_shell" }],
    input: [asks, ...many((i) => ({ type: "local_shell_call", call_id: `c${i}`, action: { type: "exec", command: [] } }))],
  },
  "a choice among many": {
    input: [asks],
    tools,
    tool_choice: { type: "allowed_tools", mode: "auto", tools: many((i) => ({ type: "function", name: `f${i}` })) },
  },
  "tools that one item brings": { input: [asks, { type: "additional_tools", role: "developer", tools }, asks] },
};

const MODELS: Readonly<Partial<Record<ProtocolId, { readonly platform: string; readonly model: string }>>> = {
  "anthropic-messages": { platform: "anthropic", model: "claude-sonnet-4-6" },
  "openai-chat": { platform: "openai", model: "gpt-4.1" },
  "openai-responses": { platform: "openai", model: "gpt-4.1" },
  gemini: { platform: "gemini", model: "gemini-3.8-pro" },
};
const sealer = createStateSealer([Buffer.alloc(32, 1)]);

const shapes = [
  ...Object.entries(CHAT).map(([name, messages]) => ({ from: "openai-chat" as const, name, body: { model: "m", messages } })),
  ...Object.entries(GEMINI).map(([name, contents]) => ({ from: "gemini" as const, name, body: { contents } })),
  ...Object.entries(RESPONSES).map(([name, input]) => ({ from: "openai-responses" as const, name, body: { model: "m", input } })),
];

function decode(from: ProtocolId, body: JsonObject): ChatRequest {
  const client = protocols.get(from)?.client;
  if (!client) throw new Error("no such protocol");
  const route = { operation: "generate" as const, model: "m" };
  return client.decodeRequest({ route, query: new URLSearchParams(), headers: {}, body: Buffer.from(writeJson(body)) }, sealer);
}

function encode(request: ChatRequest, { id, upstream }: Protocol): string {
  const target = MODELS[id];
  if (!target) throw new Error("no such protocol");
  const profile = profileFor({ ...target, protocol: id });
  return upstream.encodeRequest(request, { model: target.model, profile, issuer: target, losses: new LossLedger() }).body;
}

describe.each(shapes)("from $from: $name", ({ from, body }) => {
  test.each([...protocols.values()].filter(({ id }) => id !== from))("to $id", (protocol) => {
    expect(encode(decode(from, body), protocol).length).toBeGreaterThan(MANY);
  });
});

// Gemini takes no such number of tools.
describe.each(Object.entries(RESPONSES_TOOLS))("from openai-responses: %s", (_name, fields) => {
  const request = (): ChatRequest => decode("openai-responses", { model: "m", ...fields });

  test.each([...protocols.values()].filter(({ id }) => id === "anthropic-messages" || id === "openai-chat"))("to $id", (protocol) => {
    expect(encode(request(), protocol).length).toBeGreaterThan(MANY);
  });

  test("to openai-responses, and back", () => {
    const decoded = request();
    expect(send(decoded).text.length).toBeGreaterThan(MANY);
    const calls = many((i) => ({ type: "function_call", id: `fc_${i}`, call_id: "c", name: `f${i}`, arguments: "{}" }));
    const response = collect(decodeStream([completed(calls)], { issuer, request: decoded }));
    const told = encodeResponse(response, { ...responsesContext(), request: decoded });
    expect(new Set(outputOf(told).map(({ call_id: id }) => id)).size).toBe(MANY);
  });
});
