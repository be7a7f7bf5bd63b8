/** What clients are told of ids that name nothing of theirs, in OpenAI's words (rules 396, 397, 433). */
import { GatewayError } from "../../../chat/error.ts";
import type { Unknown } from "../../stateful.ts";

/** @param because why nothing at all can be found. */
export function unknown(what: Unknown, because?: string): GatewayError {
  const { message, kind, field, code } = describe(what);
  return new GatewayError(kind, because === undefined ? message : `${message} ${because}`, {
    ...(field !== undefined && { field }),
    ...(code !== undefined && { code }),
  });
}

interface Described {
  readonly kind: "not-found" | "invalid-request";
  readonly message: string;
  readonly field?: string;
  readonly code?: string;
}

function describe(what: Unknown): Described {
  switch (what.type) {
    case "answer":
      return { kind: "not-found", message: `Response with id '${what.id}' not found.` };
    case "conversation":
      return { kind: "not-found", message: `Conversation with id '${what.id}' not found.` };
    case "item":
      return { kind: "not-found", message: `Item with id '${what.id}' not found in conversation with id '${what.conversation}'.` };
    case "previous":
      return {
        kind: "invalid-request",
        message: `Previous response with id '${what.id}' not found.`,
        field: "previous_response_id",
        code: "previous_response_not_found",
      };
    case "mentioned": {
      const message = `Response with id '${what.id}' not found.`;
      return { kind: "invalid-request", message, field: "prompt_cache_options.comparison_response_id" };
    }
    case "used-conversation":
      return { kind: "not-found", message: `Conversation with id '${what.id}' not found.`, field: "conversation" };
    case "reference": {
      const { id, field } = what.reference;
      return { kind: "invalid-request", message: `Item with id '${id}' not found. Send the item itself, or leave it out.`, field };
    }
  }
}

/** Answers are made while their clients wait. */
export function cannotCancel(): GatewayError {
  return new GatewayError("invalid-request", "Cannot cancel a synchronous response.");
}
