/** Ids of calls as servers take them: pure functions of the id, so that calls and results still match (rules 5, 48–50). */
import { createHash } from "node:crypto";
import type { ChatDialect } from "../../chat-dialect.ts";

/** Longer ids are refused by some servers. */
const MAX_CHARS = 40;
const NINE_ALPHANUMERICS = /^[a-zA-Z0-9]{9}$/;

/** The id to send for the caller's. */
export function wireCallId(id: string, { callIds }: ChatDialect): string {
  if (callIds === "nine-alphanumerics") return NINE_ALPHANUMERICS.test(id) ? id : hash(id).slice(0, 9);
  return id.length <= MAX_CHARS ? id : `call_${hash(id).slice(0, 32)}`;
}

function hash(id: string): string {
  return createHash("sha256").update(id).digest("hex");
}
