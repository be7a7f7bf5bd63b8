/** The answer to a question for a count of tokens, where it is told in the same field (A.1.1, A.3.2). */
import { GatewayError } from "../../chat/error.ts";
import { asNumber, type JsonObject } from "../../chat/json.ts";

/** @throws GatewayError `upstream` when there is no count in it. */
export function decodeInputTokens(body: JsonObject): number {
  const tokens = asNumber(body["input_tokens"]);
  if (tokens === undefined) throw new GatewayError("upstream", "The upstream's token count has no input_tokens field.");
  return tokens;
}
