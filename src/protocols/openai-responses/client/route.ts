/** Routes (A.3.1, A.3.2). The list of models is that of Chat, whose paths and shapes are the same. */
import type { ClientRoute, WrongMethod } from "../../protocol.ts";

const ROUTES: ReadonlyMap<string, ClientRoute> = new Map<string, ClientRoute>([
  ["/v1/responses", { operation: "generate" }],
  ["/v1/responses/input_tokens", { operation: "count-tokens" }],
]);

/** Which of the protocol's routes that ask a model something a request is for. */
export function route(method: string, pathname: string): ClientRoute | WrongMethod | undefined {
  const known = ROUTES.get(pathname);
  return known && (method === "POST" ? known : { allow: "POST" });
}
