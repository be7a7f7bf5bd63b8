/** Cache marks as clients of OpenAI's protocols write them (A.2.1, rules 427, 428). */
import type { CacheMark } from "../../chat/chat.ts";
import { asObject, type JsonObject, type JsonValue } from "../../chat/json.ts";

/** The mark of a part or tool, if it has one. */
export function decodeCacheMark(part: JsonObject): CacheMark | undefined {
  return decodeBreakpoint(part["prompt_cache_breakpoint"]) ?? decodeCacheControl(part["cache_control"]);
}

/** Lifetimes of an hour and more; others come nearest to five minutes (rule 428). */
const LONG_TTL = /^(?:60m|\d+h)$/;

function decodeBreakpoint(value: JsonValue | undefined): CacheMark | undefined {
  const breakpoint = asObject(value);
  if (!breakpoint) return undefined;
  const { ttl } = breakpoint;
  return typeof ttl === "string" && LONG_TTL.test(ttl) ? { ttl: "1h" } : {};
}

/** Anthropic's mark, which clients of this protocol send to servers that pass it on. */
function decodeCacheControl(value: JsonValue | undefined): CacheMark | undefined {
  const control = asObject(value);
  if (control?.["type"] !== "ephemeral") return undefined;
  const { ttl } = control;
  return ttl === "5m" || ttl === "1h" ? { ttl } : {};
}
