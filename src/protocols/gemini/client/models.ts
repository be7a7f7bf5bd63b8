/** The list of models, in the shape of `GET /v1beta/models` (dossier A.4.1, rule 402). */
import type { JsonObject } from "../../../chat/json.ts";
import type { ModelEntry } from "../../protocol.ts";
import { refuse } from "../fields.ts";

const DEFAULT_PAGE_SIZE = 50;
/** Larger pages are made this large, as Google does. */
const MAX_PAGE_SIZE = 1000;

/**
 * One page, in the order given. The token of the next one is the name of its first model, in base64url.
 * @throws GatewayError `invalid-request` for a bad size or token.
 */
export function encodeModelList(models: readonly ModelEntry[], query: URLSearchParams): JsonObject {
  const size = readPageSize(query.get("pageSize") ?? query.get("page_size"));
  const start = readPageToken(models, query.get("pageToken") ?? query.get("page_token"));
  const next = models[start + size];
  return {
    models: models.slice(start, start + size).map(encodeModel),
    ...(next && { nextPageToken: Buffer.from(next.id).toString("base64url") }),
  };
}

function readPageSize(value: string | null): number {
  if (value === null || value === "" || value === "0") return DEFAULT_PAGE_SIZE;
  const size = Number(value);
  if (!Number.isInteger(size) || size < 0) refuse("pageSize", "Invalid value at 'page_size' (TYPE_INT32)");
  return Math.min(size, MAX_PAGE_SIZE);
}

function readPageToken(models: readonly ModelEntry[], token: string | null): number {
  if (token === null || token === "") return 0;
  const id = Buffer.from(token, "base64url").toString();
  const start = models.findIndex((model) => model.id === id);
  return start < 0 ? refuse("pageToken", "The page token is invalid.") : start;
}

/** One model. What nobody has told us is left out. */
export function encodeModel({ id, maxInputTokens, maxOutputTokens }: ModelEntry): JsonObject {
  return {
    name: `models/${id}`,
    displayName: id,
    ...(maxInputTokens !== undefined && { inputTokenLimit: maxInputTokens }),
    ...(maxOutputTokens !== undefined && { outputTokenLimit: maxOutputTokens }),
    supportedGenerationMethods: ["generateContent", "streamGenerateContent", "countTokens"],
  };
}
