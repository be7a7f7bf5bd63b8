/** How a stream ends that failed (rule 347). */
import type { GatewayError } from "../../../chat/error.ts";
import { formatFrame } from "../../../wire/sse.ts";
import { errorEnvelope } from "../../shared/openai-error-answers.ts";

/** The error as the last event of a stream: nothing follows it, not even what ends a good one. */
export function streamError(error: GatewayError): string {
  return formatFrame(undefined, errorEnvelope(error));
}
