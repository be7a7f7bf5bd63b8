/** Providers that speak OpenAI's Chat Completions: one type for each vendor, and a plain one for any other server. */
import type { ProviderType } from "../provider.ts";
import { vendors, type Vendor } from "./vendors.ts";

export const openaiCompatible: readonly ProviderType[] = vendors.map(providerType);

function providerType({ type, alsoCalled, baseUrl, environmentVariable, models, exampleModel, dialect }: Vendor): ProviderType {
  return {
    type,
    platform: type,
    ...(alsoCalled && { alsoCalled }),
    ...(baseUrl !== undefined && { defaultBaseUrl: baseUrl }),
    environmentVariables: environmentVariable === undefined ? [] : [environmentVariable],
    keyless: environmentVariable === undefined,
    models,
    exampleModel,
    chat: dialect,
    protocolsFor: () => ["openai-chat"],
    authorize: bearer,
  };
}

/** Servers of one's own may ask for no key. */
function bearer({ apiKey }: { readonly apiKey: string }): readonly string[] {
  return apiKey === "" ? [] : ["authorization", `Bearer ${apiKey}`];
}
