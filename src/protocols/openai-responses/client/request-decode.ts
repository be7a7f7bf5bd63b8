/** A Responses request to the neutral form (A.3.1). Unknown fields stay native; `null` is absent (rule 208). */
import type { ChatRequest } from "../../../chat/chat.ts";
import type { StateSealer } from "../../../chat/state.ts";
import { booleanField, refuse, required, stringField } from "../../shared/openai-fields.ts";
import { parseBody } from "../../shared/openai-peek.ts";
import type { ClientRequest } from "../../protocol.ts";
import { leftover } from "../../shared/leftover.ts";
import { nativeOf } from "../native.ts";
import { decodeInput } from "./input-decode.ts";
import { decodeSettings, SETTINGS } from "./settings-decode.ts";
import { decodeToolChoice } from "./tool-choice-decode.ts";

const KNOWN = ["model", "stream", "input", "instructions", "tools", "tool_choice", ...SETTINGS];

/** What is called otherwise here than in Chat Completions: who says it so would get an answer without it. */
const MOVED: ReadonlyMap<string, string> = new Map([
  ["messages", "input"],
  ["max_tokens", "max_output_tokens"],
  ["max_completion_tokens", "max_output_tokens"],
  ["response_format", "text.format"],
  ["reasoning_effort", "reasoning.effort"],
  ["verbosity", "text.verbosity"],
  ["functions", "tools"],
  ["function_call", "tool_choice"],
]);

/** @throws GatewayError `invalid-request`, naming the field as OpenAI does. */
export function decodeRequest(request: ClientRequest, sealer: StateSealer): ChatRequest {
  const body = parseBody(request.body);
  for (const [name, now] of MOVED) {
    if (body[name] === undefined || body[name] === null) continue;
    const moved = `Unsupported parameter: '${name}'. In the Responses API, this parameter has moved to '${now}'.`;
    refuse(name, `${moved} Try again with the new parameter.`, "unsupported_parameter");
  }
  const model = required(stringField, body, "model", "");
  const conversation = decodeInput(body, sealer);
  const toolChoice = decodeToolChoice(body["tool_choice"], conversation.tools);
  const { settings, native } = decodeSettings(body);
  return {
    model,
    stream: booleanField(body, "stream", "") ?? false,
    ...conversation,
    ...(toolChoice && { toolChoice }),
    ...settings,
    ...nativeOf({ ...leftover(body, KNOWN), ...native }),
  };
}
