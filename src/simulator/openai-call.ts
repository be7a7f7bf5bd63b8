/** What OpenAI's protocols have in common around a request: its body, and the headers of every answer. */
import type { Answer, Call } from "./dialect.ts";
import { isFields, type Fields } from "./json-values.ts";
import { requestIdOf } from "./openai-errors.ts";
import { wrong } from "./openai-refusals.ts";
import { wholeReply } from "./reply.ts";

/** The body as an object; throws OpenAI's 400 for anything else. */
export function parseBody(body: Buffer): Fields {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    throw wrong(
      "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly.)",
      undefined,
    );
  }
  if (!isFields(value)) throw wrong("The request body must be a JSON object.", undefined);
  return value;
}

/** The headers of every answer. */
export function answerHeaders(call: Call): Record<string, string> {
  return {
    "x-request-id": requestIdOf(call),
    "openai-version": "2020-10-01",
    "openai-processing-ms": "1",
    "x-ratelimit-limit-requests": "5000",
    "x-ratelimit-remaining-requests": "4999",
    "x-ratelimit-reset-requests": "12ms",
  };
}

/** An answer that is never streamed. */
export function inOnePiece(call: Call, body: unknown): Answer {
  return { whole: () => wholeReply(200, { ...answerHeaders(call), "content-type": "application/json" }, body), stream: undefined };
}
