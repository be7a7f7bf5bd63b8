/** How Responses fails: in OpenAI's envelope, and in a stream by an `error` event with the failed response behind it (dossier A.3.3, A.3.4). */
import type { Call } from "./dialect.ts";
import type { VendorFault } from "./fault-names.ts";
import { seedOf } from "./identity.ts";
import { textOf, type Fields } from "./json-values.ts";
import { parseBody } from "./openai-call.ts";
import { errorFields, openAiFailure } from "./openai-errors.ts";
import { wrong } from "./openai-refusals.ts";
import type { Frame } from "./reply.ts";
import { responseOf } from "./responses-answer.ts";
import { eventBytes } from "./responses-stream.ts";
import { VendorError } from "./vendor-error.ts";

/** The error as OpenAI words it here. */
export function responsesFailure(of: number | VendorFault): VendorError {
  return of === "context-too-long" ? inputTooLong() : openAiFailure(of);
}

/** The error for a prompt that is too long. */
export function inputTooLong(): VendorError {
  return wrong(
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "input",
    "context_length_exceeded",
  );
}

/** The error for a model that there is not. */
export function unknownModel(model: string): VendorError {
  return wrong(`The requested model '${model}' does not exist.`, "model", "model_not_found");
}

/** The error for an answer that is not kept. */
export function unknownResponse(id: string): VendorError {
  return new VendorError(404, `Response with id '${id}' not found.`, { kind: "invalid_request_error" });
}

/** The end of a stream that failed. @param sent how many events came before. */
export function responsesFailureFrame(error: VendorError, call: Call, sent: number): Frame {
  const code = codeOf(error);
  const { type, message, param } = errorFields(error);
  const told = eventBytes("error", { error: { type, code, message, param } }, sent);
  // Where nothing was begun there is no response that could have failed.
  if (sent === 0) return { bytes: told, role: "end" };
  const body = bodyOf(call);
  const echoed = { body, model: textOf(body["model"]), seed: seedOf(call.body), transformations: [] };
  const failed = responseOf(echoed, { status: "failed", error: { code: code ?? "server_error", message } });
  return { bytes: Buffer.concat([told, eventBytes("response.failed", { response: failed }, sent + 1)]), role: "end" };
}

/** What a stream calls the error: other words than a status has. */
function codeOf({ status, code }: VendorError): string | null {
  if (status === 503) return "server_is_overloaded";
  return code ?? (status >= 500 ? "server_error" : null);
}

/** The request without its nulls; a recording may answer one that is no JSON. */
function bodyOf(call: Call): Fields {
  try {
    return Object.fromEntries(Object.entries(parseBody(call.body)).filter(([, value]) => value !== null));
  } catch {
    return {};
  }
}
