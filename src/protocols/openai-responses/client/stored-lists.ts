/** Lists of items, page by page (A.3.2; OpenAI's SDK, `CursorPage`). */
import type { JsonObject } from "../../../chat/json.ts";
import { refuse, refuseValue } from "../../shared/openai-fields.ts";
import type { KeptItem, StoredQuestion } from "../../stateful.ts";
import { asksState } from "./stored-answer.ts";
import { shownItem } from "./stored-items.ts";

const ORDERS = ["asc", "desc"] as const;
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** One page, the latest first unless it is asked for otherwise. @throws GatewayError `invalid-request` for bad paging parameters. */
export function encodeItems(items: readonly KeptItem[], { query }: StoredQuestion): JsonObject {
  const limit = limitOf(query);
  const ordered = orderOf(query) === "asc" ? items : items.toReversed();
  const rest = ordered.slice(positionOf(ordered, query.get("after")) + 1);
  const page = rest.slice(0, limit);
  return list(page, rest.length > page.length, query);
}

/** Items that were just added, in their order. */
export function encodeAdded(items: readonly KeptItem[], { query }: StoredQuestion): JsonObject {
  return list(items, false, query);
}

/** One item. */
export function encodeItem(item: KeptItem, { query }: StoredQuestion): JsonObject {
  return shownItem(item, asksState(query));
}

function list(items: readonly KeptItem[], hasMore: boolean, query: URLSearchParams): JsonObject {
  const data = items.map((item) => shownItem(item, asksState(query)));
  return { object: "list", data, first_id: items[0]?.id ?? null, last_id: items.at(-1)?.id ?? null, has_more: hasMore };
}

function limitOf(query: URLSearchParams): number {
  const given = query.get("limit");
  if (given === null) return DEFAULT_LIMIT;
  const limit = Number(given);
  if (!Number.isInteger(limit))
    return refuse("limit", `Invalid type for 'limit': expected an integer, but got '${given}' instead.`, "invalid_type");
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  return refuse("limit", `Invalid 'limit': expected an integer from 1 to ${MAX_LIMIT}, but got ${limit} instead.`, "invalid_value");
}

function orderOf(query: URLSearchParams): (typeof ORDERS)[number] {
  const given = query.get("order") ?? "desc";
  return ORDERS.find((order) => order === given) ?? refuseValue("order", given, ORDERS);
}

/** Where the item of that id stands; -1: the page begins at the beginning. */
function positionOf(items: readonly KeptItem[], after: string | null): number {
  if (after === null) return -1;
  const position = items.findIndex(({ id }) => id === after);
  return position >= 0 ? position : refuse("after", `Invalid 'after': there is no item with id '${after}' in this list.`, "invalid_value");
}
