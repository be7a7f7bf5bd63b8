/** What the drivers of both of OpenAI's protocols share of its SDK. */
import type OpenAI from "openai";
import type { SdkError } from "../conversation.ts";
import { loadSdk, type Endpoint } from "./client.ts";

/** What `npm install` is told. */
export const SDK = "openai";

/** The SDK, set to try nothing again by itself. */
export async function openAi({ baseUrl: baseURL, apiKey }: Endpoint, fetch?: typeof globalThis.fetch): Promise<OpenAI> {
  const sdk = await loadSdk(SDK, () => import("openai"));
  return new sdk.default({ baseURL, apiKey, maxRetries: 0, ...(fetch !== undefined && { fetch }) });
}

export async function listModels(endpoint: Endpoint): Promise<readonly string[]> {
  const client = await openAi(endpoint);
  const ids: string[] = [];
  for await (const { id } of client.models.list({ headers: endpoint.headers })) ids.push(id);
  return ids;
}

/** What the SDK raised. */
export function openAiError(error: Error): SdkError {
  const { status, type, code, headers } = error as Partial<InstanceType<typeof OpenAI.APIError>>;
  const retryAfter = headers?.get("retry-after");
  return {
    class: error.constructor.name,
    ...(status !== undefined && { status }),
    ...(typeof type === "string" && { type }),
    ...(typeof code === "string" && { code }),
    message: error.message,
    ...(typeof retryAfter === "string" && { retryAfter: Number(retryAfter) }),
  };
}

/** A call's arguments. Those that were cut off stay the text they are. */
export function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
