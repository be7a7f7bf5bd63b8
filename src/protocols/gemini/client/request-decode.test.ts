/** What a client's request means (dossier A.4.2, B.10). */
import { describe, expect, test } from "vitest";
import { client, decode, decodeTurns, model, question, sealer, user } from "../../../../test/support/gemini-client.ts";
import { LossLedger } from "../../../chat/loss.ts";
import { recordNative } from "../../shared/native-losses.ts";
import { sealSignature } from "../state.ts";

const route = (path: string, method = "POST"): unknown => {
  const [pathname = "", query] = path.split("?");
  return client.route(method, pathname, new URLSearchParams(query));
};

describe("routes", () => {
  const generate = { operation: "generate", stream: false };
  test.each([
    ["/v1beta/models/gemini-2.5-pro:generateContent", { ...generate, model: "gemini-2.5-pro" }],
    ["/v1/models/gemini-2.5-pro:generateContent", { ...generate, model: "gemini-2.5-pro" }],
    ["/v1alpha/models/gpt-5.5:generateContent", { ...generate, model: "gpt-5.5" }],
    ["/v1beta/models/models/gemini-2.5-pro:generateContent", { ...generate, model: "gemini-2.5-pro" }],
    ["/v1beta/models/anthropic%2Fclaude-x:generateContent", { ...generate, model: "anthropic/claude-x" }],
    ["/v1beta/models/vendor/llama3:8b:generateContent", { ...generate, model: "vendor/llama3:8b" }],
    ["/v1beta/tunedModels/mine:generateContent", { ...generate, model: "tunedModels/mine" }],
    ["/v1beta/models/m:streamGenerateContent?alt=sse", { operation: "generate", model: "m", stream: true, framing: "sse" }],
    ["/v1beta/models/m:streamGenerateContent", { operation: "generate", model: "m", stream: true, framing: "json-array" }],
    ["/v1beta/models/m:countTokens", { operation: "count-tokens", model: "m" }],
    ["/v1beta1/publishers/google/models/m:countTokens", { operation: "count-tokens", model: "m" }],
    ["/v1/projects/p/locations/eu/publishers/google/models/m:generateContent", { ...generate, model: "m" }],
    ["/v1beta1/projects/p/locations/eu/publishers/google/models/m:generateContent", { ...generate, model: "m" }],
    ["/v1beta/models/m:embedContent", undefined],
    ["/v1beta/models/m:batchEmbedContents", undefined],
    ["/v1beta/files", undefined],
    ["/v1beta/models", { allow: "GET" }],
    // Another method would not help: what is to be done is missing.
    ["/v1beta/models/m", undefined],
    ["/v1beta/models/:generateContent", { operation: "generate", model: "", stream: false }],
  ])("rules 375, 379, 380, 423: POST %s", (path, found) => expect(route(path)).toEqual(found));

  test.each([
    ["/v1beta/models", { operation: "list-models" }],
    ["/v1beta1/publishers/google/models", { operation: "list-models" }],
    ["/v1/models/gemini-2.5-pro", { operation: "get-model", model: "gemini-2.5-pro" }],
    ["/v1beta/models/qwen:latest", { operation: "get-model", model: "qwen:latest" }],
    ["/v1beta1/models/m", { operation: "get-model", model: "m" }],
    ["/v1beta/models/m:generateContent", { allow: "POST" }],
    ["/v1/messages", undefined],
  ])("GET %s", (path, found) => expect(route(path, "GET")).toEqual(found));

  test("Google's clients are known by their headers or their key", () => {
    const none = new URLSearchParams();
    expect(client.speaks({ "x-goog-api-key": "k" }, none)).toBe(true);
    expect(client.speaks({ "x-goog-api-client": "c" }, none)).toBe(true);
    expect(client.speaks({}, new URLSearchParams("key=k"))).toBe(true);
    expect(client.speaks({ authorization: "Bearer k" }, none)).toBe(false);
  });

  test("the session is what headers say (rule 444), and a body must be an object", () => {
    const request = (body: string): Parameters<typeof client.peek>[0] => ({
      route: { operation: "generate", model: "m", stream: true },
      query: new URLSearchParams(),
      headers: { "x-session-id": "s" },
      body: Buffer.from(body),
    });
    expect(client.peek(request("{}"))).toMatchObject({ model: "m", stream: true, session: "s" });
    for (const body of ["", "[]", '{"a":1', "{} x"]) expect(() => client.peek(request(body))).toThrow(/JSON/);
  });
});

