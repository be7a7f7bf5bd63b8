/**
 * An answer as it happens. The grammar (checked by `grammar.ts`):
 *
 *     answer := start { item | usage | ping } finish { usage } | any prefix followed by error
 *     item   := item-start(i) { delta(i) | citation(i) } item-end(i)          i = 0, 1, 2 … in the order items start
 *
 * Items may interleave; an encoder whose protocol cannot do so buffers. No event carries accumulated state.
 * Usage is a running total: a later one replaces the fields it has.
 */
import type { Citation, Content, Finish, Native, Usage } from "./chat.ts";
import type { GatewayError } from "./error.ts";
import type { OpaqueState } from "./state.ts";

export type ChatEvent =
  | { readonly type: "start"; readonly id?: string; readonly model?: string; readonly native?: Native }
  /** Streamed content (text, reasoning, tool calls, hosted calls, compaction) starts with what is known, its text or input mostly empty; everything else is whole here. */
  | { readonly type: "item-start"; readonly index: number; readonly item: Content }
  /** More of the item's text, or of its input when it is a call. */
  | { readonly type: "delta"; readonly index: number; readonly text: string }
  | { readonly type: "citation"; readonly index: number; readonly citation: Citation }
  /** `state` is proof over the finished item, when it comes last. */
  | { readonly type: "item-end"; readonly index: number; readonly state?: OpaqueState }
  | { readonly type: "usage"; readonly usage: Usage }
  | { readonly type: "finish"; readonly finish: Finish }
  | { readonly type: "error"; readonly error: GatewayError }
  | { readonly type: "ping" };

/** The later totals over the earlier ones, field by field. What a provider said word for word is true of its own totals only. */
export function mergeUsage(earlier: Usage | undefined, later: Usage): Usage {
  const { raw: _stale, ...counts } = earlier ?? {};
  return { ...counts, ...(Object.fromEntries(Object.entries(later).filter(([, value]) => value !== undefined)) as Usage) };
}

const COUNTS = ["input", "cacheRead", "cacheWrite", "cacheWrite1h", "output", "reasoning", "webSearches", "webFetches"] as const;

/** What several requests were charged for together. What one of them said word for word is not true of them all. */
export function addUsage(earlier: Usage | undefined, later: Usage): Usage {
  if (!earlier) return later;
  const counts = COUNTS.flatMap((key) => {
    const [a, b] = [earlier[key], later[key]];
    return a === undefined && b === undefined ? [] : [[key, (a ?? 0) + (b ?? 0)] as const];
  });
  return Object.fromEntries(counts);
}
