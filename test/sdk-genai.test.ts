/** Google's SDK through the gateway, in every mode it has, relayed and translated, alone and while credentials fail. */
import { execFileSync } from "node:child_process";
import { ApiError, FunctionCallingConfigMode, GoogleGenAI, type Content, type Part } from "@google/genai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pool, startTestGateway, type TestGateway } from "./support/gateway.ts";
import { CITY, PROMPT } from "./support/sdk-tasks.ts";

const SHELL = {
  name: "run_shell",
  description: "Run a shell command and return its output",
  parametersJsonSchema: { type: "object", properties: { command: { type: "string" } }, required: ["command"] },
};
const model = "gemini-3.8-pro";

const upstreams = [
  ["anthropic", 1],
  ["gemini", 1],
  ["anthropic", 3],
  ["gemini", 3],
] as const;

interface Streamed {
  readonly parts: Part[];
  readonly finish: string | undefined;
  readonly tokens: number | undefined;
}

describe.each(upstreams)("@google/genai to an upstream of type %s, %i credentials", (type, keys) => {
  let gateway: TestGateway;
  let client: GoogleGenAI;
  beforeEach(async () => {
    gateway = await startTestGateway({
      config: (upstream) =>
        pool(type, keys)(upstream).replace("models:", `models:\n  ${model}: up/${type === "gemini" ? model : "claude-sonnet-4-6"}`),
    });
    if (keys === 3) {
      gateway.simulator.credentials.set("key-number-1", "429");
      gateway.simulator.credentials.set("key-number-2", "invalid-key");
    }
    client = new GoogleGenAI({ apiKey: "any", httpOptions: { baseUrl: gateway.url } });
  });
  afterEach(() => gateway.close());

  async function stream(contents: Content[], config: object): Promise<Streamed> {
    const parts: Part[] = [];
    let finish: string | undefined;
    let tokens: number | undefined;
    for await (const chunk of await client.models.generateContentStream({ model, contents, config })) {
      const candidate = chunk.candidates?.[0];
      parts.push(...(candidate?.content?.parts ?? []));
      finish = candidate?.finishReason ?? finish;
      tokens = chunk.usageMetadata?.totalTokenCount ?? tokens;
      expect(candidate?.content?.role).toBe("model");
    }
    return { parts, finish, tokens };
  }

  test("rules 265, 296: plain, a whole answer and a stream", async () => {
    const whole = await client.models.generateContent({ model, contents: "Say hi" });
    expect(whole.text).not.toBe("");
    expect(whole.candidates?.[0]).toMatchObject({ content: { role: "model" }, finishReason: "STOP" });
    expect(whole.usageMetadata?.totalTokenCount).toBeGreaterThan(0);
    const { parts, finish, tokens } = await stream([{ role: "user", parts: [{ text: "Say hi" }] }], {});
    expect(parts.map(({ text }) => text ?? "").join("")).not.toBe("");
    expect([finish, tokens]).toEqual(["STOP", expect.any(Number)]);
  });

  test.each([false, true])("rules 298, 421: tool, thoughts %s: the call is run, its result comes back in the answer", async (think) => {
    const config = {
      systemInstruction: "Be brief.",
      tools: [{ functionDeclarations: [SHELL] }],
      toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } },
      ...(think && { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } }),
    };
    const contents: Content[] = [{ role: "user", parts: [{ text: PROMPT }] }];
    const turns: Streamed[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const answer = await stream(contents, config);
      turns.push(answer);
      const calls = answer.parts.filter(({ functionCall }) => functionCall);
      if (calls.length === 0) break;
      const results = calls.map(({ functionCall: { id, name, args } = {} }) => ({
        functionResponse: {
          ...(id !== undefined && { id }),
          ...(name !== undefined && { name }),
          response: { output: execFileSync("sh", ["-c", (args as { command: string }).command], { encoding: "utf8" }) },
        },
      }));
      contents.push({ role: "model", parts: answer.parts }, { role: "user", parts: results });
    }
    expect(turns.map(({ finish }) => finish)).toEqual(["STOP", "STOP"]);
    const [asked, told] = turns;
    expect(asked?.parts.some(({ thought }) => thought === true)).toBe(think);
    expect(told?.parts.map(({ text, thought }) => (thought === true ? "" : (text ?? ""))).join("")).toContain("hello-42-from-tool");
    if (type !== "anthropic") return;
    const sent = gateway.simulator.requests.at(-1)?.body.toString() ?? "";
    // What Claude thought goes back to it with its own signature, and as bytes that Google's clients keep.
    expect(sent.includes('"signature"')).toBe(think);
    const signature = asked?.parts.find((part) => part.thought !== true && part.thoughtSignature)?.thoughtSignature;
    expect(Buffer.from(signature ?? "", "base64").toString("base64")).toBe(signature);
    expect(sent).not.toContain("dragoman-state");
  });

  test("json: the answer is what the schema says, in either dialect (rule 443)", async () => {
    for (const schema of [
      { responseJsonSchema: CITY },
      {
        responseSchema: {
          type: "OBJECT",
          properties: { city: { type: "STRING" }, n: { type: "INTEGER" } },
          required: ["city", "n"],
        } as never,
      },
    ]) {
      const answer = await client.models.generateContent({
        model,
        contents: "Give me a city",
        config: { responseMimeType: "application/json", ...schema },
      });
      expect(JSON.parse(answer.text ?? "")).toEqual({ city: expect.any(String), n: expect.any(Number) });
    }
  });

  test("rule 378: count, more for more", async () => {
    const count = async (contents: string): Promise<number> => (await client.models.countTokens({ model, contents })).totalTokens ?? 0;
    const few = await count("hi");
    expect(few).toBeGreaterThan(0);
    expect(await count("hi ".repeat(500))).toBeGreaterThan(few);
  });

  test("rules 379, 402: models, the list and each of its members", async () => {
    const names: (string | undefined)[] = [];
    for await (const { name } of await client.models.list()) names.push(name);
    expect(names).toContain(`models/${model}`);
    expect((await client.models.get({ model })).name).toBe(`models/${model}`);
  });

  test("rule 379: paths of Vertex with an API key", async () => {
    const vertex = new GoogleGenAI({ vertexai: true, apiKey: "any", httpOptions: { baseUrl: gateway.url } });
    expect((await vertex.models.generateContent({ model, contents: "Say hi" })).text).not.toBe("");
    let text = "";
    for await (const chunk of await vertex.models.generateContentStream({ model, contents: "Say hi" })) text += chunk.text ?? "";
    expect(text).not.toBe("");
    expect((await vertex.models.countTokens({ model, contents: "hi" })).totalTokens).toBeGreaterThan(0);
    expect((await vertex.models.get({ model })).name).toBe(`models/${model}`);
  });

  test("errors are the SDK's own", async () => {
    const bad = client.models.generateContent({ model, contents: [{ role: "robot", parts: [{ text: "hi" }] }] });
    await expect(bad).rejects.toMatchObject({ name: "ApiError", status: 400 });
    await expect(client.models.embedContent({ model, contents: "hi" })).rejects.toMatchObject({ status: 404 });
    await expect(client.files.list()).rejects.toMatchObject({ status: 404 });
    gateway.simulator.credentials.clear();
    gateway.simulator.script({ fault: "503", times: 4 });
    const failed = client.models.generateContent({ model, contents: "hi" });
    await expect(failed).rejects.toBeInstanceOf(ApiError);
    await expect(failed).rejects.toMatchObject({ status: 503 });
  });

  // With more of them the next one answers instead.
  if (keys === 1)
    test("rule 297: an error inside the stream is one, not the end of an answer", async () => {
      gateway.simulator.script({ fault: "error-after-content" });
      await expect(stream([{ role: "user", parts: [{ text: "Say hi" }] }], {})).rejects.toBeInstanceOf(ApiError);
    });
});
