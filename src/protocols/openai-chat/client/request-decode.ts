/** A Chat Completions request to the neutral form (A.2.1). Unknown fields stay native; `null` is absent (rule 208). */
import { createHash } from "node:crypto";
import type { ChatRequest, Item, OutputFormat, Reasoning, Sampling, Turn } from "../../../chat/chat.ts";
import type { JsonObject, JsonValue } from "../../../chat/json.ts";
import type { StateSealer } from "../../../chat/state.ts";
import { EFFORTS } from "../../shared/effort.ts";
import type { ClientRequest } from "../../protocol.ts";
import {
  arrayField,
  booleanField,
  integerField,
  integerFrom,
  numberField,
  objectAt,
  objectField,
  refuse,
  refuseType,
  refuseValue,
  required,
  stringField,
} from "../../shared/openai-fields.ts";
import { decodeAssistant, decodePrompt, decodeToolResult, type DecodedMessage } from "./message-decode.ts";
import { leftover } from "../../shared/leftover.ts";
import { leftoverUnder, nativeOf } from "../native.ts";
import { parseBody } from "../../shared/openai-peek.ts";
import { decodeToolChoice, decodeTools } from "./tools-decode.ts";

const KNOWN = (
  "model messages stream max_completion_tokens max_tokens stop temperature top_p top_k seed presence_penalty frequency_penalty n logprobs " +
  "top_logprobs tools functions tool_choice function_call parallel_tool_calls web_search_options response_format prompt_cache_key"
).split(" ");

const VERBOSITIES = ["low", "medium", "high"] as const;

/** @throws GatewayError `invalid-request`, naming the field as OpenAI does. */
export function decodeRequest(request: ClientRequest, sealer: StateSealer): ChatRequest {
  const body = parseBody(request.body);
  const model = required(stringField, body, "model", "");
  const messages = decodeMessages(required(arrayField, body, "messages", ""), sealer);
  const maxOutputTokens = integerFrom(1, body, "max_completion_tokens", "") ?? integerFrom(1, body, "max_tokens", "");
  const stop = decodeStop(body["stop"]);
  const tools = decodeTools(body);
  const toolChoice = decodeToolChoice(body, tools);
  const parallelToolCalls = booleanField(body, "parallel_tool_calls", "");
  const choices = integerFrom(1, body, "n", "") ?? 1;
  const logprobs = decodeLogprobs(body);
  const { reasoning, native: reasoningNative } = decodeReasoning(body);
  const { outputFormat, native: formatNative } = decodeFormat(objectField(body, "response_format", ""));
  const verbosity = VERBOSITIES.find((known) => known === body["verbosity"]);
  const cacheKey = stringField(body, "prompt_cache_key", "");
  const { endUser, native: userNative } = decodeEndUser(body);
  return {
    model,
    stream: booleanField(body, "stream", "") ?? false,
    ...messages,
    tools,
    ...(toolChoice && { toolChoice }),
    ...(parallelToolCalls !== undefined && { parallelToolCalls }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(stop && { stop }),
    sampling: decodeSampling(body),
    ...(reasoning && { reasoning }),
    ...(outputFormat && { outputFormat }),
    ...(verbosity && { verbosity }),
    ...(choices > 1 && { choices }),
    ...(logprobs && { logprobs }),
    ...(cacheKey !== undefined && { cacheKey }),
    ...(endUser !== undefined && { endUser }),
    ...nativeOf({
      ...leftover(body, [...KNOWN, "reasoning_effort", "safety_identifier", "user", ...(verbosity ? ["verbosity"] : [])]),
      ...reasoningNative,
      ...formatNative,
      ...userNative,
    }),
  };
}

/** A string is a list of one (rule 195). */
function decodeStop(value: JsonValue | undefined): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) return refuseType("stop", "one of a string or array of strings", value);
  return value.map((text: JsonValue, i): string => (typeof text === "string" ? text : refuseType(`stop[${i}]`, "a string", text)));
}

function decodeSampling(body: JsonObject): Sampling {
  const temperature = numberField(body, "temperature", "");
  const topP = numberField(body, "top_p", "");
  const topK = integerField(body, "top_k", "");
  const seed = integerField(body, "seed", "");
  const presencePenalty = numberField(body, "presence_penalty", "");
  const frequencyPenalty = numberField(body, "frequency_penalty", "");
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(seed !== undefined && { seed }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
  };
}

function decodeLogprobs(body: JsonObject): ChatRequest["logprobs"] {
  const alternatives = integerFrom(0, body, "top_logprobs", "") ?? 0;
  if (booleanField(body, "logprobs", "") === true) return { alternatives };
  if (alternatives > 0) refuse("top_logprobs", "Invalid value for 'top_logprobs': 'top_logprobs' is only allowed when 'logprobs' is true.");
  return undefined;
}

/**
 * An effort turns reasoning on, and its absence leaves the model's default (rule 153). Clients of this protocol get to
 * see what is thought, or the progress that some models report as thinking would be lost (rule 167).
 */
