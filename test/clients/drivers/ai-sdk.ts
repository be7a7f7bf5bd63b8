/** Vercel's AI SDK with the provider that the client's name says. It is not one of the project's libraries, so its types are not known here. */
import { equal, ok } from "node:assert";
import { createRequire } from "node:module";
import path from "node:path";

import { city, clientName, gateway, key, mostRounds, perform, printCity, modules, prompt, shell } from "./driver.ts";

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
    await stream({});
  },
  async tools() {
    const runShell = ai.tool({ description: shell.description, inputSchema: ai.jsonSchema(shell.parameters), execute: shell.run });
    await stream({ instructions: "Be brief.", stopWhen: ai.isStepCount(mostRounds), tools: { [shell.name]: runShell } });
  },
  async json() {
    const output = ai.Output.object({ schema: ai.jsonSchema(city) });
    printCity((await ai.generateText({ ...asking, output })).output);
  },
});

async function stream(options: object): Promise<void> {
  let failure: unknown;
  const onError = ({ error }: { readonly error: unknown }) => (failure = error);
  const answer = ai.streamText({ ...asking, ...options, onError });
  try {
    check(await answer.text, await answer.finishReason, await answer.totalUsage);
  } catch (error) {
    throw failure ?? error;
  }
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
