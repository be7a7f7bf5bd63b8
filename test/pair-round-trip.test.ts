/**
 * A→B→A: what real clients sent, translated to another protocol and back again. What the ledger does not name must be
 * there as it was: texts, calls, results, media, tools and the settings around them, in order.
 */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { profileFor } from "../src/catalog/profiles/index.ts";
import type { ChatRequest, Content, Item, ProtocolId } from "../src/chat/chat.ts";
import { tryParseJson, writeJson, type JsonObject } from "../src/chat/json.ts";
import type { LossCode } from "../src/chat/loss-codes.ts";
import { LossLedger } from "../src/chat/loss.ts";
import { createStateSealer } from "../src/chat/state.ts";
import { isTextType, normaliseBase64 } from "../src/protocols/shared/media-bytes.ts";
import { protocols } from "../src/protocols/index.ts";
import type { ClientRequest, ClientSide, Protocol } from "../src/protocols/protocol.ts";
import { openai } from "../src/providers/openai/index.ts";
import { loadCaptures } from "./support/captures.ts";
import { loadRecordings } from "./support/recordings.ts";

const sealer = createStateSealer([Buffer.alloc(32, 1)]);

/** The model of each protocol that can be told the most. */
const MODELS: Readonly<Partial<Record<ProtocolId, { readonly platform: string; readonly model: string }>>> = {
  "anthropic-messages": { platform: "anthropic", model: "claude-sonnet-4-6" },
  "openai-chat": { platform: "openai", model: "gpt-4.1" },
  "openai-responses": { platform: "openai", model: "gpt-4.1" },
  gemini: { platform: "gemini", model: "gemini-3.8-pro" },
};

interface Sent {
  readonly name: string;
  readonly client: ClientSide;
  readonly request: ClientRequest;
}

const all: readonly Protocol[] = [...protocols.values()];
const headers = { "content-type": "application/json", "anthropic-version": "2023-06-01" };

function sent(name: string, target: string, body: JsonObject): Sent[] {
  const url = new URL(target, "http://gateway");
  for (const { client } of all) {
    const route = client?.route("POST", url.pathname, url.searchParams);
    if (client && route && "operation" in route && route.operation === "generate") {
      return [{ name, client, request: { route, query: url.searchParams, headers, body: Buffer.from(writeJson(body)) } }];
    }
  }
  return [];
}

/** Vendors put the same path below prefixes of their own. */
const PATHS: Readonly<Record<string, string>> = { "openai-chat": "/v1/chat/completions", "openai-responses": "/v1/responses" };

const recorded = ["anthropic-messages", "openai-chat", "openai-responses", "gemini"].flatMap((folder) =>
  loadRecordings(folder).flatMap(({ name, request }) => {
    const body = request?.body;
    if (!request || typeof body !== "object" || body === null || Array.isArray(body)) return [];
    return sent(`${folder}/${name}`, PATHS[folder] ?? request.path, body as JsonObject);
  }),
);
const captured = loadCaptures().flatMap(({ name, path, body }) => sent(name, path, body));

/** Codes that stand for history said in other words: its order of texts is not compared. */
const REWORDED: ReadonlySet<LossCode> = new Set<LossCode>([
  "system-turn-as-user",
  "hosted-tool-history",
  "orphan-tool-result",
  "missing-tool-result",
  "opening-turn-added",
  "opaque-content",
  "compaction-state",
  "prefill",
  "prefill-trimmed",
  "output-format-beside-tools",
]);

