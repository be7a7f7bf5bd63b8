/** The models of an Anthropic-shaped upstream (A.1.1, rule 402). */
import { GatewayError } from "../../../chat/error.ts";
import { asArray, asObject, asString } from "../../../chat/json.ts";
import type { ModelList } from "../../model-list.ts";
import { VERSION } from "../wire.ts";

/** The most that Anthropic gives at once. */
const PAGE_SIZE = 1000;

export const modelList: ModelList = {
  path: (after) => `/v1/models?limit=${PAGE_SIZE}${after === undefined ? "" : `&after_id=${encodeURIComponent(after)}`}`,
  headers: ["anthropic-version", VERSION],
  decode(body) {
    const page = asObject(body);
    const data = asArray(page?.["data"]);
    if (!data) throw new GatewayError("upstream", "The upstream's list of models has no data field.");
    const after = page?.["has_more"] === true ? asString(page["last_id"]) : undefined;
    return { models: data.flatMap((model) => asString(asObject(model)?.["id"]) ?? []), ...(after !== undefined && { after }) };
  },
};
