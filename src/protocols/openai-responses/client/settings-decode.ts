/** Settings of a request (A.3.1). What has no neutral form is handed back as native fields. */
import type { ChatRequest, OutputFormat, Reasoning, Sampling } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import { EFFORTS } from "../../shared/effort.ts";
import { arrayField, booleanField, integerFrom, numberField, objectField, required, stringField } from "../../shared/openai-fields.ts";
import { leftover } from "../../shared/leftover.ts";
import { INCLUDE_LOGPROBS } from "../wire.ts";

/** The neutral settings, those of them that were given, and what is left over. */
export interface DecodedSettings {
  readonly settings: Pick<ChatRequest, "sampling"> & Partial<ChatRequest>;
  readonly native: JsonObject;
}

/** Fields that {@link decodeSettings} reads. */
export const SETTINGS =
  "max_output_tokens temperature top_p parallel_tool_calls reasoning text top_logprobs prompt_cache_key safety_identifier user".split(" ");

/** @throws GatewayError `invalid-request`, naming the field. */
export function decodeSettings(body: JsonObject): DecodedSettings {
  const maxOutputTokens = integerFrom(1, body, "max_output_tokens", "");
  const parallelToolCalls = booleanField(body, "parallel_tool_calls", "");
  const reasoning = decodeReasoning(objectField(body, "reasoning", ""));
  const text = decodeText(objectField(body, "text", ""));
  const logprobs = decodeLogprobs(body);
  const cacheKey = stringField(body, "prompt_cache_key", "");
  const identifier = stringField(body, "safety_identifier", "");
  const user = stringField(body, "user", "");
  const endUser = identifier ?? user;
  return {
    settings: {
      sampling: decodeSampling(body),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      ...(parallelToolCalls !== undefined && { parallelToolCalls }),
      ...(reasoning.reasoning && { reasoning: reasoning.reasoning }),
      ...text.settings,
      ...logprobs.settings,
      ...(cacheKey !== undefined && { cacheKey }),
      ...(endUser !== undefined && { endUser }),
    },
    native: {
      ...under("reasoning", reasoning.rest),
      ...under("text", text.rest),
      ...logprobs.rest,
      // The newer field counts; the older one beside it stays as it is.
      ...(identifier !== undefined && user !== undefined && { user }),
    },
  };
}

function under(key: string, rest: JsonObject): JsonObject {
  return Object.keys(rest).length > 0 ? { [key]: rest } : {};
}

function decodeSampling(body: JsonObject): Sampling {
  const temperature = numberField(body, "temperature", "");
  const topP = numberField(body, "top_p", "");
  return { ...(temperature !== undefined && { temperature }), ...(topP !== undefined && { topP }) };
}

/**
 * An effort turns reasoning on, and its absence leaves the model's default (rule 153). Who asks for summaries wants to see
 * what is thought; nobody says that it is to be hidden, and some models report their progress so (rule 167).
 */
function decodeReasoning(asked: JsonObject | undefined): { reasoning?: Reasoning; rest: JsonObject } {
  if (!asked) return { rest: {} };
  const word = stringField(asked, "effort", "reasoning");
  const effort = EFFORTS.find((known) => known === word);
  const summary = stringField(asked, "summary", "reasoning") ?? stringField(asked, "generate_summary", "reasoning");
  const reasoning: Reasoning = {
    ...(effort && { mode: effort === "none" ? "off" : "adaptive", effort }),
    ...(summary !== undefined && { show: true }),
  };
  const rest = leftover(asked, [...(effort ? ["effort"] : []), ...(summary === "auto" ? ["summary"] : [])]);
  return { ...(Object.keys(reasoning).length > 0 && { reasoning }), rest };
}

const VERBOSITIES = ["low", "medium", "high"] as const;

function decodeText(text: JsonObject | undefined): { settings: Partial<ChatRequest>; rest: JsonObject } {
  if (!text) return { settings: {}, rest: {} };
  const verbosity = VERBOSITIES.find((known) => known === text["verbosity"]);
  const { outputFormat, rest } = decodeFormat(objectField(text, "format", "text"));
  return {
    settings: { ...(outputFormat && { outputFormat }), ...(verbosity && { verbosity }) },
    rest: { ...leftover(text, ["format", ...(verbosity ? ["verbosity"] : [])]), ...under("format", rest) },
  };
}

/** What the neutral form leaves over of a format stays under its name (rule 212). */
function decodeFormat(format: JsonObject | undefined): { outputFormat?: OutputFormat; rest: JsonObject } {
  if (!format) return { rest: {} };
  const at = "text.format";
  switch (required(stringField, format, "type", at)) {
    case "text":
      return { rest: {} };
    case "json_object":
      return { outputFormat: { type: "json" }, rest: {} };
    case "json_schema": {
      const schema = required(objectField, format, "schema", at);
      const name = stringField(format, "name", at);
      const strict = booleanField(format, "strict", at);
      return {
        outputFormat: { type: "json-schema", schema, ...(name !== undefined && { name }), ...(strict !== undefined && { strict }) },
        rest: leftover(format, ["type", "schema", "name", "strict"]),
      };
    }
    default:
      return { rest: format };
  }
}

/** How many alternatives are told means nothing to who does not ask for any. */
function decodeLogprobs(body: JsonObject): { settings: Partial<ChatRequest>; rest: JsonObject } {
  const alternatives = integerFrom(0, body, "top_logprobs", "");
  const asked = (arrayField(body, "include", "") ?? []).includes(INCLUDE_LOGPROBS);
  if (asked) return { settings: { logprobs: { alternatives: alternatives ?? 0 } }, rest: {} };
  return { settings: {}, rest: alternatives === undefined ? {} : { top_logprobs: alternatives } };
}
