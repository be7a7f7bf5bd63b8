/** Routes to what is kept (A.3.2). */
import type { WrongMethod } from "../../protocol.ts";
import type { StoredOperation, StoredRoute } from "../../stateful.ts";

type Methods = Readonly<Record<string, StoredOperation>>;

/** Below `/v1/responses`, but no answer's id. */
const NOT_ANSWERS: ReadonlySet<string> = new Set(["compact", "input_tokens"]);

/** Which of the routes to what is kept a request is for. */
export function storedRoute(method: string, pathname: string): StoredRoute | WrongMethod | undefined {
  const [version, kind, ...names] = pathname.slice(1).split("/").map(decoded);
  const named = version === "v1" && names.every((name) => name !== "");
  const methods = named
    ? (kind === "responses" && answerMethods(names)) || (kind === "conversations" && conversationMethods(names))
    : undefined;
  if (!methods) return undefined;
  const stored = Object.hasOwn(methods, method) ? methods[method] : undefined;
  return stored ? { stored } : { allow: Object.keys(methods).join(", ") };
}

function answerMethods([answer, below, ...rest]: readonly string[]): Methods | undefined {
  if (answer === undefined || NOT_ANSWERS.has(answer) || rest.length > 0) return undefined;
  switch (below) {
    case undefined:
      return { GET: { type: "get-answer", answer }, DELETE: { type: "delete-answer", answer } };
    case "cancel":
      return { POST: { type: "cancel-answer", answer } };
    case "input_items":
      return { GET: { type: "list-input", answer } };
    default:
      return undefined;
  }
}

function conversationMethods([conversation, below, item, ...rest]: readonly string[]): Methods | undefined {
  if (rest.length > 0 || (below !== undefined && below !== "items")) return undefined;
  if (conversation === undefined) return { POST: { type: "create-conversation" } };
  if (item !== undefined) {
    return { GET: { type: "get-item", conversation, item }, DELETE: { type: "delete-item", conversation, item } };
  }
  if (below === "items") return { GET: { type: "list-items", conversation }, POST: { type: "add-items", conversation } };
  return {
    GET: { type: "get-conversation", conversation },
    POST: { type: "update-conversation", conversation },
    DELETE: { type: "delete-conversation", conversation },
  };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