describe.each(["anthropic-messages", "openai-chat", "openai-responses", "gemini"] as const)("from %s", (from) => {
  const requests = [...recorded, ...captured].filter(({ client }) => client.id === from);

  test("there are requests to try", () => expect(requests.length).toBeGreaterThan(10));

  for (const to of all.filter(({ id }) => id !== from)) {
    test.for(requests)(`to ${to.id} and back: $name`, ({ client, request }) => {
      const losses = new LossLedger();
      const first = decode(client, request);
      if (first === undefined) return;
      const sentThere = encode(to, first, losses);
      const there = decode(to.client as ClientSide, sentThere.request);
      expect(there, "what we write for an upstream, we read from a client").toBeDefined();
      const home = all.find(({ id }) => id === from) as Protocol;
      const back = decode(client, encode(home, there as ChatRequest, losses).request) as ChatRequest;

      const lost = new Set(losses.losses.map(({ code }) => code));
      expect(calls(back, first)).toEqual(calls(first, first));
      const reworded = [...REWORDED].some((code) => lost.has(code)) || first.outputFormat?.type === "json" || first.items.some(isTextFile);
      if (!reworded) expect(texts(back, first)).toEqual(texts(first, first));
      if (!lost.has("media-type") && !lost.has("media-file-id") && !lost.has("media-url")) expect(media(back)).toEqual(media(first));
      // The gateway itself looks for the stop sequences that a model does not take (rule 196).
      const stop = first.stop?.filter((sequence) => !sentThere.scanned.includes(sequence)) ?? [];
      expect(settings(back, first, lost)).toEqual({ ...settings(first, first, lost), stop });
    });
  }
});

/** `undefined` for what the client's own protocol refuses. */
function decode(client: ClientSide, request: ClientRequest): ChatRequest | undefined {
  try {
    return client.decodeRequest(request, sealer);
  } catch {
    return undefined;
  }
}

interface EncodedThere {
  readonly request: ClientRequest;
  readonly scanned: readonly string[];
}

function encode({ id, client, upstream }: Protocol, request: ChatRequest, losses: LossLedger): EncodedThere {
  const { platform, model } = MODELS[id] as { platform: string; model: string };
  const known = profileFor({ platform, model, protocol: id });
  const profile = {
    ...known,
    fetches: ["image", "document"] as const,
    ...(platform === "openai" && { chat: openai.chat, responses: openai.responses }),
  };
  const { path, body, scanStops = [] } = upstream.encodeRequest(request, { model, profile, issuer: { platform, model }, losses });
  const url = new URL(id in PATHS ? `/v1${path}` : path, "http://gateway");
  const route = client?.route("POST", url.pathname, url.searchParams);
  if (!route || !("operation" in route)) throw new Error(`no route for ${path}`);
  return { request: { route, query: url.searchParams, headers, body: Buffer.from(body) }, scanned: scanStops };
}

const squeezed = (text: string): string => text.replaceAll(/\s+/g, "");

