/** The models a simulator lists. */
import { idFrom } from "./identity.ts";
import { invalid, VendorError } from "./vendor-error.ts";

const DEFAULT_MODELS = {
  anthropic: ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"],
  gemini: ["gemini-4-argon", "gemini-3.8-pro", "gemini-3.8-flash", "gemini-2.5-flash"],
  openai: ["gpt-6-sol", "gpt-5.5", "gpt-5-mini", "o4-mini", "gpt-4.1"],
} as const;

function listedModels(vendor: keyof typeof DEFAULT_MODELS, configured: readonly string[] | undefined): readonly string[] {
  return configured ?? DEFAULT_MODELS[vendor];
}

/** Whether there is such a model. Without a configured list every name is one. */
export function knowsModel(model: string, configured: readonly string[] | undefined): boolean {
  return configured?.includes(model) ?? model !== "";
}

/** `GET /v1/models` of Anthropic: pages by `limit` and `after_id` (dossier A.1.1). */
export function anthropicModels(configured: readonly string[] | undefined, query: URLSearchParams): unknown {
  const all = listedModels("anthropic", configured);
  const limit = Number(query.get("limit") ?? 20);
  if (!(limit >= 1 && limit <= 1000)) throw invalid("limit: Input should be between 1 and 1000");
  const from = all.indexOf(query.get("after_id") ?? "") + 1;
  const page = all.slice(from, from + limit);
  return { data: page.map(anthropicModel), has_more: from + limit < all.length, first_id: page[0] ?? null, last_id: page.at(-1) ?? null };
}

/** One model as Anthropic describes it. */
export function anthropicModel(id: string): unknown {
  return { type: "model", id, display_name: id, created_at: "2026-01-01T00:00:00Z", max_input_tokens: 1_000_000, max_tokens: 128_000 };
}

/** `GET /v1beta/models` of Gemini: pages by `pageSize` and `pageToken` (dossier A.4.1). */
export function geminiModels(configured: readonly string[] | undefined, query: URLSearchParams): unknown {
  const all = listedModels("gemini", configured);
  const size = Number(query.get("pageSize") ?? 50);
  const token = query.get("pageToken") ?? "";
  const from = token === "" ? 0 : all.findIndex((model) => pageToken(model) === token);
  if (from < 0) throw invalid("Invalid page token.");
  const next = all[from + size];
  return { models: all.slice(from, from + size).map(geminiModel), ...(next === undefined ? {} : { nextPageToken: pageToken(next) }) };
}

/** One model as Gemini describes it. */
export function geminiModel(id: string): unknown {
  return {
    name: `models/${id}`,
    version: "001",
    displayName: id,
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: ["generateContent", "countTokens"],
    thinking: true,
  };
}

/** `GET /v1/models` of OpenAI, all on one page (dossier A.2.4). */
export function openAiModels(configured: readonly string[] | undefined): unknown {
  return { object: "list", data: listedModels("openai", configured).map(openAiModel) };
}

/** One model as OpenAI describes it. */
export function openAiModel(id: string): unknown {
  return { id, object: "model", created: 1_767_225_600, owned_by: "system" };
}

/** Anthropic's answer for a model it does not have. */
export function unknownAnthropicModel(model: string): VendorError {
  return new VendorError(404, `model: ${model}`);
}

/** Gemini's answer for a model it does not have. */
export function unknownGeminiModel(model: string): VendorError {
  const hint = "Call ModelService.ListModels to see the list of available models and their supported methods.";
  return new VendorError(404, `models/${model} is not found for API version v1beta, or is not supported for generateContent. ${hint}`);
}

/** OpenAI's answer for a model it does not have. */
export function unknownOpenAiModel(model: string): VendorError {
  return new VendorError(404, `The model \`${model}\` does not exist or you do not have access to it.`, { code: "model_not_found" });
}

function pageToken(model: string): string {
  return idFrom("", `page ${model}`, 16);
}
