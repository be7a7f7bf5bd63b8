/** A request in Gemini's words (dossier A.4.1, A.4.2). The order of keys is fixed; nothing depends on time or chance (rule 4). */
import type { ChatRequest } from "../../../chat/chat.ts";
import { GatewayError } from "../../../chat/error.ts";
import { asNumber, asObject, writeJson, type JsonObject } from "../../../chat/json.ts";
import { askInWords } from "../../shared/compaction.ts";
import { recordNative } from "../../shared/native-losses.ts";
import type { EncodedRequest, EncodeTarget } from "../../protocol.ts";
import { recordChoices, recordVerbosity } from "../../shared/single-answer.ts";
import { splitStops } from "../../shared/stop-sequences.ts";
import { encodeContents, encodeSystem } from "./contents.ts";
import { encodeGeneration } from "./generation-config.ts";
import { ownFields, withOwn } from "../native.ts";
import { encodeTools } from "./tools.ts";

/** Models, tuned models and what proxies call theirs; nothing that could lead elsewhere. */
const MODEL_NAME = /^(?:models\/|tunedModels\/)?[A-Za-z0-9][A-Za-z0-9._@-]*$/;

/** @throws GatewayError `model-not-found`, `invalid-request`. */
export function encodeRequest(request: ChatRequest, target: EncodeTarget): EncodedRequest {
  const method = request.stream ? "streamGenerateContent?alt=sse" : "generateContent";
  const { scanned } = splitStops(request, target.profile);
  return {
    path: `${modelPath(target.model)}:${method}`,
    headers: [],
    body: writeJson(encodeBody(request, target)),
    ...(scanned && { scanStops: scanned }),
  };
}

/** The same content, to be counted. @throws GatewayError as {@link encodeRequest}. */
export function encodeTokenCount(request: ChatRequest, target: EncodeTarget): EncodedRequest {
  const { systemInstruction, tools, toolConfig, contents } = encodeBody(request, target);
  const counted = { model: modelResource(target.model), systemInstruction, tools, toolConfig, contents };
  return { path: `${modelPath(target.model)}:countTokens`, headers: [], body: writeJson({ generateContentRequest: counted }) };
}

/** @throws GatewayError `upstream` when there is no count in it. */
export function decodeTokenCount(body: JsonObject): number {
  // Protobuf leaves out a zero.
  const tokens = body["totalTokens"] === undefined && body["promptTokensDetails"] !== undefined ? 0 : asNumber(body["totalTokens"]);
  if (tokens === undefined) throw new GatewayError("upstream", "The upstream's token count has no total.");
  return tokens;
}

/** The path of a model below the base URL. @throws GatewayError `model-not-found` for what cannot be a model's name. */
export function modelPath(model: string): string {
  return `/v1beta/${modelResource(model)}`;
}

function modelResource(model: string): string {
  if (!MODEL_NAME.test(model))
    throw new GatewayError("model-not-found", "The model's name has characters that no model of this provider has.", { field: "model" });
  return model.includes("/") ? model : `models/${model}`;
}

interface GenerateContentBody extends JsonObject {
  readonly systemInstruction: JsonObject | undefined;
  readonly tools: readonly JsonObject[] | undefined;
  readonly toolConfig: JsonObject | undefined;
  readonly contents: readonly JsonObject[];
  readonly generationConfig: JsonObject | undefined;
}

function encodeBody(given: ChatRequest, target: EncodeTarget): GenerateContentBody {
  const request = askInWords(given, target.losses);
  recordNative(request.native, "", "gemini", target.losses);
  recordChoices(request, target.losses);
  recordVerbosity(request, target.losses);
  if (request.cacheKey !== undefined) target.losses.add("cache-mark", "prompt_cache_key", "info");
  if (request.endUser !== undefined) target.losses.add("end-user", "metadata.user_id", "info");
  const own = ownFields(request.native) ?? {};
  const { tools, toolConfig } = encodeTools(request, target);
  const { generationConfig, instructions } = encodeGeneration(request, tools !== undefined, target);
  const { responseJsonSchema: _schema, ...otherConfig } = generationConfig ?? {};
  // A schema in Google's own dialect needs no other.
  const ownSchema = asObject(own["generationConfig"])?.["responseSchema"] !== undefined;
  const body = {
    systemInstruction: encodeSystem(request, target, instructions),
    tools,
    toolConfig,
    contents: encodeContents(request, target),
    generationConfig: ownSchema ? otherConfig : generationConfig,
  };
  return withOwn(body, own) as GenerateContentBody;
}