describe("contents", () => {
  test("a role left out is the user's, one part needs no list, and texts of the model's are joined", () => {
    const { turns, items } = decode({ contents: { parts: { text: "a" } } });
    expect([turns, items]).toMatchObject([[{ role: "user" }], [{ type: "text", text: "a", path: "contents[0].parts[0]" }]]);
    const streamed = decodeTurns(question, model({ text: "a" }, { text: "" }, { text: "b" }), user({ text: "c" }, { text: "d" }));
    expect(streamed.items.map((item) => item.type === "text" && item.text)).toEqual(["hi", "ab", "c", "d"]);
  });

  test("rule 382: names with underscores are the same names", () => {
    const snake = decode({
      contents: [question, user({ inline_data: { mime_type: "image/png", data: "iVBORw0KGgo=" } })],
      system_instruction: { parts: [{ text: "s" }] },
      tools: [{ function_declarations: [{ name: "f", parameters_json_schema: { type: "object", properties: { a_b: {} } } }] }],
      tool_config: { function_calling_config: { mode: "any", allowed_function_names: ["f"] } },
      generation_config: {
        max_output_tokens: "9",
        top_p: 0.5,
        response_mime_type: "application/json",
        thinking_config: { include_thoughts: true },
      },
    });
    const camel = decode({
      contents: [question, user({ inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } })],
      systemInstruction: { parts: [{ text: "s" }] },
      tools: [{ functionDeclarations: [{ name: "f", parametersJsonSchema: { type: "object", properties: { a_b: {} } } }] }],
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["f"] } },
      generationConfig: { maxOutputTokens: 9, topP: 0.5, responseMimeType: "application/json", thinkingConfig: { includeThoughts: true } },
    });
    expect(snake).toEqual(camel);
    expect(camel).toMatchObject({
      maxOutputTokens: 9,
      toolChoice: { mode: "tool", name: "f" },
      outputFormat: { type: "json" },
      reasoning: { show: true },
    });
    expect(camel.items[1]).toMatchObject({ type: "media", kind: "image", mediaType: "image/png" });
  });

  test.each(["s", { parts: [{ text: "s" }] }, { role: "user", parts: { text: "s" } }, { text: "s" }, [{ text: "s" }]])(
    "instructions as %j",
    (systemInstruction) => {
      expect(decode({ contents: [question], systemInstruction }).system).toMatchObject([{ type: "text", text: "s", turn: -1 }]);
    },
  );

  test("rules 5, 52, 376: calls without ids get one of their place, and results find them in their order", () => {
    const call = (n: number): object => ({ functionCall: { name: "f", args: { n } } });
    const answer = (output: string): object => ({ functionResponse: { name: "f", response: { output } } });
    const history = [question, model(call(1), call(1)), user(answer("one"), answer("two"))];
    const { items } = decodeTurns(...history);
    const ids = items.flatMap((item) => (item.type === "tool-call" ? [item.id] : []));
    expect(new Set(ids).size).toBe(2);
    expect(items.flatMap((item) => (item.type === "tool-result" ? [item.callId] : []))).toEqual(ids);
    // The same prefix has the same ids, however the conversation goes on.
    expect(decodeTurns(...history, model(call(3))).items.slice(0, items.length)).toEqual(items);
    const named = decodeTurns(
      question,
      model({ functionCall: { id: "x", name: "f", args: {} } }, { functionCall: { id: "y", name: "f", args: {} } }),
      user({ functionResponse: { id: "y", name: "f", response: {} } }, { functionResponse: { id: "x", name: "f", response: {} } }),
    );
    expect(named.items.flatMap((item) => (item.type === "tool-result" ? [item.callId] : []))).toEqual(["y", "x"]);
  });

  test.each([
    [{ output: "x" }, "x", false],
    [{ error: "no" }, "no", true],
    [{ output: { a: 1 } }, '{"a":1}', false],
    [{ name: "f", content: "c" }, '{"name":"f","content":"c"}', false],
    [{ output: "x", error: null }, '{"output":"x","error":null}', false],
    [{}, "", false],
  ])("rules 80, 422: the response %j", (response, text, isError) => {
    const { items } = decodeTurns(question, model({ functionCall: { name: "f" } }), user({ functionResponse: { name: "f", response } }));
    expect(items.at(-1)).toMatchObject({ type: "tool-result", isError, content: text === "" ? [] : [{ type: "text", text }] });
  });

  test("media in a response, files only Google can read, plain text, and how closely to look (rule 179)", () => {
    const { items } = decodeTurns(
      question,
      model({ functionCall: { name: "f" } }),
      user(
        { functionResponse: { name: "f", response: { output: "x" }, parts: [{ inlineData: { mimeType: "image/png", data: "AAAA" } }] } },
        { fileData: { mimeType: "video/mp4", fileUri: "gs://b/v.mp4" } },
        { fileData: { mimeType: "image/png", fileUri: "https://example.com/a.png" }, mediaResolution: { level: "MEDIA_RESOLUTION_LOW" } },
        { inlineData: { mimeType: "text/plain", data: Buffer.from("é").toString("base64"), displayName: "a.txt" } },
      ),
    );
    expect(items.slice(2)).toMatchObject([
      { type: "tool-result", content: [{ text: "x" }, { type: "media", source: { base64: "AAAA" } }] },
      { type: "media", kind: "video", source: { fileId: "gs://b/v.mp4" }, native: { protocol: "gemini" } },
      { type: "media", kind: "image", source: { url: "https://example.com/a.png" }, detail: "low" },
      { type: "media", kind: "document", source: { text: "é" }, title: "a.txt" },
    ]);
  });

  test("what the provider ran, and what nobody knows, stay whole", () => {
    const code = { executableCode: { language: "PYTHON", code: "1" } };
    const output = { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1\n" } };
    const odd = { somethingNew: { a: 1 } };
    const [, call, result, opaque] = decodeTurns(question, model(code, output, odd)).items;
    expect(call).toMatchObject({ type: "hosted-tool-call", kind: "code-execution", input: '{"code":"1"}', native: { fields: code } });
    expect(result).toMatchObject({ type: "hosted-tool-result", text: "1\n", native: { fields: output } });
    expect(call?.type === "hosted-tool-call" && result?.type === "hosted-tool-result" && call.id === result.callId).toBe(true);
    expect(opaque).toMatchObject({ type: "opaque", name: "somethingNew", native: { fields: odd } });
  });

  test.each([
    [{}, /contents is not specified/],
    [{ contents: [{ role: "robot", parts: [] }] }, /valid role: user, model/],
    [{ contents: [user({ text: 1 })] }, /Invalid value at 'contents\[0\]\.parts\[0\]\.text' \(TYPE_STRING\)/],
    [{ contents: [user({ functionCall: {} })] }, /functionCall\.name/],
    [{ contents: [question], generationConfig: { topP: "much" } }, /generationConfig\.topP/],
    [
      { contents: [question], generationConfig: { thinkingConfig: { thinkingBudget: 1, thinkingLevel: "LOW" } } },
      /budget and thinking level/,
    ],
    [{ contents: [question], tools: [{ functionDeclarations: [{}] }] }, /tools\[0\]\.functionDeclarations\[0\]\.name/],
    [{ contents: [question], toolConfig: { functionCallingConfig: { mode: "MAYBE" } } }, /functionCallingConfig\.mode/],
    ["[]", /not a JSON object/],
  ])("%j is refused by its name", (body, words) => expect(() => decode(body)).toThrow(words));

  test("rule 208: null is absent", () => {
    const nulls = { systemInstruction: null, tools: null, toolConfig: null, generationConfig: { temperature: null }, safetySettings: null };
    expect(decode({ contents: [question], ...nulls })).toEqual(decode({ contents: [question] }));
  });
});

