/** Why an answer ended, both ways (B.0.1). */
import type { Finish } from "../../chat/chat.ts";
import { asObject, asString, type JsonObject } from "../../chat/json.ts";
import { leftover, nativeOf, ownFields } from "./native.ts";
import { DELTA_FIELDS, ENDING_FIELDS, FINISH_REASONS } from "./wire.ts";

/** @param fields the answer's end: `stop_reason` and its neighbours, in a stream those of `delta` and of its event together. */
export function decodeFinish(fields: JsonObject): Finish {
  const raw = asString(fields["stop_reason"]);
  const reason = FINISH_REASONS.get(raw ?? "") ?? "other";
  const stopSequence = asString(fields["stop_sequence"]);
  const explanation = asString(asObject(fields["stop_details"])?.["explanation"]);
  const native: Record<string, JsonObject[string]> = {};
  for (const key of ENDING_FIELDS) if (fields[key] !== undefined && fields[key] !== null) native[key] = fields[key];
  if (reason === "other" && raw !== undefined) native["stop_reason"] = raw;
  return {
    reason,
    ...(raw !== undefined && { raw }),
    ...(stopSequence !== undefined && { stopSequence }),
    ...(explanation !== undefined && { explanation }),
    ...nativeOf(native),
  };
}

/** What the answer really held, which the reason must fit. */
export interface Emitted {
  calls: boolean;
  refusal: boolean;
}

/** The end of an answer in the wire's words. */
export interface EncodedFinish {
  /** `stop_reason` and what stands beside it. */
  readonly delta: JsonObject;
  /** What stands beside that. */
  readonly event: JsonObject;
}

/** The reason follows from the items that were sent, never from the upstream's word alone; a cut answer stays cut. */
export function encodeFinish(finish: Finish, emitted: Readonly<Emitted>): EncodedFinish {
  const own = ownFields(finish.native) ?? {};
  const reason = asString(own["stop_reason"]) ?? stopReason(finish, emitted);
  const details = own["stop_details"] ?? (reason === "refusal" ? refusalDetails(finish) : undefined);
  return {
    delta: {
      stop_reason: reason,
      stop_sequence: finish.stopSequence ?? null,
      ...(details !== undefined && { stop_details: details }),
      ...(own["container"] !== undefined && { container: own["container"] }),
    },
    event: leftover(own, [...DELTA_FIELDS, "stop_reason"]),
  };
}

function refusalDetails(finish: Finish): JsonObject {
  return { type: "refusal", category: null, explanation: finish.explanation ?? null };
}

function stopReason(finish: Finish, { calls, refusal }: Readonly<Emitted>): string {
  switch (finish.reason) {
    case "length":
    // More would come on a request of its own (rule 240): what there is was cut.
    case "continuation":
      return "max_tokens";
    case "context-full":
      return "model_context_window_exceeded";
    case "refusal":
    case "content-filter":
      return "refusal";
    case "pause":
      return "pause_turn";
    case "compaction":
      return "compaction";
    case "stop-sequence":
    case "stop":
    case "tool-calls":
    case "malformed-call":
    case "other":
      if (refusal) return "refusal";
      if (calls) return "tool_use";
      return finish.reason === "stop-sequence" ? "stop_sequence" : "end_turn";
  }
}
