/** Whatever a Responses client said, the neutral form holds it: every captured and recorded request comes out as it went in. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { loadCaptures } from "../../../test/support/captures.ts";
import { loadRecordings } from "../../../test/support/recordings.ts";
import { decodeResponses } from "../../../test/support/responses-client.ts";
import { send, type SendOptions } from "../../../test/support/responses-upstream.ts";
import { asArray, asObject, asString, type JsonObject, type JsonValue } from "../../chat/json.ts";

/** A model that takes all there is. */
const OPEN: SendOptions = {
  facts: {
    sampling: "all",
    reasoning: { control: "level", levels: ["none", "minimal", "low", "medium", "high", "xhigh", "max"] },
    forcedToolChoice: "always",
  },
};

/** What is added to every request, or written in one of the ways there are to say the same. */
function canonical(body: JsonObject): JsonObject {
  const { input, tools, text, reasoning, prompt_cache_key: key, include, ...rest } = withoutNulls(body) as JsonObject;
  const told = Object.entries(rest).filter(([name, value]) => !(name === "stream" && value === false) && value !== "");
  const asked = asObject(reasoning);
  return {
    ...Object.fromEntries(told),
    store: false,
    input: itemsOf(input).flatMap(canonicalItem),
    ...(tools !== undefined && { tools: (tools as readonly JsonObject[]).map(canonicalTool) }),
    ...canonicalText(text),
    ...(key !== undefined && { prompt_cache_key: hashed(key) }),
    // Who has a model think is shown that, unless it is said otherwise.
    ...(asked && { reasoning: { ...(asked["effort"] !== undefined && { summary: "auto" }), ...asked } }),
    include: [...new Set([...((include ?? []) as readonly string[]), "reasoning.encrypted_content", ...outputsOf(tools)])].toSorted(),
  };
}

function outputsOf(tools: JsonValue | undefined): string[] {
  const types = (asArray(tools) ?? []).map((tool) => asString(asObject(tool)?.["type"]) ?? "");
  return [
    ...(types.some((type) => type.startsWith("web_search")) ? ["web_search_call.action.sources"] : []),
    ...(types.includes("code_interpreter") ? ["code_interpreter_call.outputs"] : []),
  ];
}

/** A format of plain text is none. */
function canonicalText(text: JsonValue | undefined): JsonObject {
  const { format, ...rest } = asObject(withoutAddresses(text)) ?? {};
  const plain = asObject(format)?.["type"] === "text" || format === undefined;
  const settings = { ...rest, ...(!plain && { format }) };
  return Object.keys(settings).length > 0 ? { text: settings } : {};
}

/** A string is one text of the user's (rule 38). */
function itemsOf(input: JsonValue | undefined): readonly JsonObject[] {
  return typeof input === "string" ? [{ role: "user", content: input }] : (input as readonly JsonObject[]);
}

function canonicalItem(item: JsonObject): JsonObject[] {
  const { type = "message", content, ...rest } = item;
  if (type === "reasoning") return canonicalReasoning(item);
  if (type !== "message") return [type === "additional_tools" ? item : { type, ...withContent(content), ...rest }];
  const voice = item["role"] === "assistant" ? "output" : "input";
  const parts = typeof content === "string" ? [{ type: `${voice}_text`, text: content }] : (content as readonly JsonObject[]);
  return [{ type, content: parts.map(canonicalPart), ...rest }];
}

function withContent(content: JsonValue | undefined): JsonObject {
  return content === undefined ? {} : { content };
}

/** Without proof it cannot go back (rule 134). */
function canonicalReasoning({ content, ...item }: JsonObject): JsonObject[] {
  const texts = asArray(content) ?? [];
  if ((item["encrypted_content"] ?? "") === "") return [];
  return [{ ...item, ...(texts.length > 0 && { content: texts }) }];
}

/** Lists of an answer's text that are empty, and what SDKs add to it (rule 416). A file of words is words. */
function canonicalPart({ annotations, logprobs, parsed: _parsed, ...part }: JsonObject): JsonObject {
  const data = /^data:text\/csv;base64,(.*)$/.exec(asString(part["file_data"]) ?? "")?.[1];
  if (data !== undefined)
    return { type: "input_text", text: `${asString(part["filename"]) ?? ""}\n${Buffer.from(data, "base64").toString()}` };
  const lists = Object.entries({ annotations, logprobs }).filter(([, list]) => (asArray(list)?.length ?? 0) > 0);
  return { ...part, ...Object.fromEntries(lists) };
}

/** What says nothing of strictness is not strict (rule 118); a schema's own address is no part of it. */
function canonicalTool(tool: JsonObject): JsonObject {
  const members = asArray(tool["tools"]);
  if (members) return { ...tool, tools: members.map((member) => canonicalTool(member as JsonObject)) };
  return tool["type"] === "function" ? { strict: false, ...(withoutAddresses(tool) as JsonObject) } : tool;
}

function withoutAddresses(value: JsonValue | undefined): JsonValue {
  if (Array.isArray(value)) return value.map((member: JsonValue) => withoutAddresses(member));
  if (typeof value !== "object" || value === null) return value ?? null;
  const entries = Object.entries(value).filter(([key]) => key !== "$schema");
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutAddresses(member)]));
}

/** `null` is absent (rule 208). */
function withoutNulls(value: JsonValue | undefined): JsonValue {
  if (Array.isArray(value)) return value.map((member: JsonValue) => withoutNulls(member));
  if (typeof value !== "object" || value === null) return value ?? null;
  const entries = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutNulls(member)]));
}

function hashed(text: JsonValue): string {
  return createHash("sha256")
    .update(text as string)
    .digest("hex");
}

const requests = [
  ...loadCaptures().flatMap(({ name, path, body }) => (path.endsWith("/responses") ? [[name, body] as const] : [])),
  ...loadRecordings("openai-responses").flatMap(({ name, request }) =>
    request?.method === "POST" && request.path.endsWith("/responses") ? [[name, request.body as JsonObject] as const] : [],
  ),
].filter(([, body]) => !JSON.stringify(body).includes('"item_reference"'));

test("there are requests of clients and of recordings", () => {
  expect(requests.length).toBeGreaterThan(60);
});

test.for(requests)("rules 133, 161, 408, 416, 417, 438: %s", ([, body]) => {
  const { body: out } = send(decodeResponses(body), { ...OPEN, model: body["model"] as string });
  const json = (asObject(asObject(body["text"])?.["format"])?.["type"] ?? "") === "json_object";
  // The word JSON is asked for, wherever the caller had it.
  const input = json ? out.input.filter(({ content }) => content !== "Answer with one JSON object and nothing else.") : out.input;
  expect(canonical({ ...out, input, prompt_cache_key: body["prompt_cache_key"] })).toEqual(canonical(body));
});
