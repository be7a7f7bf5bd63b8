/** The models of the Gemini API (dossier A.4.1, rule 402): those that generate, without the embedding and video ones beside them. */
import { GatewayError } from "../../../chat/error.ts";
import { asArray, asObject, asString, type JsonObject } from "../../../chat/json.ts";
import type { ModelList } from "../../model-list.ts";

/** The most that Google gives at once. */
const PAGE_SIZE = 1000;
const RESOURCE = "models/";

export const modelList: ModelList = {
  path: (after) => `/v1beta/models?pageSize=${PAGE_SIZE}${after === undefined ? "" : `&pageToken=${encodeURIComponent(after)}`}`,
  headers: [],
  decode(body) {
    const page = asObject(body);
    // Protobuf leaves an empty list out.
    const models = asArray(page?.["models"] ?? (page && Object.keys(page).length === 0 ? [] : undefined));
    if (!page || !models) throw new GatewayError("upstream", "The upstream's list of models has no models field.");
    const after = asString(page["nextPageToken"]) ?? "";
    return { models: models.flatMap((model) => nameOf(asObject(model)) ?? []), ...(after !== "" && { after }) };
  },
};

/** `models/x` is asked for as `x`; `undefined`: it answers other kinds of request. */
function nameOf(model: JsonObject | undefined): string | undefined {
  if (!asArray(model?.["supportedGenerationMethods"])?.includes("generateContent")) return undefined;
  const name = asString(model?.["name"]);
  return name?.startsWith(RESOURCE) ? name.slice(RESOURCE.length) : name;
}