function textOf(content: readonly Content[]): string {
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** Results of which not everything is text: what cannot stand in a result stands elsewhere, with words that say so. */
function mixed({ items }: ChatRequest): Set<number> {
  const ids = callIds(items);
  const found = items.filter((item) => item.type === "tool-result" && item.content.some(({ type }) => type !== "text"));
  return new Set(found.map((item) => ids.indexOf((item as { callId: string }).callId)));
}

const callIds = (items: readonly Item[]): string[] => items.flatMap((item) => (item.type === "tool-call" ? [item.id] : []));

/** Every call with its input, then every result by the number of the call it answers. */
function calls({ items }: ChatRequest, original: ChatRequest): unknown[] {
  const ids = callIds(items);
  const skipped = mixed(original);
  const made = items.flatMap((item) => (item.type === "tool-call" ? [{ call: item.name, input: inputOf(item) }] : []));
  const results = items.flatMap((item) => {
    const answers = item.type === "tool-result" ? ids.indexOf(item.callId) : -1;
    if (item.type !== "tool-result" || answers < 0) return [];
    return [{ answers, text: skipped.has(answers) ? "" : squeezed(plainResult(textOf(item.content), item.isError)) }];
  });
  // Some targets want results in the order of the calls (rule 24).
  return [...made, ...results.sort((one, other) => one.answers - other.answers)];
}

/** Free text is the one argument of a function where there are no tools that take it. */
function inputOf({ kind, input }: Extract<Item, { type: "tool-call" }>): unknown {
  return kind === "custom" ? { input } : tryParseJson(input === "" ? "{}" : input);
}

/** Protocols without a word for errors and for nothing have fixed texts for them. */
function plainResult(text: string, isError: boolean): string {
  if (text === "" || text === "(no output)") return "";
  const value = tryParseJson(text);
  const words = typeof value === "object" && value !== null ? writeJson(value) : text;
  return isError ? words : words.replace(/^\[tool error\] /, "");
}

/** What system, user and assistant said, neighbours joined. */
function texts({ system, items, turns }: ChatRequest, original: ChatRequest): unknown[] {
  const said: { role: string; text: string }[] = [];
  const say = (role: string, text: string): void => {
    const last = said.at(-1);
    if (squeezed(text) === "") return;
    if (last?.role === role) last.text += squeezed(text);
    else said.push({ role, text: squeezed(text) });
  };
  const titles = new Set([...original.items, ...items].flatMap((item) => (item.type === "media" ? [item.title ?? "document.pdf"] : [])));
  for (const item of system) if (item.type === "text" && item.clientMetadata !== true) say("system", item.text);
  for (const item of items) {
    const { role } = turns[item.turn] as { role: string };
    if (item.type === "search-result") say(role, [item.title, item.source, textOf(item.content)].join(""));
    if (item.type === "text" && !OUR_WORDS.test(item.text) && !titles.has(item.text)) say(role, item.text);
  }
  return said;
}

/** What stands where something else was that a protocol has no place for. */
const OUR_WORDS = /^(?:\[(?:image|document|audio|video)\b|<system-reminder>|Attached to the result of )/;

/** Files of text are said as text where a protocol has no other place for them (rule 168). */
const isTextFile = (content: Content): boolean => content.type === "media" && isTextType(content.mediaType ?? "");

/** Every medium's kind and bytes, wherever it stands. */
function media({ items }: ChatRequest): string[] {
  const look = (content: Content): string[] => {
    if (content.type === "tool-result") return content.content.flatMap(look);
    if (content.type !== "media") return [];
    const { source, kind } = content;
    if ("text" in source || "content" in source || isTextFile(content)) return [];
    const where = "base64" in source ? normaliseBase64(source.base64) : writeJson(source);
    return [`${kind} ${createHash("sha256").update(where).digest("hex").slice(0, 12)}`];
  };
  return items.flatMap((item: Item) => look(item));
}

/** Tools and settings, but for what the ledger names. */
function settings(request: ChatRequest, original: ChatRequest, lost: ReadonlySet<LossCode>): object {
  const { tools, toolChoice, outputFormat, stop = [], sampling } = request;
  const unless = (codes: readonly LossCode[], value: object): object => (codes.some((code) => lost.has(code)) ? {} : value);
  // Tools that are loaded later are offered when they are; those that a vendor's models know by name become functions.
  const known = new Set(original.tools.flatMap((tool) => (tool.type === "function" && tool.deferred !== true ? [tool.name] : [])));
  const functions = tools.flatMap((tool) => (tool.type === "function" && known.has(tool.name) ? [tool] : []));
  return {
    names: functions.map(({ name }) => name),
    ...unless(["schema-keyword"], { descriptions: functions.map(({ description }) => description ?? "") }),
    ...unless(["tool-choice", "hosted-tool", "client-tool", "hosted-tool-beside-functions"], {
      toolChoice: tools.length === 0 ? undefined : (toolChoice ?? { mode: "auto" }),
    }),
    ...unless(["output-format-beside-tools", "output-format-name"], {
      // Some protocols say in words that any JSON will do (rule 213).
      format: outputFormat?.type === "json-schema",
    }),
    stop,
    ...unless(["sampling-ignored", "temperature-clamped"], { temperature: sampling.temperature }),
  };
}
