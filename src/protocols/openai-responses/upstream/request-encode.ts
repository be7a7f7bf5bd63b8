/** A neutral request to a Responses request (A.3.1, B.2, B.5, B.12). Pure, and append-stable: a longer history begins as the shorter did (rule 4). */
import type { ChatRequest } from "../../../chat/chat.ts";
import { writeJson, type JsonObject } from "../../../chat/json.ts";
import { askInWords } from "../../shared/compaction.ts";
import { encodeIdentity, logprobsFor } from "../../shared/openai-settings.ts";
import { recordChoices } from "../../shared/single-answer.ts";
import { splitStops } from "../../shared/stop-sequences.ts";
import type { Profile } from "../../profile.ts";
import type { EncodedRequest, EncodeTarget } from "../../protocol.ts";
import { INCLUDE_LOGPROBS, INCLUDE_STATE, PROTOCOL } from "../wire.ts";
import { carryRequest } from "./carried.ts";
import { dialectOf } from "./default-dialect.ts";
import { encodeInput } from "./input-encode.ts";
import { encodeLimit, encodeReasoning, encodeSampling, encodeText } from "./settings-encode.ts";
import { encodeTools } from "./tools-encode.ts";

/** @throws GatewayError `invalid-request` when nothing is left to answer. */
export function encodeRequest(request: ChatRequest, target: EncodeTarget): EncodedRequest {
  recordChoices(request, target.losses);
  // There is no such field: all of them are looked for here (rule 197).
  const { scanned } = splitStops(request, { ...target.profile, maxStopSequences: 0 });
  const { asked, limits } = encodeBody(request, target);
  const body: JsonObject = { ...asked, ...limits, ...(request.stream && { stream: true }) };
  return { path: "/responses", headers: [], body: writeJson(body), ...(scanned && { scanStops: scanned }) };
}

/** Some models are offered in other protocols only. */
export function takes({ onlyIn = PROTOCOL }: Profile): boolean {
  return onlyIn === PROTOCOL;
}

/** Asks how many tokens a request has (A.3.2, rule 353). */
export function encodeTokenCount(request: ChatRequest, target: EncodeTarget): EncodedRequest {
  const { asked } = encodeBody(request, target);
  return { path: "/responses/input_tokens", headers: [], body: writeJson(asked) };
}

/** What is asked, and what else only its answer needs. */
function encodeBody(given: ChatRequest, target: EncodeTarget): { asked: JsonObject; limits: JsonObject } {
  const request = dialectOf(target).compactions ? given : askInWords(given, target.losses);
  const carried = carryRequest(request.native, target.losses);
  const { fields: reasoning, reasons, encrypted } = encodeReasoning(request, carried.reasoning, target);
  const { fields: text, instructions } = encodeText(request, carried.text, target);
  const { fields: tools, include: told } = encodeTools(request, reasons, target);
  const logprobs = logprobsFor(request, reasons, target);
  const include = new Set([...carried.include, ...(encrypted ? [INCLUDE_STATE] : []), ...told, ...(logprobs ? [INCLUDE_LOGPROBS] : [])]);
  return {
    asked: { model: target.model, ...encodeInput(request, target, instructions), ...tools, ...reasoning, ...text },
    limits: {
      ...encodeLimit(request, target),
      ...encodeSampling(request, reasons, target),
      ...(logprobs && logprobs.alternatives > 0 && { top_logprobs: logprobs.alternatives }),
      ...(include.size > 0 && { include: [...include] }),
      // Nothing is to be kept there: what its answers need is told with each of them (A.3.2).
      store: false,
      ...encodeIdentity(request, dialectOf(target), target.losses),
      ...carried.fields,
    },
  };
}
