/** Every recorded Gemini answer, through the gateway, accumulated by the official SDK of the client's protocol: the same content. */
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, test } from "vitest";
import { gatewaysForTests, pool } from "./support/gateway.ts";
import { loadRecordings, type Recording } from "./support/recordings.ts";

const { start } = gatewaysForTests();
const answers = loadRecordings("gemini").filter(
  ({ request, response }) => response.status === 200 && !/count_?tokens/i.test(request?.path ?? ""),
);

interface Facts {
  text: string;
  calls: { name: string; input: unknown }[];
  /** Text may stand beside notes of ours: images, code, tools that the provider ran. */
  mixed: boolean;
  /** The upstream said that it failed, or never said that it finished. */
  failed: boolean;
}

/** Read straight from the recorded bytes, sharing nothing with the decoder. */
function factsOf({ response: { sse, body } }: Recording): Facts {
  // oxlint-disable-next-line typescript/no-explicit-any -- recorded JSON
  const bodies: any[] =
    sse === undefined ? [body].flat() : sse.split(/\r?\n/).flatMap((line) => (line.startsWith("data:") ? [JSON.parse(line.slice(5))] : []));
  const facts: Facts = { text: "", calls: [], mixed: false, failed: false };
  let word: string | undefined;
  let open: { name: string; input: unknown } | undefined;
  for (const one of bodies) {
    const candidate = one.candidates?.[0];
    word = candidate?.finishReason ?? one.promptFeedback?.blockReason ?? word;
    for (const part of candidate?.content?.parts ?? []) {
      if (typeof part.text === "string" && part.thought !== true) facts.text += part.text as string;
      if (part.functionCall?.name) facts.calls.push((open = { name: part.functionCall.name, input: part.functionCall.args ?? {} }));
      // Arguments that come in pieces are put together by the decoder's own tests.
      if (part.functionCall?.partialArgs && open) open.input = expect.any(Object);
      if (part.inlineData ?? part.executableCode ?? part.codeExecutionResult ?? part.functionResponse) facts.mixed = true;
    }
  }
  facts.failed = word === undefined || /MALFORMED|UNEXPECTED_TOOL_CALL/.test(word) || (word === "OTHER" && facts.text === "");
  return facts;
}

describe("recorded Gemini answers as @anthropic-ai/sdk sees them", () => {
  test("there are some of both kinds", () => {
    expect(answers.filter(({ response }) => response.sse !== undefined).length).toBeGreaterThan(10);
    expect(answers.filter(({ response }) => response.sse === undefined).length).toBeGreaterThan(10);
  });

  test.each(answers.map((recording) => [recording.name, recording] as const))("%s", async (_name, recording) => {
    const { bytes, sse, body } = recording.response;
    const gateway = await start({ config: pool("gemini", 1) });
    const cuts = [...new Set(Array.from({ length: 30 }, (_, i) => ((i * 7919) % (bytes.length - 1)) + 1))].toSorted((a, b) => a - b);
    const response = { status: 200, headers: recording.response.headers, body: bytes.toString() };
    gateway.simulator.script({ recording: { response }, cuts });
    const client = new Anthropic({ baseURL: gateway.url, apiKey: "any", maxRetries: 0 });
    const tools = [...new Set(factsOf(recording).calls.map(({ name }) => name))].map((name) => ({
      name,
      input_schema: { type: "object" as const },
    }));
    const asked = {
      model: "m",
      max_tokens: 1024,
      messages: [{ role: "user" as const, content: "hi" }],
      ...(tools.length > 0 && { tools }),
    };
    const streamed = sse !== undefined || Array.isArray(body);
    const answer = streamed ? client.beta.messages.stream(asked).finalMessage() : client.beta.messages.create(asked);
    const facts = factsOf(recording);
    if (facts.failed) {
      await expect(answer).rejects.toThrow();
      return;
    }
    const { content } = await answer;
    const text = content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
    if (!facts.mixed) expect(text.trim()).toBe(facts.text.trim());
    const calls = content.flatMap((block) => (block.type === "tool_use" ? [{ name: block.name, input: block.input }] : []));
    expect(calls).toEqual(facts.mixed ? calls.filter(({ name }) => facts.calls.some((call) => call.name === name)) : facts.calls);
  });
});
