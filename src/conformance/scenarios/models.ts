/** Models, and the size of prompts. */
import { holds } from "../check.ts";
import type { ProbeScenario } from "../scenario.ts";

export const MODELS: readonly ProbeScenario[] = [
  {
    id: "models-list",
    feature: "models",
    title: "the list of models holds the one that is asked for",
    async probe(client, endpoint) {
      const models = await client.listModels(endpoint);
      holds("models", models.includes(endpoint.model), `${endpoint.model} is not among ${models.join(", ")}`);
    },
  },
  {
    id: "count-tokens",
    feature: "models",
    title: "more words are more tokens",
    excuse: ({ client }) => (client === "chat" ? "Chat Completions does not count tokens" : undefined),
    async probe(client, endpoint) {
      const few = await client.countTokens(endpoint, "Hello");
      const many = await client.countTokens(endpoint, "Hello ".repeat(500));
      holds("tokens", few > 0 && many > few, `${few} for one word, ${many} for 500`);
    },
  },
];
