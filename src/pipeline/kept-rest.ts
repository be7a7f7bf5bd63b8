/** Rests as they are written down, on disk or for other replicas, and read again: what was written by others may be anything. */
import type { ErrorKind } from "../chat/error.ts";
import { isObject, tryParseJson } from "../chat/json.ts";
import type { KeptRest } from "../routing/cooldown.ts";
import type { RestClass } from "../routing/verdict.ts";

/** What a credential or a provider can rest from. */
const KINDS: ReadonlySet<unknown> = new Set<ErrorKind>([
  "rate-limited",
  "transport",
  "upstream",
  "overloaded",
  "timeout",
  "unauthenticated",
  "billing",
  "permission",
  "model-not-found",
]);
const CLASSES: ReadonlySet<unknown> = new Set<RestClass>(["rate-limit", "transient", "long", "down"]);

/** The rest in a value; `undefined` when there is none. */
export function readRest(value: unknown): KeptRest | undefined {
  if (!isObject(value) || !KINDS.has(value["why"]) || !CLASSES.has(value["class"])) return undefined;
  const { failures, sinceMs, untilMs, nextProbeMs } = value;
  if (![failures, sinceMs, nextProbeMs].every(isAmount) || (untilMs !== undefined && !isAmount(untilMs))) return undefined;
  return value as unknown as KeptRest;
}

/** Names what rests, in a key. */
export function restKey(owner: string, model: string | undefined): string {
  return JSON.stringify([owner, model ?? null]);
}

/** What rests, by its key; `undefined` when it names nothing. */
export function readRestKey(key: string): { readonly owner: string; readonly model: string | undefined } | undefined {
  const parts = tryParseJson(key);
  if (!Array.isArray(parts)) return undefined;
  const [owner, model] = parts as unknown[];
  if (typeof owner !== "string" || (model !== null && typeof model !== "string")) return undefined;
  return { owner, model: model ?? undefined };
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}
