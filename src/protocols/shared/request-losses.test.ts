/** What a target's protocol has no word for is said otherwise, or is on the ledger: every field of a request, at every protocol. */
import { expect, test } from "vitest";
import { profileFor } from "../../catalog/profiles/index.ts";
import type { ChatRequest, Content, ProtocolId, Tool } from "../../chat/chat.ts";
import { LossLedger } from "../../chat/loss.ts";
import { protocols } from "../index.ts";

const PNG = "iVBORw0KGgo=";
const MODELS: Readonly<Partial<Record<ProtocolId, { readonly platform: string; readonly model: string }>>> = {
  "anthropic-messages": { platform: "anthropic", model: "claude-sonnet-4-6" },
  "openai-chat": { platform: "openai-compatible", model: "some-model" },
  "openai-responses": { platform: "openai-compatible", model: "some-model" },
  gemini: { platform: "gemini", model: "gemini-3.8-pro" },
};
const tool: Tool = { type: "function", path: "tools[0]", name: "f", inputSchema: { type: "object" } };
const pdf = { type: "media", kind: "document", mediaType: "application/pdf", source: { base64: "JVBERi0x" } } as const;

const ASKED = { type: "text", text: "hi", turn: 0, path: "messages[0]" } as const;

function said(content: Content): Partial<ChatRequest> {
  return { items: [ASKED, { ...content, turn: content.type === "tool-call" ? 1 : 0, path: "messages[0]" }] };
}

const FIELDS: readonly (readonly [name: string, fields: Partial<ChatRequest>, carried: RegExp, losses: RegExp])[] = [
  ["the key of a cache", { cacheKey: "key-1" }, /prompt_cache_key/, /^cache-mark/],
  ["the name of a format", { outputFormat: { type: "json-schema", name: "form_1", schema: {} } }, /form_1/, /^output-format-name/],
  ["a cache mark of a tool", { tools: [{ ...tool, cache: {} }] }, /"cache_control"/, /^cache-mark/],
  [
    "what a group of tools is for",
    { tools: [{ ...tool, namespace: { name: "group_1", tool: "f", description: "Looks up." } }] },
    /Looks up/,
    /^namespace-description/,
  ],
  ["how long to answer", { verbosity: "low" }, /"verbosity":"low"/, /^verbosity/],
  ["the name of a picture", said({ type: "media", kind: "image", source: { base64: PNG }, title: "fig-1.png" }), /fig-1\.png/, /./],
  ["how closely to look at a document", said({ ...pdf, detail: "high" }), /MEDIA_RESOLUTION_HIGH/, /^media-(detail|type)/],
  ["a summary in place of the history", { compaction: true }, /compaction_trigger/, /^compaction-request/],
  ["several answers", { choices: 2 }, /"n":2/, /^multiple-choices/],
  ["probabilities", { logprobs: { alternatives: 2 } }, /ogprobs"/, /^logprobs/],
  ["who asks", { endUser: "user-1" }, /"user|"metadata/, /^end-user/],
  ["a seed", { sampling: { seed: 77 } }, /77/, /^sampling-ignored/],
  ["no more than one call", { tools: [tool], parallelToolCalls: false }, /parallel/, /^parallel-tool-calls/],
];

const cases = FIELDS.flatMap(([name, fields, carried, losses]) =>
  [...protocols.values()].map((protocol) => ({ name, fields, carried, losses, id: protocol.id, protocol })),
);

test.each(cases)("$name, at $id", ({ id, protocol, fields, carried, losses: expected }) => {
  const model = MODELS[id];
  if (!model) throw new Error("no such protocol");
  const losses = new LossLedger();
  const request: ChatRequest = {
    model: "m",
    stream: false,
    system: [],
    turns: [{ role: "user" }, { role: "assistant" }],
    items: [ASKED],
    tools: [],
    sampling: {},
    ...fields,
  };
  const target = { model: model.model, profile: profileFor({ ...model, protocol: id }), issuer: model, losses };
  const { body } = protocol.upstream.encodeRequest(request, target);
  const lost = losses.losses.some(({ code }) => expected.test(code));
  expect(lost || carried.test(body)).toBe(true);
});
