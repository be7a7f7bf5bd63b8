/** The list of models, in the shape of `GET /v1/models` (A.2.4): whole, there are no pages. */
import type { JsonObject } from "../../chat/json.ts";
import type { ModelEntry } from "../protocol.ts";

/** Every model, in the order given. */
export function encodeModelList(models: readonly ModelEntry[]): JsonObject {
  return { object: "list", data: models.map(encodeModel) };
}

/** One model. When it was made is not ours to know, and the field wants a number. */
export function encodeModel({ id }: ModelEntry): JsonObject {
  return { id, object: "model", created: 0, owned_by: "dragoman" };
}