function decodeReasoning(body: JsonObject): { reasoning?: Reasoning; native: JsonObject } {
  const word = stringField(body, "reasoning_effort", "");
  if (word === undefined) return { native: {} };
  const effort = EFFORTS.find((known) => known === word);
  if (!effort) return { native: { reasoning_effort: word } };
  return { reasoning: effort === "none" ? { mode: "off", effort } : { mode: "adaptive", effort, show: true }, native: {} };
}

/** What the neutral form leaves over of a format stays under its name (rule 212). */
function decodeFormat(format: JsonObject | undefined): { outputFormat?: OutputFormat; native: JsonObject } {
  if (!format) return { native: {} };
  switch (required(stringField, format, "type", "response_format")) {
    case "text":
      return { native: {} };
    case "json_object":
      return { outputFormat: { type: "json" }, native: {} };
    case "json_schema": {
      const declared = required(objectField, format, "json_schema", "response_format");
      const at = "response_format.json_schema";
      const schema = objectField(declared, "schema", at);
      const name = stringField(declared, "name", at);
      const strict = booleanField(declared, "strict", at);
      const rest = leftoverUnder("json_schema", declared, ["schema", "name", "strict"]);
      const native = Object.keys(rest).length > 0 ? { response_format: rest } : {};
      if (!schema) return { outputFormat: { type: "json" }, native };
      return {
        outputFormat: { type: "json-schema", schema, ...(name !== undefined && { name }), ...(strict !== undefined && { strict }) },
        native,
      };
    }
    default:
      return { native: { response_format: format } };
  }
}

/** The newer field counts; the older one beside it stays as it is. */
function decodeEndUser(body: JsonObject): { endUser?: string; native: JsonObject } {
  const identifier = stringField(body, "safety_identifier", "");
  const user = stringField(body, "user", "");
  const endUser = identifier ?? user;
  const both = identifier !== undefined && user !== undefined;
  return { ...(endUser !== undefined && { endUser }), native: both ? { user } : {} };
}

const ROLES = ["system", "assistant", "user", "function", "tool", "developer"] as const;

/**
 * Every message is a turn. Those of the operator before all others are the system prompt: their turns have no items, and
 * their items say which turn they came from (rule 16).
 */
function decodeMessages(messages: readonly JsonValue[], sealer: StateSealer): Pick<ChatRequest, "system" | "turns" | "items"> {
  if (messages.length === 0)
    refuse(
      "messages",
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      "empty_array",
    );
  const system: Item[] = [];
  const items: Item[] = [];
  const turns: Turn[] = [];
  const reader = new MessageReader(sealer);
  let leading = true;
  for (const [i, value] of messages.entries()) {
    const path = `messages[${i}]`;
    const message = objectAt(value, path);
    const word = required(stringField, message, "role", path);
    const role = ROLES.find((known) => known === word) ?? refuseValue(`${path}.role`, word, ROLES);
    const decoded = reader.read(message, role, i, path);
    const turn: Turn = { role: NEUTRAL_ROLES[role], ...nativeOf(decoded.rest) };
    leading &&= turn.role === "system";
    turns.push(turn);
    for (const { content, path: at } of decoded.items) (leading ? system : items).push({ ...content, turn: i, path: at });
  }
  if (system.length === 0 && items.length === 0)
    refuse("messages", "Invalid 'messages': every message is empty. Expected at least one message with content.", "invalid_value");
  return { system, turns, items };
}

const NEUTRAL_ROLES: Readonly<Record<(typeof ROLES)[number], Turn["role"]>> = {
  system: "system",
  developer: "system",
  user: "user",
  tool: "user",
  function: "user",
  assistant: "assistant",
};

/** Reads messages in their order: legacy calls have no ids, so their results are matched by name and order (rule 41). */
class MessageReader {
  readonly #sealer: StateSealer;
  /** Ids of legacy calls and how many have their result, by the function's name. */
  readonly #calls = new Map<string, { readonly ids: string[]; answered: number }>();

  constructor(sealer: StateSealer) {
    this.#sealer = sealer;
  }

  read(message: JsonObject, role: (typeof ROLES)[number], index: number, path: string): DecodedMessage {
    switch (role) {
      case "system":
      case "developer":
      case "user":
        return decodePrompt(message, path);
      case "assistant":
        return decodeAssistant(message, path, (name, input) => this.#call(index, name, input), this.#sealer);
      case "tool":
        return decodeToolResult(message, required(stringField, message, "tool_call_id", path), path);
      case "function": {
        const name = required(stringField, message, "name", path);
        return decodeToolResult(message, this.#answer(name) ?? legacyCallId(index, name, ""), path);
      }
    }
  }

  #call(index: number, name: string, input: string): string {
    const id = legacyCallId(index, name, input);
    const calls = this.#calls.get(name);
    if (calls) calls.ids.push(id);
    else this.#calls.set(name, { ids: [id], answered: 0 });
    return id;
  }

  /** The oldest call of the function that waits for its result. */
  #answer(name: string): string | undefined {
    const calls = this.#calls.get(name);
    const id = calls?.ids[calls.answered];
    if (calls && id !== undefined) calls.answered += 1;
    return id;
  }
}

/** The same history gives the same id (rule 5). */
function legacyCallId(index: number, name: string, input: string): string {
  const hash = createHash("sha256").update(`${index}\0${name}\0${input}`).digest("hex");
  return `call_${hash.slice(0, 24)}`;
}
