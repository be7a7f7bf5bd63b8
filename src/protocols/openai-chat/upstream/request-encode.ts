/** A neutral request to a Chat Completions request (A.2.1, B.1). Pure, and append-stable: a longer history begins as the shorter did (rule 4). */
import type { ChatRequest } from "../../../chat/chat.ts";
import { writeJson, type JsonObject } from "../../../chat/json.ts";
import { askInWords } from "../../shared/compaction.ts";
import type { Profile } from "../../profile.ts";
import type { EncodedRequest, EncodeTarget } from "../../protocol.ts";
import { encodeIdentity, logprobsFor, verbosityFor } from "../../shared/openai-settings.ts";
import { recordChoices } from "../../shared/single-answer.ts";
import { splitStops } from "../../shared/stop-sequences.ts";
import { carryRequest } from "./carried.ts";
import { dialectOf } from "./default-dialect.ts";
import { encodeMessages } from "./messages-encode.ts";
import { encodeFormat, encodeLimit, encodeReasoning, encodeSampling } from "./settings-encode.ts";
import { encodeTools } from "./tools-encode.ts";
import { PROTOCOL } from "../wire.ts";

/** What the protocol takes at most, whatever the model takes elsewhere (A.2.1, rule 196). */
const MAX_STOPS = 4;

/** @throws GatewayError `invalid-request` when nothing is left to answer. */
export function encodeRequest(given: ChatRequest, target: EncodeTarget): EncodedRequest {
  const { profile, losses } = target;
  const request = askInWords(given, losses);
  const dialect = dialectOf(target);
  recordChoices(request, losses);
  const { stream_options: options, response_format: _format, ...own } = carryRequest(request.native, target);
  const { fields: reasoning, reasons } = encodeReasoning(request, request.tools.length > 0, target);
  const { fields: format, instructions } = encodeFormat(request, target);
  const { sent, scanned } = splitStops(request, {
    ...profile,
    maxStopSequences: Math.min(profile.maxStopSequences ?? MAX_STOPS, MAX_STOPS),
  });
  const logprobs = logprobsFor(request, reasons, target);
  const verbosity = verbosityFor(request, dialect.verbosity, target);
  const body: JsonObject = {
    model: target.model,
    ...encodePrefill(encodeMessages(request, target, instructions), target),
    ...encodeTools(request, reasons, target),
    ...encodeLimit(request, target),
    ...(sent && { stop: sent }),
    ...encodeSampling(request, reasons, target),
    ...(logprobs && { logprobs: true, ...(logprobs.alternatives > 0 && { top_logprobs: logprobs.alternatives }) }),
    ...reasoning,
    ...format,
    ...(verbosity !== undefined && { verbosity }),
    ...encodeIdentity(request, dialect, losses),
    ...own,
    ...(request.stream && { stream: true }),
    // Usage comes only when it is asked for, and is wanted whether the caller asked or not (rule 258).
    ...(request.stream && dialect.streamOptions && { stream_options: { ...(options as JsonObject | undefined), include_usage: true } }),
  };
  return { path: "/chat/completions", headers: [], body: writeJson(body), ...(scanned && { scanStops: scanned }) };
}

/** Some models are offered elsewhere only, some take functions and an effort together only in Responses (A.2.1, rule 159). */
export function takes({ onlyIn = PROTOCOL, effortWithFunctions }: Profile, request: () => ChatRequest): boolean {
  if (onlyIn !== PROTOCOL) return false;
  if (effortWithFunctions !== false) return true;
  const { tools, reasoning } = request();
  const effort = reasoning?.effort ?? "none";
  return effort === "none" || !tools.some(({ type }) => type !== "hosted");
}

/** Few servers go on where a last message of the assistant's ends, each asked in its own way (B.1). */
function encodePrefill(messages: readonly JsonObject[], target: EncodeTarget): JsonObject {
  const last = messages.at(-1);
  if (last?.["role"] !== "assistant" || last["tool_calls"] !== undefined) return { messages };
  switch (dialectOf(target).prefill) {
    case "prefix":
      return { messages: [...messages.slice(0, -1), { ...last, prefix: true }] };
    case "continue_final_message":
      return { messages, continue_final_message: true, add_generation_prompt: false };
    case "none":
      target.losses.add("prefill", `messages[${messages.length - 1}]`, "semantic");
      return { messages };
  }
}
