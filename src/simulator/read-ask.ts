/** The neutral view of a recorded request, for assertions: what the caller asked this vendor for, in whichever protocol. */
import type { IncomingHttpHeaders } from "node:http";
import type { Ask } from "./conversation.ts";
import { ResponseStore } from "./responses-store.ts";
import { routeOf } from "./routes.ts";
import type { RecordedRequest } from "./types.ts";

export type { Ask, CallPart, MediaPart, Part, ResultPart, ThinkingPart } from "./conversation.ts";

/**
 * What a request for a generation asks for. Throws when it is for anything else, or when its body cannot be read at all.
 * @param kept the simulator's kept answers, for requests that refer to some.
 */
export function readAsk(request: RecordedRequest, kept = new ResponseStore()): Ask {
  const { dialect, operation, model, framing } = routeOf(request.method, new URL(request.path, "http://simulator"), headersOf(request));
  if (operation !== "generate") throw new Error(`${request.method} ${request.path} does not ask for a generation.`);
  return dialect.ask({ body: request.body, model, framing, credential: request.credential }, kept);
}

/** Turns with neighbours of one role put together: in which messages a turn came is each protocol's own affair. */
export function joinedTurns(ask: Ask): Ask["turns"] {
  const joined: Ask["turns"][number][] = [];
  for (const turn of ask.turns) {
    const last = joined.at(-1);
    if (last?.role === turn.role) joined[joined.length - 1] = { role: turn.role, parts: [...last.parts, ...turn.parts] };
    else joined.push(turn);
  }
  return joined;
}

function headersOf({ headers }: RecordedRequest): IncomingHttpHeaders {
  return Object.fromEntries(
    headers.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), headers[index + 1] ?? ""]] : [])),
  ) as IncomingHttpHeaders;
}
