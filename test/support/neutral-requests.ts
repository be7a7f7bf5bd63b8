/** Arbitrary neutral requests: every kind of content in every role that can say it, in histories that no client should send but some do. */
import fc from "fast-check";
import type { ChatRequest, Content, Item, Tool, ToolChoice, Turn } from "../../src/chat/chat.ts";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const PDF = "JVBERi0xLjQK";

const words = fc.constantFrom("hello", "go on", "", " ", "a\nb ", "\u{1f600}", '{"a":1}');
const names = fc.constantFrom("Bash", "read", "2nd.tool", `mcp__x__${"y".repeat(80)}`, "get weather", "sp\u00e4ti");
const ids = fc.constantFrom("c1", "c2", "toolu_1", "call:1/\u00e9", "x".repeat(90), "call_0");
const input = fc.constantFrom("{}", '{"a":1}', "", "[1]", "not json", '{"n":12345678901234567890}', "null");
const cache = fc.constantFrom({}, { ttl: "5m" } as const, { ttl: "1h" } as const);

const text = fc.record(
  { type: fc.constant("text"), text: words, cache, citations: fc.constantFrom([{ url: "https://a", title: "t" }], []) },
  { requiredKeys: ["type", "text"] },
);
const media = fc.record(
  {
    type: fc.constant("media"),
    kind: fc.constantFrom("image", "document", "audio", "video"),
    mediaType: fc.constantFrom("image/png", "application/pdf", "text/plain", "audio/mp3", "video/mp4", "image/bmp"),
    source: fc.constantFrom(
      { base64: PNG },
      { base64: PDF },
      { base64: "aGVsbG8=" },
      { url: "https://example.com/a.png" },
      { url: `data:image/png;base64,${PNG}` },
      { fileId: "f1" },
    ),
    title: fc.constantFrom("t.pdf", ""),
    detail: fc.constantFrom("low", "auto", "original"),
  },
  { requiredKeys: ["type", "kind", "source"] },
);
const document = fc
  .constantFrom({ text: "plain" }, { content: [{ type: "text", text: "inside" } as const] })
  .map((source) => ({ type: "media", kind: "document", source }) as const);
const searchResult = fc.array(words, { maxLength: 2 }).map((texts) => ({
  type: "search-result",
  title: "t",
  source: "https://s",
  content: texts.map((one) => ({ type: "text", text: one }) as const),
}));
const said = fc.oneof({ weight: 4, arbitrary: text }, media, document, searchResult);
const result = fc.record(
  {
    type: fc.constant("tool-result"),
    callId: ids,
    content: fc.array(
      fc.oneof(
        { weight: 4, arbitrary: said },
        names.map((name) => ({ type: "tool-reference", name }) as const),
      ),
      {
        maxLength: 3,
      },
    ),
    isError: fc.boolean(),
    cache,
  },
  { requiredKeys: ["type", "callId", "content", "isError"] },
);
const call = fc.record({ type: fc.constant("tool-call"), id: ids, kind: fc.constantFrom("function", "custom"), name: names, input });
const hosted = fc.constantFrom("web-search", "code-execution", "mcp", "other");
const answered = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 4, arbitrary: call },
  media.filter(({ kind }) => kind === "image"),
  words.map((one) => ({ type: "reasoning", text: one }) as const),
  fc.record({ type: fc.constant("hosted-tool-call"), id: ids, kind: hosted, name: fc.constant("web_search"), input }),
  fc.record({ type: fc.constant("hosted-tool-result"), callId: ids, kind: hosted, text: words }),
  words.map((one) => ({ type: "refusal", text: one }) as const),
  words.map((one) => ({ type: "compaction", text: one }) as const),
  fc.constant({ type: "opaque", name: "unheard-of" } as const),
);
const ordered = fc.oneof(
  { weight: 3, arbitrary: text },
  fc.record({
    type: fc.constant("tool-change"),
    change: fc.constantFrom("add", "remove"),
    tools: fc.array(names, { minLength: 1, maxLength: 2 }),
  }),
);

const role = (name: Turn["role"], content: fc.Arbitrary<unknown>, most: number): fc.Arbitrary<[Turn["role"], Content[]]> =>
  fc.tuple(fc.constant(name), fc.array(content as fc.Arbitrary<Content>, { minLength: 1, maxLength: most }));
const turns = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: role("user", fc.oneof(said, result), 4) },
    { weight: 4, arbitrary: role("assistant", answered, 4) },
    role("system", ordered, 2),
  ),
  { maxLength: 7 },
);

