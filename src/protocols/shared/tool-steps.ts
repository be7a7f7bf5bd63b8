/**
 * Steps of a conversation: the calls of an answer, and the turns that may hold their results. Protocols whose law is
 * stricter than the caller's history pair them here (dossier rules 22–29, 89).
 */
import type { ChatRequest, Item, Turn } from "../../chat/chat.ts";

/** A turn with its items. */
export interface TurnItems {
  readonly role: Turn["role"];
  readonly items: readonly Item[];
}

/** A call that waits for its result. */
export type CallItem = Extract<Item, { type: "tool-call" }>;
/** A result among the items of a request. */
export type ResultItem = Extract<Item, { type: "tool-result" }>;

/** The items by turn. Empty turns count too: they stand between what is before and after them. */
export function groupByTurn({ turns, items }: ChatRequest): TurnItems[] {
  const groups = turns.map(({ role }) => ({ role, items: [] as Item[] }));
  for (const item of items) groups[item.turn]?.items.push(item);
  return groups;
}

/** The turns up to the next answer of the model that may hold results of the step before: none after a user's that has none. */
export function answeringTurns(turns: readonly TurnItems[], start: number): readonly TurnItems[] {
  let end = start;
  for (;;) {
    const turn = turns[end];
    if (!turn || turn.role === "assistant") break;
    end += 1;
    if (turn.role === "user" && !turn.items.some((item) => item.type === "tool-result")) break;
  }
  return turns.slice(start, end);
}

/** Each call with its result: by id, and the first comes first when ids repeat (rules 24, 52). `orphans` answer no call. */
export function pairResults(
  calls: readonly CallItem[],
  results: readonly ResultItem[],
): { paired: (ResultItem | undefined)[]; orphans: ReadonlySet<ResultItem> } {
  const answers = Map.groupBy(results, ({ callId }) => callId);
  const taken = new Map<string, number>();
  const orphans = new Set(results);
  const paired = calls.map(({ id }) => {
    const place = taken.get(id) ?? 0;
    const result = answers.get(id)?.[place];
    if (!result) return undefined;
    taken.set(id, place + 1);
    orphans.delete(result);
    return result;
  });
  return { paired, orphans };
}
