/** What becomes of each feature in each pair of protocols: found out by sending it through the decoders and encoders. */
import { profileFor } from "../../src/catalog/profiles/index.ts";
import type { ChatResponse, Content, MediaContent, ProtocolId } from "../../src/chat/chat.ts";
import { GatewayError } from "../../src/chat/error.ts";
import { writeJson, type JsonObject } from "../../src/chat/json.ts";
import { LOSS_KINDS, type LossKind } from "../../src/chat/loss-codes.ts";
import { LossLedger, type Loss } from "../../src/chat/loss.ts";
import { createStateSealer, type OpaqueState } from "../../src/chat/state.ts";
import { wantedMedia, withInlineMedia } from "../../src/pipeline/media.ts";
import type { Profile } from "../../src/protocols/profile.ts";
import { protocols } from "../../src/protocols/index.ts";
import { providerTypes } from "../../src/providers/index.ts";
import type { ClientRequest, ClientSide, EncodedRequest, Protocol, UpstreamSide } from "../../src/protocols/protocol.ts";
import { CONTENT_FEATURES } from "./content-features.ts";
import { SETTING_FEATURES } from "./setting-features.ts";
import { TOOL_FEATURES } from "./tool-features.ts";

/** A client protocol of the table and an upstream model of each protocol: the newest, as its own vendor serves it. */
export const TARGETS: Readonly<Partial<Record<ProtocolId, { readonly platform: string; readonly model: string }>>> = {
  "anthropic-messages": { platform: "anthropic", model: "claude-opus-5-5" },
  "openai-chat": { platform: "openai", model: "gpt-5.5" },
  "openai-responses": { platform: "openai", model: "gpt-6" },
  gemini: { platform: "gemini", model: "gemini-3.8-pro" },
};

/** People's names for the protocols. */
export const TITLES: Readonly<Record<ProtocolId, string>> = {
  "anthropic-messages": "Messages",
  "openai-chat": "Chat",
  "openai-responses": "Responses",
  gemini: "Gemini",
};

const sealer = createStateSealer([Buffer.alloc(32, 1)]);
/** What a request of each protocol must have besides the feature. */
const MODEL_IN_BODY: Readonly<Partial<Record<ProtocolId, JsonObject>>> = {
  "anthropic-messages": { model: "m", max_tokens: 4096 },
  "openai-chat": { model: "m" },
  "openai-responses": { model: "m" },
};

/** One row: the feature, then a cell for each pair of `pairs()`. */
export interface FidelityRow {
  readonly feature: string;
  readonly cells: readonly string[];
}

/** Client and upstream protocols in the order of the columns; pairs of one protocol are relayed and have no column. */
export function pairs(): { readonly client: ClientSide; readonly upstream: UpstreamSide }[] {
  const all: readonly Protocol[] = [...protocols.values()];
  return all.flatMap(({ client }) =>
    client ? all.filter(({ id }) => id !== client.id).map(({ upstream }) => ({ client, upstream })) : [],
  );
}

/** What becomes of requests. */
export function requestRows(): FidelityRow[] {
  return [...CONTENT_FEATURES, ...TOOL_FEATURES, ...SETTING_FEATURES].map(({ name, bodies }) => ({
    feature: name,
    cells: pairs().map(({ client, upstream }) => {
      const body = bodies[client.id];
      return body ? fate(client, upstream, body) : "";
    }),
  }));
}

function fate(client: ClientSide, upstream: UpstreamSide, body: JsonObject): string {
  const target = TARGETS[upstream.id] as { platform: string; model: string };
  const profile = profileOf(upstream.id, target);
  const losses = new LossLedger();
  let encoded: EncodedRequest;
  let fetched = false;
  try {
    const decoded = client.decodeRequest(requestOf(client.id, body), sealer);
    const wanted = wantedMedia(decoded, profile, upstream);
    fetched = wanted.length > 0;
    const inline = new Map(wanted.map(({ url, media }) => [url, { mediaType: TYPES[media.kind] as string, source: { base64: "AA==" } }]));
    encoded = upstream.encodeRequest(withInlineMedia(decoded, inline), { model: target.model, profile, issuer: target, losses });
  } catch (thrown) {
    if (thrown instanceof GatewayError) return "refused";
    throw thrown;
  }
  if (losses.losses.length > 0) return cellOf(losses.losses);
  if (fetched) return "emulated: fetched by the gateway";
  return encoded.scanStops ? "emulated: looked for by the gateway" : "carried";
}

/** What a fetched file of a kind is taken for. */
const TYPES: Readonly<Partial<Record<MediaContent["kind"], string>>> = { image: "image/png", document: "application/pdf" };

function profileOf(protocol: ProtocolId, { platform, model }: { readonly platform: string; readonly model: string }): Profile {
  const { chat, responses } = providerTypes.find((type) => type.platform === platform) ?? {};
  return { ...profileFor({ platform, model, protocol }), ...(chat && { chat }), ...(responses && { responses }) };
}

