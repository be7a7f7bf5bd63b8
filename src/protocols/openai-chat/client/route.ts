/** Routes (A.2.4). */
import type { ClientRoute, WrongMethod } from "../../protocol.ts";

/** Which of the protocol's routes a request is for (A.2.4). */
export function route(method: string, pathname: string): ClientRoute | WrongMethod | undefined {
  const model = /^\/v1\/models\/(.+)$/.exec(pathname)?.[1];
  if (model !== undefined) return method === "GET" ? { operation: "get-model", model: decoded(model) } : { allow: "GET" };
  const known = ROUTES.get(pathname);
  return known && (known.method === method ? known.route : { allow: known.method });
}

const ROUTES: ReadonlyMap<string, { readonly method: string; readonly route: ClientRoute }> = new Map([
  ["/v1/chat/completions", { method: "POST", route: { operation: "generate" } }],
  ["/v1/models", { method: "GET", route: { operation: "list-models" } }],
]);

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
