/** Every recorded answer of Gemini's and of Responses, through the gateway, accumulated by an official SDK: the same content. */
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, test } from "vitest";
import { gatewaysForTests, pool } from "./support/gateway.ts";
import { loadRecordings, type Recording } from "./support/recordings.ts";

const { start } = gatewaysForTests();

interface Facts {
  text: string;
  calls: { name: string; input: unknown }[];
  /** Text may stand beside notes of ours: images, code, tools that the provider ran. */
  mixed: boolean;
  /** The upstream said that it failed, or never said that it finished. */
  failed: boolean;
}

/** The bodies of a recorded answer, in order. */
// oxlint-disable-next-line typescript/no-explicit-any -- recorded JSON
function bodiesOf({ response: { sse, body } }: Recording): any[] {
  if (sse === undefined) return [body].flat();
  const data = sse.split(/\r?\n/).flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trim()] : []));
  return data.flatMap((text) => (text === "[DONE]" ? [] : [JSON.parse(text)]));
}

/** Read straight from the recorded bytes, sharing nothing with the decoder. */
function factsOfGemini(recording: Recording): Facts {
  const facts: Facts = { text: "", calls: [], mixed: false, failed: false };
  let word: string | undefined;
  let open: { name: string; input: unknown } | undefined;
  for (const one of bodiesOf(recording)) {
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

/** The same of items; those of a stream are in its events, because its end may leave them out. */
function factsOfResponses(recording: Recording): Facts {
  const facts: Facts = { text: "", calls: [], mixed: false, failed: false };
  const bodies = bodiesOf(recording);
  const end = bodies.findLast((one) => one.response ?? one.object === "response");
  const response = end?.response ?? end;
  facts.failed = response?.error != null || !["completed", "complete", "incomplete"].includes(response?.status);
  const done = bodies.filter(({ type }) => type === "response.output_item.done").toSorted((a, b) => a.output_index - b.output_index);
  for (const item of response?.output?.length > 0 ? response.output : done.map((one) => one.item)) {
    if (item.type === "message") {
      for (const part of item.content) {
        facts.text += part.text ?? "";
        facts.mixed ||= part.type === "refusal";
      }
    } else if (item.type === "function_call") {
      const name = item.namespace ? `${item.namespace}__${item.name}` : item.name;
      // What the limit of tokens cut is put together by the SDK.
      const input = response.status === "incomplete" ? expect.any(Object) : JSON.parse(item.arguments || "{}");
      facts.calls.push({ name, input });
    } else if (item.type === "local_shell_call") {
      const { type: _type, env: _empty, ...asked } = item.action;
      facts.calls.push({ name: "local_shell", input: asked });
    } else if (item.action?.type && item.type !== "web_search_call") {
      facts.calls.push({ name: item.type.replace("_call", ""), input: item.action });
    } else if (item.operation) facts.calls.push({ name: "apply_patch", input: item.operation });
    else facts.mixed ||= item.type !== "reasoning";
  }
  return facts;
}

/** What the SDK makes of a recorded answer must be what the recording says. */
async function expectFacts({ response }: Recording, { text, calls, mixed, failed }: Facts, config: (upstream: string) => string) {
  const { bytes, sse, body, headers } = response;
  const gateway = await start({ config });
  const cuts = [...new Set(Array.from({ length: 30 }, (_, i) => ((i * 7919) % (bytes.length - 1)) + 1))].toSorted((a, b) => a - b);
  gateway.simulator.script({ recording: { response: { status: 200, headers, body: bytes.toString() } }, cuts });
  const client = new Anthropic({ baseURL: gateway.url, apiKey: "any", maxRetries: 0 });
  const tools = [...new Set(calls.map(({ name }) => name))].map((name) => ({ name, input_schema: { type: "object" as const } }));
  const asked = {
    model: "m",
    max_tokens: 1024,
    messages: [{ role: "user" as const, content: "hi" }],
    ...(tools.length > 0 && { tools }),
  };
  const streamed = sse !== undefined || Array.isArray(body);
  const answer = streamed ? client.beta.messages.stream(asked).finalMessage() : client.beta.messages.create(asked);
  if (failed) return expect(answer).rejects.toThrow();
  const { content } = await answer;
  const said = content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
  if (!mixed) expect(said.trim()).toBe(text.trim());
  const made = content.flatMap((block) => (block.type === "tool_use" ? [{ name: block.name, input: block.input }] : []));
  return expect(made).toEqual(mixed ? made.filter(({ name }) => calls.some((call) => call.name === name)) : calls);
}

describe("recorded Gemini answers as @anthropic-ai/sdk sees them", () => {
  const answers = loadRecordings("gemini").filter(
    ({ request, response }) => response.status === 200 && !/count_?tokens/i.test(request?.path ?? ""),
  );

  test("there are some of both kinds", () => {
    expect(answers.filter(({ response }) => response.sse !== undefined).length).toBeGreaterThan(10);
    expect(answers.filter(({ response }) => response.sse === undefined).length).toBeGreaterThan(10);
  });

  test.for(answers)("$name", (recording) => expectFacts(recording, factsOfGemini(recording), pool("gemini", 1)));
});

describe("recorded Responses answers as @anthropic-ai/sdk sees them", () => {
  // Clients of Messages have no tools that take free text, so that nobody calls one.
  const answers = loadRecordings("openai-responses").filter(
    ({ request: { method = "POST", path = "" } = {}, response: { status, bytes } }) =>
      status === 200 && method === "POST" && !path.endsWith("/input_tokens") && !bytes.includes('"custom_tool_call"'),
  );

  test("there are some of both kinds", () => {
    expect(answers.filter(({ response }) => response.sse !== undefined).length).toBeGreaterThan(10);
    expect(answers.filter(({ response }) => response.sse === undefined).length).toBeGreaterThan(10);
  });

  test.for(answers)("$name", (recording) => expectFacts(recording, factsOfResponses(recording), pool("openai", 1)));
});