function requestOf(protocol: ProtocolId, feature: JsonObject): ClientRequest {
  const body = Buffer.from(writeJson({ ...MODEL_IN_BODY[protocol], ...feature }));
  const headers = { "content-type": "application/json", "anthropic-version": "2023-06-01" };
  return { route: { operation: "generate", model: "m" }, query: new URLSearchParams(), headers, body };
}

function cellOf(losses: readonly Loss[]): string {
  const codes = [...new Set(losses.map(({ code }) => code))].map((code) => `\`${code}\``).join(" ");
  if (losses.some(({ severity }) => severity === "contract")) return `refused ${codes}`;
  const emulated = losses.every(({ code }) => (LOSS_KINDS[code] as LossKind).emulated);
  return `${emulated ? "emulated" : "dropped"} ${codes}`;
}

const state: OpaqueState = { issuer: { platform: "vendor", model: "v-1" }, kind: "thinking", value: "c2lnbmF0dXJl" };

/** What a model may answer: the rows of the second table. */
const ANSWERS: readonly { readonly name: string; readonly items: readonly Content[]; readonly finish?: ChatResponse["finish"] }[] = [
  { name: "text", items: [{ type: "text", text: "hello" }] },
  {
    name: "reasoning, to be read",
    items: [
      { type: "reasoning", text: "Hm." },
      { type: "text", text: "hello" },
    ],
  },
  {
    name: "reasoning, signed",
    items: [
      { type: "reasoning", text: "Hm.", state },
      { type: "text", text: "hello" },
    ],
  },
  { name: "signature on a tool call", items: [{ type: "tool-call", id: "c1", kind: "function", name: "f", input: "{}", state }] },
  { name: "signature on a text", items: [{ type: "text", text: "hello", state }] },
  {
    name: "tool calls, parallel",
    items: [
      { type: "tool-call", id: "c1", kind: "function", name: "f", input: "{}" },
      { type: "tool-call", id: "c2", kind: "function", name: "f", input: "{}" },
    ],
  },
  { name: "free-text tool call", items: [{ type: "tool-call", id: "c1", kind: "custom", name: "f", input: "free text" }] },
  { name: "refusal", items: [{ type: "refusal", text: "No." }], finish: { reason: "refusal" } },
  {
    name: "citations of web pages",
    items: [{ type: "text", text: "hello", citations: [{ url: "https://example.com", title: "Example", range: { start: 0, end: 5 } }] }],
  },
  {
    name: "web search that the provider ran",
    items: [
      { type: "hosted-tool-call", id: "s1", kind: "web-search", name: "web_search", input: '{"query":"q"}' },
      {
        type: "hosted-tool-result",
        callId: "s1",
        kind: "web-search",
        text: "Example",
        sources: [{ url: "https://example.com", title: "Example" }],
      },
      { type: "text", text: "hello" },
    ],
  },
  {
    name: "code that the provider ran",
    items: [
      { type: "hosted-tool-call", id: "s1", kind: "code-execution", name: "code_execution", input: '{"code":"1+1"}' },
      { type: "hosted-tool-result", callId: "s1", kind: "code-execution", text: "2" },
      { type: "text", text: "2" },
    ],
  },
  { name: "image", items: [{ type: "media", kind: "image", mediaType: "image/png", source: { base64: "iVBORw0KGgo=" } }] },
  { name: "audio", items: [{ type: "media", kind: "audio", mediaType: "audio/wav", source: { base64: "UklGRg==" } }] },
];

/** What becomes of answers, one cell for each client protocol. */
export function answerRows(): FidelityRow[] {
  return ANSWERS.map(({ name, items, finish }) => ({ feature: name, cells: clients().map((client) => told(client, items, finish)) }));
}

/** In the order of the columns. */
export function clients(): ClientSide[] {
  return [...protocols.values()].flatMap(({ client }) => (client ? [client] : []));
}

function told(client: ClientSide, items: readonly Content[], finish: ChatResponse["finish"] = { reason: "stop" }): string {
  const losses = new LossLedger();
  const body = TEXT_REQUESTS[client.id] as JsonObject;
  const request = client.decodeRequest(requestOf(client.id, body), sealer);
  const context = { model: "m", requestId: "req_1", sealer, losses, request, route: { operation: "generate" as const }, createdAt: 0 };
  try {
    client.encodeResponse({ items, finish }, context);
  } catch (thrown) {
    if (thrown instanceof GatewayError) return "";
    throw thrown;
  }
  return losses.losses.length === 0 ? "carried" : cellOf(losses.losses);
}

const TEXT_REQUESTS: Readonly<Partial<Record<ProtocolId, JsonObject>>> = {
  "anthropic-messages": { messages: [{ role: "user", content: "hi" }] },
  "openai-chat": { messages: [{ role: "user", content: "hi" }] },
  "openai-responses": { input: "hi" },
  gemini: { contents: [{ role: "user", parts: [{ text: "hi" }] }], generationConfig: { thinkingConfig: { includeThoughts: true } } },
};