describe("thoughts and their proof", () => {
  const thinking = { issuer: { platform: "anthropic" }, kind: "thinking", value: "sig" } as const;
  const redacted = { issuer: { platform: "anthropic" }, kind: "redacted-thinking", value: "red" } as const;
  const sealed = (...states: Parameters<typeof sealSignature>[0]): string => sealSignature(states, sealer) as string;

  test("rule 421: an envelope on a call opens to a thought before it; several share one field", () => {
    const { items } = decodeTurns(question, model({ functionCall: { name: "f" }, thoughtSignature: sealed(thinking, redacted) }));
    expect(items.slice(1)).toMatchObject([
      { type: "reasoning", text: "", state: thinking },
      { type: "reasoning", text: "", state: redacted },
      { type: "tool-call", name: "f" },
    ]);
    expect(items[3]).not.toHaveProperty("state");
  });

  test("a thought that is replayed gets its proof back, in however many pieces it comes", () => {
    const pieces = [
      { text: "I ", thought: true },
      { text: "think", thought: true },
    ];
    const { items } = decodeTurns(question, model(...pieces, { text: "so", thoughtSignature: sealed(thinking) }, { text: "." }));
    expect(items.slice(1)).toMatchObject([
      { type: "reasoning", text: "I think", state: thinking },
      { type: "text", text: "so." },
    ]);
  });

  test("a raw signature is Gemini's own, on its part; stand-ins and damaged envelopes are nothing (rule 165)", () => {
    const part = (thoughtSignature: string): object => ({ functionCall: { name: "f" }, thoughtSignature });
    expect(decodeTurns(question, model(part("AbC="))).items[1]).toMatchObject({
      state: { issuer: { platform: "gemini" }, kind: "thought-signature", value: "AbC=" },
    });
    for (const nothing of [
      "skip_thought_signature_validator",
      "context_engineering_is_the_way_to_go",
      `${sealed(thinking).slice(0, -6)}AAAA`,
    ])
      expect(decodeTurns(question, model(part(nothing))).items.slice(1)).toMatchObject([{ type: "tool-call" }]);
    expect(decodeTurns(question, model({ text: "", thoughtSignature: "AbC=" })).items[1]).toMatchObject({
      text: "",
      state: { value: "AbC=" },
    });
  });
});

