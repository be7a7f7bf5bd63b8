/** What Gemini's clients really sent, decoded and said again to Gemini: every field comes back (rules 376, 378, 382, 421–423, 443). */
import { describe, expect, test } from "vitest";
import { loadCaptures } from "../../../test/support/captures.ts";
import { send } from "../../../test/support/gemini.ts";
import { loadRecordings } from "../../../test/support/recordings.ts";
import { asArray, asObject, parseJson, writeJson, type JsonObject, type JsonValue } from "../../chat/json.ts";
import { createStateSealer } from "../../chat/state.ts";
import { SIGNATURE_SENTINEL } from "./state.ts";
import { gemini } from "./index.ts";
import { normaliseBase64 } from "../shared/media-bytes.ts";
import { cleanSchema, cleanToolSchema } from "./upstream/schema.ts";

const { client } = gemini;
const sealer = createStateSealer([Buffer.alloc(32, 1)]);

const recorded = loadRecordings("gemini").flatMap(({ name, request }) =>
  request && typeof request.body === "object" ? [{ name, path: request.path, body: request.body as JsonObject }] : [],
);
const captured = loadCaptures().filter(({ path }) => /:\w+(\?|$)/.test(path));
/** Gemini CLI counts a result without its call, which nobody could be asked to answer. */
const LONE_RESULTS: ReadonlySet<string> = new Set(["gemini-cli/tool-read-image/02", "gemini-cli/tool-read-image-g3/02"]);
const requests = [...recorded, ...captured].filter(
  ({ path, name }) => /:(?:stream)?[gG]enerateContent|:countTokens/.test(path) && !LONE_RESULTS.has(name),
);

const camel = (key: string): string => key.replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
/** Their members are the caller's own names. */
const VALUES = new Set(["args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema", "labels"]);

/** One form for all the ways to say the same. */
function plain(value: JsonValue | undefined, key = ""): JsonValue {
  if (Array.isArray(value)) return (value as JsonValue[]).map((member) => plain(member));
  const object = asObject(value);
  if (!object) return value ?? null;
  if (key === "parametersJsonSchema") return cleanToolSchema(lowerTypes(object) as JsonObject).schema;
  if (key === "responseJsonSchema") return cleanSchema(lowerTypes(object) as JsonObject).schema;
  if (VALUES.has(key)) return object;
  const entries = Object.entries(object).filter(([, member]) => member !== undefined && member !== null);
  const named = Object.fromEntries(entries.map(([name, member]) => [camel(name), plain(member, camel(name))])) as Record<string, JsonValue>;
  // Ids that a client left out are made up, and stand-ins for signatures prove nothing.
  if (named["thoughtSignature"] === SIGNATURE_SENTINEL) delete named["thoughtSignature"];
  if (key === "functionCall" || key === "functionResponse") delete named["id"];
  if (key === "functionCall") named["args"] ??= {};
  if (named["description"] === "") delete named["description"];
  if (key === "inlineData") named["data"] = normaliseBase64(named["data"] as string);
  return named;
}

const lowerTypes = (value: JsonValue): JsonValue =>
  parseJson(writeJson(value).replaceAll(/"type":"([A-Z]+)"/g, (_all, word: string) => `"type":"${word.toLowerCase()}"`));

/** Contents as one list of roles and parts: texts that follow each other are one, empty ones and unproven thoughts none. */
function spoken(contents: JsonValue | undefined): JsonObject[] {
  const said: { role: JsonValue; part: Record<string, JsonValue | undefined> }[] = [];
  for (const content of asArray(contents) ?? [contents as JsonValue]) {
    const { role, parts } = (asObject(content) ?? {}) as { role?: JsonValue; parts?: JsonValue };
    for (const one of asArray(parts) ?? [parts as JsonValue]) {
      const part = { ...asObject(one) };
      const bare = part["thoughtSignature"] === undefined;
      if (bare && (part["text"] === "" || part["thought"] === true)) continue;
      if (Object.keys(part).length === 0) continue;
      const last = said.at(-1);
      const texts = bare && Object.keys(part).join() === "text" && last && Object.keys(last.part).join() === "text";
      if (texts && last.role === "model" && role === "model") last.part["text"] = (last.part["text"] as string) + (part["text"] as string);
      else said.push({ role: role ?? "user", part });
    }
  }
  return said;
}

/** Tools by what they are, in order. */
const offered = (tools: JsonValue | undefined): JsonValue[] =>
  (asArray(tools) ?? []).flatMap((entry) => {
    const { functionDeclarations, ...hosted } = asObject(entry) ?? {};
    return [
      ...(asArray(functionDeclarations) ?? []),
      ...Object.entries(hosted).map(([name, settings]) => ({ [name]: settings as JsonValue })),
    ];
  });

function essence(body: JsonObject): JsonObject {
  const asked = asObject(body["generateContentRequest"]) ?? body;
  const { model: _model, contents, tools, systemInstruction, ...rest } = plain(asked) as JsonObject;
  const system = asObject(systemInstruction);
  const parts = asArray(system?.["parts"]) ?? (system?.["parts"] === undefined ? [] : [system["parts"]]);
  const others = Object.fromEntries(Object.entries(rest).filter(([, value]) => !isEmpty(value)));
  return {
    ...others,
    contents: spoken(contents),
    tools: offered(tools),
    system: typeof systemInstruction === "string" ? [{ text: systemInstruction }] : parts.filter((part) => asObject(part)?.["text"] !== ""),
  };
}

const isEmpty = (value: JsonValue | undefined): boolean => typeof value === "object" && value !== null && Object.keys(value).length === 0;

test("there are requests of every client", () => {
  expect(recorded.length).toBeGreaterThan(20);
  for (const name of ["gemini-cli/", "sdk-genai/", "sdk-genai-vertex/", "ai-google/"])
    expect(captured.some((capture) => capture.name.startsWith(name))).toBe(true);
});

describe("comes back whole", () => {
  test.each(requests.map((request) => [request.name, request] as const))("%s", (_name, { path, body }) => {
    const [pathname = "", query] = path.split("?");
    const route = client.route("POST", pathname.slice(pathname.indexOf("/v1")), new URLSearchParams(query));
    if (!route || !("operation" in route)) throw new Error(`no route for ${path}`);
    const bytes = Buffer.from(writeJson(body));
    const decoded = client.decodeRequest({ route, query: new URLSearchParams(query), headers: {}, body: bytes }, sealer);
    const reasoning = writeJson(body).includes('"thinkingBudget"') && {
      reasoning: { control: "budget", min: 0, max: 100_000, off: true } as const,
    };
    const { text } = send(decoded, "gemini-3.8-pro", { maxOutputTokens: 10_000_000, ...reasoning });
    const sent = essence(parseJson(text) as JsonObject);
    const given = essence(body);
    expect(sent).toEqual(given);
  });
});
