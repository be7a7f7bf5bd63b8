/**
 * Ids of calls. The wire takes `[a-zA-Z0-9_-]+` only, other protocols take anything: a bijection, so that an id comes
 * back as it was, with nothing remembered (rules 5, 48).
 */
import { createHash } from "node:crypto";

const CALL_ID = /^[a-zA-Z0-9_-]+$/;
const ESCAPE = "dgid_";

/** Any id as one this wire takes. Legal ids stay as they are. */
export function escapeCallId(id: string): string {
  return needsEscape(id) ? ESCAPE + Buffer.from(id).toString("base64url") : id;
}

/** The id that {@link escapeCallId} was given. */
export function unescapeCallId(id: string): string {
  const plain = escaped(id);
  return plain !== undefined && needsEscape(plain) ? plain : id;
}

/** Legal ids that look escaped are escaped too, or two ids would become one. */
function needsEscape(id: string): boolean {
  if (!CALL_ID.test(id)) return true;
  const plain = escaped(id);
  return plain !== undefined && needsEscape(plain);
}

function escaped(id: string): string | undefined {
  if (!id.startsWith(ESCAPE)) return undefined;
  const plain = Buffer.from(id.slice(ESCAPE.length), "base64url").toString();
  return Buffer.from(plain).toString("base64url") === id.slice(ESCAPE.length) ? plain : undefined;
}

const MINTED = "srvtoolu_dgm";

/**
 * The id of a hosted call that another vendor ran: the wire asks for this prefix. Recognisable, because what the
 * blocks hold is no proof to Anthropic when they are replayed (rule 225).
 */
export function hostedCallId(id: string): string {
  if (id.startsWith("srvtoolu_") || id.startsWith("mcptoolu_")) return id;
  return MINTED + createHash("sha256").update(id).digest("hex").slice(0, 24);
}

/** Whether {@link hostedCallId} made this id up. */
export function isMintedHostedId(id: string): boolean {
  return id.startsWith(MINTED);
}
