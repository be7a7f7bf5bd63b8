/** A call that nobody could read (dossier B.0.1): no answer of any protocol may hold it, nor seem finished without it. */
import { GatewayError } from "../../chat/error.ts";

/** What ends such an answer. */
export function malformedCall(): GatewayError {
  return new GatewayError("upstream", "The model wrote a tool call that its provider could not read.");
}
