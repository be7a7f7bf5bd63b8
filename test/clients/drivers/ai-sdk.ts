/** Vercel's AI SDK with the provider that the client's name says. It is not one of the project's libraries, so its types are not known here. */
import { equal, ok } from "node:assert";
import { createRequire } from "node:module";
import path from "node:path";

import { city } from "../city.ts";
import { clientName, gateway, key, mostRounds, perform, printCity, modules, prompt, shell } from "./driver.ts";

/** What is used of it. */
interface AiSdk {
  generateText(options: object): Promise<Generated>;
  streamText(options: object): Streamed;
  isStepCount(count: number): unknown;
  tool(definition: object): unknown;
  jsonSchema(schema: object): unknown;
  readonly Output: { object(options: object): unknown };
}
interface Generated {
  readonly text: string;
  readonly output: unknown;
  readonly finishReason: string;
  readonly usage: Usage;
}
interface Streamed {
  readonly text: Promise<string>;
  readonly finishReason: Promise<string>;
  readonly totalUsage: Promise<Usage>;
}
interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
}
type Provider = ((model: string) => unknown) & { chat(model: string): unknown };

const installed = createRequire(path.join(modules, "index.js"));
const ai = installed("ai") as AiSdk;
const asking = { model: modelOf(clientName), prompt };

await perform({
  async answer() {
    const { text, finishReason, usage } = await ai.generateText(asking);
    check(text, finishReason, usage);
    await streamed({}, check);
  },
  async stream() {
    await streamed({}, (text) => console.log(text));
  },
  async tools() {
    const runShell = ai.tool({ description: shell.description, inputSchema: ai.jsonSchema(shell.parameters), execute: shell.run });
    await streamed({ instructions: "Be brief.", stopWhen: ai.isStepCount(mostRounds), tools: { [shell.name]: runShell } }, check);
  },
  async json() {
    const output = ai.Output.object({ schema: ai.jsonSchema(city) });
    printCity((await ai.generateText({ ...asking, output })).output);
  },
});

/** What breaks an answer is told apart from it: its promises may give what there was until then. */
async function streamed(options: object, take: typeof check): Promise<void> {
  let failure: unknown;
  const onError = ({ error }: { readonly error: unknown }) => (failure = error);
  const { text, finishReason, totalUsage } = ai.streamText({ ...asking, ...options, onError });
  const [all] = await Promise.allSettled([Promise.all([text, finishReason, totalUsage])]);
  if (failure !== undefined) throw failure;
  if (all.status === "rejected") throw all.reason;
  take(...all.value);
}

function check(text: string, finishReason: string, { inputTokens = 0, outputTokens = 0 }: Usage): void {
  equal(finishReason, "stop");
  ok(inputTokens > 0 && outputTokens > 0);
  console.log(text);
}

function modelOf(client: string): unknown {
  switch (client) {
    case "ai-sdk-anthropic":
      return providerFrom("@ai-sdk/anthropic", "createAnthropic", "v1")("claude-sonnet-5-5");
    case "ai-sdk-openai":
      // Responses, and what it is to keep is left to the API: the second turn refers to items of the first.
      return providerFrom("@ai-sdk/openai", "createOpenAI", "v1")("gpt-5.5");
    case "ai-sdk-openai-chat":
      return providerFrom("@ai-sdk/openai", "createOpenAI", "v1").chat("gpt-5.5");
    case "ai-sdk-openai-compatible":
      return providerFrom("@ai-sdk/openai-compatible", "createOpenAICompatible", "v1")("gpt-5.5");
    case "ai-sdk-google":
      return providerFrom("@ai-sdk/google", "createGoogleGenerativeAI", "v1beta")("gemini-3.8-pro");
    default:
      throw new Error(`the AI SDK has no provider for ${client}`);
  }
}

function providerFrom(library: string, factory: string, version: string): Provider {
  const { [factory]: create } = installed(library) as Record<string, (options: object) => Provider>;
  ok(create);
  const own = { name: "dragoman", includeUsage: true, supportsStructuredOutputs: true };
  return create({ ...own, baseURL: `${gateway}/${version}`, apiKey: key });
}
