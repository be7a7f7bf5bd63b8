/** Counting tokens (A.1.1): the Messages body without what only an answer needs. */
import type { ChatRequest } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import { asNumber, writeJson, type JsonObject } from "../../../chat/json.ts";
import type { EncodedRequest, EncodeTarget } from "../../protocol.ts";
import { protocolHeaders } from "./betas.ts";
import { leftover } from "../native.ts";
import { encodeBody } from "./request-encode.ts";

/** @throws GatewayError `upstream` when there is no count in it. */
export function decodeTokenCount(body: JsonObject): number {
  const tokens = asNumber(body["input_tokens"]);
  if (tokens === undefined) throw new GatewayError("upstream", "The upstream's token count has no input_tokens field.");
  return tokens;
}

/** Fields of a request that are no part of a prompt; counting refuses them (A.1.1). */
const UNCOUNTED = ["max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "metadata", "service_tier"];

/** The question for an upstream. */
export function encodeTokenCount(request: ChatRequest, target: EncodeTarget): EncodedRequest {
  const body = leftover(encodeBody(request, target), UNCOUNTED);
  return { path: "/v1/messages/count_tokens", headers: protocolHeaders(body), body: writeJson(body) };
}
