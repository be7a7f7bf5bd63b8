/** Counting tokens (A.1.1): the Messages body without what only an answer needs. */
import type { ChatRequest } from "../../../chat/chat.ts";
import { writeJson } from "../../../chat/json.ts";
import type { EncodedRequest, EncodeTarget } from "../../protocol.ts";
import { protocolHeaders } from "./betas.ts";
import { leftover } from "../native.ts";
import { encodeBody } from "./request-encode.ts";

/** Fields of a request that are no part of a prompt; counting refuses them (A.1.1). */
const UNCOUNTED = ["max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "metadata", "service_tier"];

/** The question for an upstream. */
export function encodeTokenCount(request: ChatRequest, target: EncodeTarget): EncodedRequest {
  const body = leftover(encodeBody(request, target), UNCOUNTED);
  return { path: "/v1/messages/count_tokens", headers: protocolHeaders(body), body: writeJson(body) };
}
