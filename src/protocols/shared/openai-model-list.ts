/** The models of a server that speaks one of OpenAI's protocols: all on one page (A.2.4, rule 402). */
import { GatewayError } from "../../chat/error.ts";
import { asArray, asObject, asString } from "../../chat/json.ts";
import type { ModelList } from "../model-list.ts";

export const modelList: ModelList = {
  path: () => "/models",
  headers: [],
  decode(body) {
    const data = asObject(body)?.["data"];
    // Together gives the array itself, and Ollama null where it has no model.
    const models = data === null ? [] : asArray(data ?? body);
    if (!models) throw new GatewayError("upstream", "The upstream's list of models has no data field.");
    return { models: models.flatMap((model) => asString(asObject(model)?.["id"]) ?? []) };
  },
};
