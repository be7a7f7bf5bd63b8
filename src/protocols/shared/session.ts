/** Which conversation a request says it belongs to, by headers that any client may send (dossier rules 415, 444). */
import type { ClientRequest } from "../protocol.ts";

/** In order of trust; the agent's id tells Claude Code's sub-agents apart. */
const SESSION_HEADERS = ["x-claude-code-session-id", "session-id", "x-session-affinity", "x-session-id", "session_id"];

/** The session's name, or `undefined` when no header has one. */
export function headerSession(headers: ClientRequest["headers"]): string | undefined {
  for (const name of SESSION_HEADERS) {
    const session = header(headers, name);
    if (session === undefined) continue;
    const agent = name === "x-claude-code-session-id" ? header(headers, "x-claude-code-agent-id") : undefined;
    return agent === undefined ? session : `${session}/${agent}`;
  }
  return undefined;
}

function header(headers: ClientRequest["headers"], name: string): string | undefined {
  const value = headers[name];
  const first = typeof value === "string" ? value : value?.[0];
  return first === "" ? undefined : first;
}
