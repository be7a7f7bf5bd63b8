/** A generateContent request to the neutral form (dossier A.4.2, B.10). Unknown fields stay native; `null` is absent (rule 208). */
import type { ChatRequest } from "../../../chat/chat.ts";
import { asObject, asString, type JsonObject } from "../../../chat/json.ts";
import type { StateSealer } from "../../../chat/state.ts";
import type { ClientRequest } from "../../protocol.ts";
import { decodeConfig } from "./config-decode.ts";
import { decodeContents, decodeSystem } from "./contents-decode.ts";
import { message, messageField, parseBody } from "../fields.ts";
import { leftover } from "../../shared/leftover.ts";
import { nativeOf } from "../native.ts";
import { decodeTools } from "./tools-decode.ts";

const KNOWN = "model contents systemInstruction tools toolConfig generationConfig generateContentRequest".split(" ");

/** Google's names of what the ledger calls otherwise. */
export const SETTING_NAMES: ReadonlyMap<string, string> = new Map([
  ["n", "generationConfig.candidateCount"],
  ["tool_choice", "toolConfig.functionCallingConfig"],
  ["max_tokens", "generationConfig.maxOutputTokens"],
  ["thinking", "generationConfig.thinkingConfig"],
  ["thinking.budget_tokens", "generationConfig.thinkingConfig.thinkingBudget"],
  ["output_config.format", "generationConfig.responseMimeType"],
  ["logprobs", "generationConfig.responseLogprobs"],
  ...["temperature", "topP", "topK", "seed", "presencePenalty", "frequencyPenalty"].map(
    (name) => [name, `generationConfig.${name}`] as const,
  ),
]);

/** @throws GatewayError `invalid-request`, naming the field as Google does. */
export function decodeRequest(request: ClientRequest, sealer: StateSealer): ChatRequest {
  const given = parseBody(request.body);
  // A count may be of contents, or of a whole request inside the question (rule 378).
  const counting = request.route.operation === "count-tokens";
  const body = (counting ? messageField(given, "generateContentRequest", "") : undefined) ?? given;
  const config = decodeConfig(body);
  const { tools, toolChoice, toolConfig } = decodeTools(body);
  const system = asObject(body["systemInstruction"]);
  const role = system && asString(message(system)["role"]);
  return {
    model: request.route.model ?? "",
    stream: request.route.stream ?? false,
    system: decodeSystem(body),
    ...decodeContents(body, sealer),
    continuesLastTurn: true,
    tools,
    ...(toolChoice && { toolChoice }),
    ...config.fields,
    ...nativeOf({
      ...leftover(body, KNOWN),
      ...some("generationConfig", config.rest),
      ...(toolConfig && { toolConfig }),
      ...(role !== undefined && { systemInstruction: { role } }),
    }),
  };
}

function some(key: string, fields: JsonObject): JsonObject {
  return Object.keys(fields).length > 0 ? { [key]: fields } : {};
}