describe("tools and settings", () => {
  test("rules 215, 443: both dialects of schemas become the same", () => {
    const own = {
      type: "OBJECT",
      properties: {
        a: { type: "STRING", nullable: true, format: "enum", enum: ["x"] },
        n: { type: "ARRAY", items: { type: "INTEGER" }, maxItems: "3" },
      },
      required: ["n"],
      propertyOrdering: ["a", "n"],
    };
    const json = {
      type: "object",
      properties: { a: { type: ["string", "null"], enum: ["x", null] }, n: { type: "array", items: { type: "integer" }, maxItems: 3 } },
      required: ["n"],
    };
    const tool = (more: object): unknown => {
      const [first] = decode({ contents: [question], tools: [{ functionDeclarations: [{ name: "f", ...more }] }] }).tools;
      return first?.type === "function" && first.inputSchema;
    };
    expect(tool({ parameters: own })).toEqual(json);
    expect(tool({ parametersJsonSchema: json })).toEqual(json);
    const format = (more: object): unknown =>
      decode({ contents: [question], generationConfig: { responseMimeType: "application/json", ...more } }).outputFormat;
    expect(format({ responseSchema: own })).toEqual({ type: "json-schema", schema: json });
    expect(format({ responseJsonSchema: { type: "OBJECT", properties: { type: { type: "INTEGER" } } } })).toEqual({
      type: "json-schema",
      schema: { type: "object", properties: { type: { type: "integer" } } },
    });
  });

  test("rule 228: hosted tools beside functions, each by what it does", () => {
    const { tools } = decode({
      contents: [question],
      tools: [
        { googleSearch: {} },
        { urlContext: {}, codeExecution: {} },
        { functionDeclarations: [{ name: "f" }] },
        { computerUse: { environment: "E" } },
      ],
    });
    expect(tools.map((tool) => (tool.type === "hosted" ? tool.kind : tool.type))).toEqual([
      "web-search",
      "web-fetch",
      "code-execution",
      "function",
      "client",
    ]);
  });

  test.each([
    [{ mode: "AUTO" }, { mode: "auto" }, undefined],
    [{ mode: "NONE" }, { mode: "none" }, undefined],
    [{ mode: "ANY" }, { mode: "required" }, undefined],
    [{ mode: "ANY", allowedFunctionNames: ["f"] }, { mode: "tool", name: "f" }, undefined],
    [{ mode: "ANY", allowedFunctionNames: ["f", "g"] }, { mode: "subset", names: ["f", "g"], required: true }, undefined],
    [{ mode: "VALIDATED" }, { mode: "auto" }, true],
    [{}, undefined, undefined],
  ])("the choice %j", (functionCallingConfig, toolChoice, strict) => {
    const request = decode({
      contents: [question],
      tools: [{ functionDeclarations: [{ name: "f" }] }],
      toolConfig: { functionCallingConfig },
    });
    expect(request.toolChoice).toEqual(toolChoice);
    expect(request.tools[0]).toEqual(
      strict ? expect.objectContaining({ strict }) : expect.not.objectContaining({ strict: expect.anything() }),
    );
  });

  test.each([
    [{ thinkingBudget: 0 }, { mode: "off" }],
    [
      { thinkingBudget: -1, includeThoughts: true },
      { mode: "adaptive", show: true },
    ],
    [
      { thinkingBudget: 8192, includeThoughts: true },
      { mode: "on", budgetTokens: 8192, show: true },
    ],
    [{ thinkingLevel: "HIGH" }, { mode: "adaptive", effort: "high", show: false }],
    [undefined, undefined],
  ])("thinking as %j", (thinkingConfig, reasoning) => {
    expect(decode({ contents: [question], generationConfig: { thinkingConfig } }).reasoning).toEqual(reasoning);
  });

  test("sampling, limits and what they ask of the answer", () => {
    const generationConfig = { temperature: 1, topK: 64, seed: 7, frequencyPenalty: 0.5, maxOutputTokens: 5, stopSequences: ["x"] };
    expect(decode({ contents: [question], generationConfig })).toMatchObject({
      sampling: { temperature: 1, topK: 64, seed: 7, frequencyPenalty: 0.5 },
      maxOutputTokens: 5,
      stop: ["x"],
    });
    expect(decode({ contents: [question], generationConfig: { candidateCount: 2, responseLogprobs: true, logprobs: 3 } })).toMatchObject({
      choices: 2,
      logprobs: { alternatives: 3 },
    });
  });

  test("rule 378: a count of contents, or of a request inside the question", () => {
    const inner = { contents: [question], systemInstruction: "s" };
    const counted = { operation: "count-tokens", model: "m" } as const;
    expect(decode({ generateContentRequest: { model: "models/m", ...inner } }, counted)).toEqual(decode(inner, counted));
  });

  test.each([
    ["rule 404", { cachedContent: "cachedContents/1" }, [["cachedContent", "contract"]]],
    ["sound", { generationConfig: { responseModalities: ["TEXT", "AUDIO"] } }, [["generationConfig.responseModalities", "contract"]]],
    ["text", { generationConfig: { responseModalities: ["TEXT"], candidateCount: 1 } }, []],
    [
      "safety",
      { safetySettings: [{}], labels: { a: "b" } },
      [
        ["safetySettings", "info"],
        ["labels", "info"],
      ],
    ],
    ["news", { somethingNew: 1 }, [["somethingNew", "semantic"]]],
  ])("what others cannot be given: %s", (_name, fields, expected) => {
    const losses = new LossLedger();
    recordNative(decode({ contents: [question], ...fields }).native, "", "anthropic-messages", losses);
    expect(losses.losses.map(({ path, severity }) => [path, severity])).toEqual(expected);
  });
});
