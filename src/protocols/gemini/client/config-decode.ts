/** `generationConfig` to the neutral form (dossier A.4.2, B.0.5, B.10; rules 191, 215). What has none is handed back. */
import type { ChatRequest, Effort, OutputFormat, Reasoning, Sampling } from "../../../chat/chat.ts";
import type { JsonObject } from "../../../chat/json.ts";
import {
  booleanField,
  integerField,
  listField,
  messageField,
  numberField,
  objectField,
  refuse,
  refuseType,
  stringField,
} from "../fields.ts";
import { leftover } from "../../shared/leftover.ts";
import { decodeJsonSchema, decodeSchema } from "./schema-decode.ts";

const PATH = "generationConfig";

/** What is said about the answer, and what of it only Gemini understands. */
export interface DecodedConfig {
  readonly fields: Pick<ChatRequest, "maxOutputTokens" | "stop" | "sampling" | "reasoning" | "outputFormat" | "choices" | "logprobs">;
  readonly rest: JsonObject;
}

/** Fields with a neutral form whatever they say. */
const KNOWN =
  "maxOutputTokens stopSequences temperature topP topK seed presencePenalty frequencyPenalty responseJsonSchema responseLogprobs logprobs".split(
    " ",
  );

/** @throws GatewayError `invalid-request`, naming the field. */
export function decodeConfig(body: JsonObject): DecodedConfig {
  const config = messageField(body, PATH, "") ?? {};
  const maxOutputTokens = integerField(config, "maxOutputTokens", PATH);
  const stop = listField(config, "stopSequences", PATH)?.map((text, i): string =>
    typeof text === "string" ? text : refuseType(`${PATH}.stopSequences[${i}]`, "TYPE_STRING"),
  );
  const choices = integerField(config, "candidateCount", PATH);
  const format = decodeFormat(config);
  const thinking = decodeThinking(config);
  const alternatives = integerField(config, "logprobs", PATH) ?? 0;
  if ((maxOutputTokens ?? 0) < 0)
    refuse(`${PATH}.maxOutputTokens`, `* GenerateContentRequest.${PATH}.maxOutputTokens: it must be positive.`);
  const logprobs = booleanField(config, "responseLogprobs", PATH) === true ? { alternatives } : undefined;
  if (alternatives > 0 && !logprobs)
    refuse(`${PATH}.logprobs`, `* GenerateContentRequest.${PATH}.logprobs: only allowed when responseLogprobs is true.`);
  const several = choices !== undefined && choices > 1;
  return {
    fields: {
      ...(maxOutputTokens !== undefined && maxOutputTokens > 0 && { maxOutputTokens }),
      ...(stop && { stop }),
      sampling: decodeSampling(config),
      ...(thinking.reasoning && { reasoning: thinking.reasoning }),
      ...(format.outputFormat && { outputFormat: format.outputFormat }),
      ...(several && { choices }),
      ...(logprobs && { logprobs }),
    },
    rest: {
      ...leftover(config, [...KNOWN, ...format.known, ...(several ? ["candidateCount"] : []), "thinkingConfig"]),
      ...(Object.keys(thinking.rest).length > 0 && { thinkingConfig: thinking.rest }),
    },
  };
}

function decodeSampling(config: JsonObject): Sampling {
  const read = {
    temperature: numberField(config, "temperature", PATH),
    topP: numberField(config, "topP", PATH),
    topK: integerField(config, "topK", PATH),
    seed: integerField(config, "seed", PATH),
    presencePenalty: numberField(config, "presencePenalty", PATH),
    frequencyPenalty: numberField(config, "frequencyPenalty", PATH),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined)) as Sampling;
}

/** A schema in Google's own dialect also stays as it was, for Google's models. */
function decodeFormat(config: JsonObject): { outputFormat?: OutputFormat; known: readonly string[] } {
  const mediaType = stringField(config, "responseMimeType", PATH);
  const own = objectField(config, "responseSchema", PATH);
  const jsonSchema = objectField(config, "responseJsonSchema", PATH);
  if (mediaType !== undefined && !MEDIA_TYPES.includes(mediaType))
    refuse(`${PATH}.responseMimeType`, `${AT_FORMAT}.responseMimeType: allowed mimetypes are ${MEDIA_TYPES.join(", ")}.`);
  if (mediaType !== undefined && mediaType !== "application/json") {
    if (mediaType === "text/plain" && (own ?? jsonSchema))
      refuse(`${PATH}.responseMimeType`, `${AT_FORMAT}.responseMimeType: a schema is only allowed with application/json.`);
    return { known: [] };
  }
  const schema = jsonSchema ? decodeJsonSchema(jsonSchema) : own && decodeSchema(own);
  if (schema) return { outputFormat: { type: "json-schema", schema }, known: ["responseMimeType"] };
  return mediaType === undefined ? { known: [] } : { outputFormat: { type: "json" }, known: ["responseMimeType"] };
}

const MEDIA_TYPES = ["text/plain", "application/json", "application/xml", "application/yaml", "text/x.enum"];
const AT_FORMAT = `* GenerateContentRequest.${PATH}`;

const LEVELS: ReadonlyMap<string, Effort> = new Map<string, Effort>([
  ["MINIMAL", "minimal"],
  ["LOW", "low"],
  ["MEDIUM", "medium"],
  ["HIGH", "high"],
]);

/** Who says anything about thinking wants thoughts shown only when that is said too (rule 298). */
function decodeThinking(config: JsonObject): { reasoning?: Reasoning; rest: JsonObject } {
  const path = `${PATH}.thinkingConfig`;
  const thinking = messageField(config, "thinkingConfig", PATH);
  if (!thinking) return { rest: {} };
  const show = booleanField(thinking, "includeThoughts", path) ?? false;
  const budget = integerField(thinking, "thinkingBudget", path);
  const level = stringField(thinking, "thinkingLevel", path)?.toUpperCase();
  const effort = LEVELS.get(level ?? "");
  if (budget !== undefined && effort !== undefined) refuse(path, "You can only set only one of thinking budget and thinking level.");
  const rest = leftover(thinking, ["includeThoughts", "thinkingBudget", ...(effort === undefined ? [] : ["thinkingLevel"])]);
  if (budget === 0) return { reasoning: { mode: "off" }, rest };
  if (budget !== undefined && budget > 0) return { reasoning: { mode: "on", budgetTokens: budget, show }, rest };
  return { reasoning: { mode: "adaptive", ...(effort !== undefined && { effort }), show }, rest };
}