const schema = fc.constantFrom(
  {},
  {
    type: "object",
    properties: { a: { type: "string", minLength: 1 }, b: { oneOf: [{ type: "number" }, { type: "null" }] } },
    required: ["a"],
  },
  { anyOf: [{ type: "object", properties: { x: { type: "integer" } } }, { type: "object" }] },
  { $ref: "#/definitions/n", definitions: { n: { type: "object", properties: { c: { type: "array" } } } } },
  { type: "array", items: { type: "string" } },
  { $schema: "x", type: "object", properties: {}, additionalProperties: { type: "string" } },
  {
    type: "object",
    properties: { e: { enum: ["a", 1, null] }, list: { type: "array" }, tuple: { type: "array", items: [{}] }, any: true },
  },
  { type: "object", properties: { a: { type: "object" } }, additionalProperties: false, required: ["a"] },
  { type: "object", properties: { n: { patternProperties: { "^x": { type: "object" } } } }, required: [] },
);
const tool = fc
  .oneof(
    fc.record(
      {
        type: fc.constant("function"),
        name: names,
        description: words,
        inputSchema: schema,
        strict: fc.boolean(),
        deferred: fc.boolean(),
        cache,
      },
      { requiredKeys: ["type", "name", "inputSchema"] },
    ),
    fc.record({
      type: fc.constant("custom"),
      name: names,
      format: fc.constantFrom({ type: "text" }, { type: "grammar", syntax: "lark", definition: "start: /a+/" }),
    }),
    hosted.map((kind) => ({ type: "hosted", kind, name: kind, settings: {} })),
    fc.constantFrom("bash_20250124", "computer_20250124").map((vendorType) => ({ type: "client", name: "bash", vendorType, settings: {} })),
  )
  .map((one) => ({ path: "tools[0]", ...one }) as Tool);

const toolChoice: fc.Arbitrary<ToolChoice> = fc.oneof(
  fc.constantFrom("auto", "none", "required").map((mode) => ({ mode })),
  names.map((name) => ({ mode: "tool", name }) as const),
  fc.record({ mode: fc.constant("subset"), names: fc.array(names, { maxLength: 2 }), required: fc.boolean() }),
);
const settings = fc.record(
  {
    toolChoice,
    parallelToolCalls: fc.boolean(),
    maxOutputTokens: fc.constantFrom(0, 1, 100, 5000, 1_000_000),
    stop: fc.constantFrom([], ["a"], [" ", ""], ["a", "b", "c", "d", "e", "f"]),
    reasoning: fc.record(
      {
        mode: fc.constantFrom("off", "on", "adaptive", "between-tools"),
        effort: fc.constantFrom("none", "minimal", "low", "medium", "high", "xhigh", "max"),
        budgetTokens: fc.constantFrom(0, 100, 1024, 10_000, 100_000),
        show: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    outputFormat: fc.oneof(
      fc.constant({ type: "json" }),
      fc.record(
        { type: fc.constant("json-schema"), schema, name: fc.constantFrom("n", "my name"), strict: fc.boolean() },
        { requiredKeys: ["type", "schema"] },
      ),
    ),
    choices: fc.constant(2),
    logprobs: fc.constantFrom({ alternatives: 0 }, { alternatives: 5 }),
    cacheKey: fc.constant("k"),
    endUser: fc.constantFrom("u", "a@b.c"),
  },
  { requiredKeys: [] },
);
const sampling = fc.record(
  {
    temperature: fc.constantFrom(0, 1, 1.7),
    topP: fc.constantFrom(0.5, 0.99, 1),
    topK: fc.constantFrom(1, 40),
    seed: fc.constant(7),
    presencePenalty: fc.constantFrom(0, 1),
    frequencyPenalty: fc.constant(0.5),
  },
  { requiredKeys: [] },
);

/** Requests that any client protocol could have made of some caller's words. They end with a question. */
export const neutralRequests: fc.Arbitrary<ChatRequest> = fc
  .tuple(turns, fc.array(text, { maxLength: 2 }), fc.uniqueArray(tool, { maxLength: 4, selector: ({ name }) => name }), sampling, settings)
  .map(([history, system, tools, sampled, rest]) => {
    const all: typeof history = [...history, ["user", [{ type: "text", text: "And now?" }]]];
    return {
      model: "m",
      stream: false,
      system: system.map((item, i) => ({ ...item, turn: -1, path: `system[${i}]` })),
      turns: all.map(([name]) => ({ role: name })),
      items: all.flatMap(([, content], turn) => content.map((one, i): Item => ({ ...one, turn, path: `messages[${turn}].content[${i}]` }))),
      tools,
      sampling: sampled,
      ...rest,
    };
  });
