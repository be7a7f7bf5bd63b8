/** The list of models, in the shape of `GET /v1/models` (A.1.1, rule 402). */
import type { JsonObject } from "../../../chat/json.ts";
import type { ModelEntry } from "../../protocol.ts";
import { refuse } from "../fields.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;

/**
 * One page, in the order given.
 * @throws GatewayError `invalid-request` for a bad `limit`, an unknown id, or both ids at once.
 */
export function encodeModelList(models: readonly ModelEntry[], query: URLSearchParams): JsonObject {
  const limit = readLimit(query.get("limit"));
  const after = position(models, query, "after_id");
  const before = position(models, query, "before_id");
  if (after !== undefined && before !== undefined) refuse("before_id", "before_id and after_id cannot be used together");
  const end = before ?? Math.min(models.length, (after ?? -1) + 1 + limit);
  const start = before === undefined ? (after ?? -1) + 1 : Math.max(0, before - limit);
  const page = models.slice(start, end);
  return {
    data: page.map(encodeModel),
    has_more: before === undefined ? end < models.length : start > 0,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

function readLimit(value: string | null): number {
  if (value === null || value === "") return DEFAULT_LIMIT;
  const limit = Number(value);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) refuse("limit", `Input should be an integer from 1 to ${MAX_LIMIT}`);
  return limit;
}

function position(models: readonly ModelEntry[], query: URLSearchParams, key: string): number | undefined {
  const id = query.get(key);
  if (id === null || id === "") return undefined;
  const index = models.findIndex((model) => model.id === id);
  return index < 0 ? refuse(key, `no model is called ${JSON.stringify(id)}`) : index;
}

/** One model. What nobody has told us is `null`; when it was released is not ours to know, and the field wants a date. */
export function encodeModel({ id, maxInputTokens, maxOutputTokens }: ModelEntry): JsonObject {
  return {
    type: "model",
    id,
    display_name: id,
    created_at: "1970-01-01T00:00:00Z",
    max_input_tokens: maxInputTokens ?? null,
    max_tokens: maxOutputTokens ?? null,
    capabilities: null,
    lifecycle: "active",
    line: null,
    deprecated_at: null,
    retires_at: null,
  };
}
