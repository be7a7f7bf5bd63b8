/** Codex, by the requests that were captured of it, on models of every vendor: what the upstream is asked, and what Codex gets. */
import { describe, expect, test } from "vitest";
import type { ProtocolId } from "../src/chat/chat.ts";
import type { JsonObject } from "../src/chat/json.ts";
import type { ScriptItem } from "../src/simulator/types.ts";
import { loadCaptures, sendCapture, type Capture } from "./support/captures.ts";
import { gatewaysForTests, oneModel, readEvents, type TestGateway } from "./support/gateway.ts";

const { start } = gatewaysForTests();
const captures = new Map(loadCaptures().map((capture) => [capture.name, capture]));

function captured(name: string): Capture & { readonly body: { readonly input: readonly JsonObject[] } } {
  const found = captures.get(`codex/${name}`);
  if (!found) throw new Error(`There is no capture ${name}.`);
  return found as ReturnType<typeof captured>;
}

interface Upstream {
  readonly type: string;
  readonly model: string;
  /** Which of OpenAI's two. */
  readonly protocol?: ProtocolId;
  /** The words before the conversation. */
  system(asked: Asked): unknown;
  /** The conversation, piece by piece. */
  said(asked: Asked): readonly unknown[];
  /** The functions and free-text tools that are offered. */
  tools(asked: Asked): readonly string[];
  /** Where a schema of the answer stands. */
  format(asked: Asked): unknown;
}

// The reading is loose on purpose: it shares nothing with the encoders.
// oxlint-disable-next-line typescript/no-explicit-any -- a vendor's JSON
type Asked = any;

const isLeading = ({ role }: Asked): boolean => role === "developer" || role === "system";

const UPSTREAMS: readonly Upstream[] = [
  {
    type: "anthropic",
    model: "claude-opus-5-5",
    system: ({ system }) => system,
    said: ({ messages }) => messages.flatMap(({ content }: Asked) => content),
    tools: ({ tools }) => tools.map(({ name }: Asked) => name),
    format: ({ output_config: config }) => config.format.schema,
  },
  {
    type: "gemini",
    model: "gemini-3.8-pro",
    system: ({ systemInstruction }) => systemInstruction,
    said: ({ contents }) => contents.flatMap(({ parts }: Asked) => parts),
    tools: ({ tools }) => tools.flatMap(({ functionDeclarations = [] }: Asked) => functionDeclarations.map(({ name }: Asked) => name)),
    format: ({ generationConfig }) => generationConfig.responseJsonSchema,
  },
  {
    type: "openai",
    model: "gpt-5.1",
    protocol: "openai-chat",
    system: ({ messages }) =>
      messages.slice(
        0,
        messages.findIndex((message: Asked) => !isLeading(message)),
      ),
    said: ({ messages }) =>
      messages
        .filter((message: Asked) => !isLeading(message))
        .flatMap(({ content, ...message }: Asked) => [message, ...(Array.isArray(content) ? content : [{ text: content }])]),
    tools: ({ tools }) => tools.map((tool: Asked) => tool[tool.type].name),
    format: ({ response_format: format }) => format.json_schema.schema,
  },
];

const on = ({ type, model, protocol }: Upstream): Promise<TestGateway> => start({ config: oneModel(type, model, protocol) });

/** What Codex makes of a stream: it acts on finished items only, and wants one end with an id and whole usage. */
async function turn(gateway: TestGateway, capture: Capture, more: object = {}): Promise<readonly JsonObject[]> {
  const answer = await sendCapture(gateway.url, capture, more);
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  const events = readEvents(text);
  expect(events.filter(({ event }) => /^response\.(?:completed|incomplete|failed)$/.test(event)).map(({ event }) => event)).toEqual([
    "response.completed",
  ]);
  expect(events.at(-1)?.data["response"]).toMatchObject({
    id: expect.stringMatching(/^resp_/),
    usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number), total_tokens: expect.any(Number) },
  });
  return events.filter(({ event }) => event === "response.output_item.done").map(({ data }) => data["item"] as JsonObject);
}

const asked = ({ simulator }: TestGateway): Asked => JSON.parse(simulator.requests.at(-1)?.body.toString() ?? "");
const calling = (name: string, more: object): ScriptItem => ({ calls: [{ name, asOffered: true, ...more }] });

const PATCH = '*** Begin Patch\n*** Update File: a.py\n@@\n-print("é\\n")\n+print("😀\\t\\\\")\n*** End Patch\n';

describe.each(UPSTREAMS)("on $model", (upstream) => {
  test("rules 366, 372 and 373: its first words are the system's, and nothing is asked before or besides", async () => {
    const gateway = await on(upstream);
    const items = await turn(gateway, captured("plain/03"));
    expect(items.map(({ type }) => type)).toContain("message");
    expect(gateway.simulator.requests).toHaveLength(1);
    const body = asked(gateway);
    expect(JSON.stringify(upstream.system(body))).toContain("You are Codex");
    expect(JSON.stringify(upstream.said(body))).not.toContain("You are Codex");
  });

  test("rules 367, 371 and 372: a patch goes there and back to the byte, and whatever was thought comes back with its proof", async () => {
    const gateway = await on(upstream);
    const first = captured("tool-apply-patch/02");
    gateway.simulator.script({ ...calling("apply_patch", { arguments: PATCH, custom: true }), thinking: "A patch will do." });
    const items = await turn(gateway, first);
    const reasoning = items.filter(({ type }) => type === "reasoning");
    for (const item of reasoning) expect(item["encrypted_content"]).toMatch(/\S/);
    // Chat tells no reasoning of GPT's.
    const thoughts = upstream.type === "openai" ? 0 : 1;
    expect(reasoning).toHaveLength(thoughts);
    const call = items.find(({ type }) => type === "custom_tool_call");
    expect(call).toMatchObject({ name: "apply_patch", input: PATCH });
    const output = { type: "custom_tool_call_output", call_id: call?.["call_id"], output: "Done." };
    await turn(gateway, first, { input: [...first.body.input, ...items, output] });
    const escaped = JSON.stringify(PATCH).slice(1, -1);
    const body = gateway.simulator.requests.at(-1)?.body.toString() ?? "";
    // As free text, as a member of an input, or as one in a text that is JSON itself.
    expect([escaped, JSON.stringify(escaped).slice(1, -1)].some((text) => body.includes(text))).toBe(true);
    expect(gateway.simulator.requests.at(-1)?.state).toMatchObject({ kept: thoughts, dropped: [], refused: [] });
  });

  test("rules 369, 370 and 417: it finds tools by itself, and a tool of a group is called by both names", async () => {
    const gateway = await on(upstream);
    gateway.simulator.script(calling("tool_search", { input: { query: "spawn agent", limit: 3 } }));
    const found = await turn(gateway, captured("tool-toolsearch/03"));
    expect(found.at(-1)).toMatchObject({
      type: "tool_search_call",
      execution: "client",
      arguments: { query: "spawn agent", limit: 3 },
      call_id: expect.any(String),
    });
    const offered = upstream.tools(asked(gateway));
    expect(offered.filter((name) => name.endsWith("spawn_agent"))).toEqual([]);

    gateway.simulator.script(calling("spawn_agent", { input: { message: "Look." } }));
    const called = await turn(gateway, captured("tool-toolsearch/05"));
    expect(called.at(-1)).toMatchObject({
      type: "function_call",
      namespace: "multi_agent_v1",
      name: "spawn_agent",
      arguments: JSON.stringify({ message: "Look." }),
    });
    const now = upstream.tools(asked(gateway));
    expect(now.slice(0, offered.length)).toEqual(offered);
    expect(now.slice(offered.length).some((name) => name.endsWith("spawn_agent"))).toBe(true);
  });

  test("rules 368 and 438: tools that stand in the conversation are offered, and outputs in parts are one", async () => {
    const gateway = await on(upstream);
    gateway.simulator.script(calling("exec", { arguments: "text(1);\n", custom: true }));
    const items = await turn(gateway, captured("model-gpt-6.1-sol/05"));
    expect(items.at(-1)).toMatchObject({ type: "custom_tool_call", name: "exec", namespace: "functions", input: "text(1);\n" });
    expect(upstream.tools(asked(gateway)).length).toBeGreaterThan(1);
    const said = JSON.stringify(upstream.said(asked(gateway)));
    expect(said).toMatch(/Output:\\n(?:"\},\{"type":"text","text":")?hello-42-from-tool/);
  });

  test("rule 418: a picture that it looks at reaches the model, with a detail that only OpenAI knows", async () => {
    const gateway = await on(upstream);
    await turn(gateway, captured("tool-view-image/05"));
    const said = upstream.said(asked(gateway)).map((piece) => JSON.stringify(piece));
    const call = said.findIndex((piece) => piece.includes("view_image"));
    expect(said.slice(call + 1).join("")).toContain("iVBORw0KGgo");
    expect(said.join("").includes('"original"')).toBe(upstream.type === "openai");
  });

  test("rule 419: a schema of the answer stands beside the tools", async () => {
    const gateway = await on(upstream);
    const { body } = captured("output-schema/04");
    const { schema } = (body["text"] as Asked).format;
    const [message] = (await turn(gateway, captured("output-schema/04"))).filter(({ type }) => type === "message");
    expect(Object.keys((upstream.format(asked(gateway)) as Asked).properties)).toEqual(Object.keys(schema.properties));
    expect(upstream.tools(asked(gateway)).length).toBeGreaterThan(5);
    expect(Object.keys(JSON.parse((message as Asked).content[0].text) as object)).toEqual(Object.keys(schema.properties));
  });

  test("rule 420: pictures stay between the texts that mark them", async () => {
    const gateway = await on(upstream);
    const capture = captured("image-input/02");
    const sent = capture.body.input.flatMap(({ role, content }) => (role === "user" ? (content as Asked[]) : []));
    const kinds = sent.map(({ type, text }) => (type === "input_image" ? "picture" : text));
    await turn(gateway, capture);
    const said = upstream.said(asked(gateway)).flatMap((piece: Asked) => {
      if (typeof piece.text === "string") return [piece.text];
      return /"type":"image|"inlineData"/.test(JSON.stringify(piece)) ? ["picture"] : [];
    });
    expect(kinds).toContain("picture");
    expect(said).toEqual(kinds);
  });
});

describe("on servers of its own protocol", () => {
  test.each(["openai", "openai-compatible"])(
    "rule 439: its headers and notes on items go to OpenAI alone: to a provider of type %s",
    async (type) => {
      const gateway = await start({ config: oneModel(type, "gpt-5.5", "openai-responses") });
      const capture = captured("plain/03");
      const noted = capture.body.input.map((item) => ({ ...item, internal_chat_message_metadata_passthrough: { turn_id: "t" } }));
      await turn(gateway, capture, { input: noted });
      const [request] = gateway.simulator.requests;
      const names = (request?.headers ?? []).filter((_name, i) => i % 2 === 0).map((name) => name.toLowerCase());
      const own = Object.keys(capture.headers).filter((name) => /^(?:x-codex-|session-id|thread-id|originator)/.test(name));
      expect(own.length).toBeGreaterThan(4);
      expect(names.filter((name) => own.includes(name)).toSorted()).toEqual(type === "openai" ? own.toSorted() : []);
      expect(JSON.parse(request?.body.toString() ?? "")).toMatchObject({ input: type === "openai" ? noted : capture.body.input });
      expect(request?.body.includes("metadata_passthrough")).toBe(type === "openai");
    },
  );

  test("rule 374: a limit of usage is told in its own words, and nobody asks again", async () => {
    const gateway = await start({ config: oneModel("openai", "gpt-5.5", "openai-responses") });
    const body =
      '{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus","resets_at":1796000000}}';
    gateway.simulator.script({ status: 429, body, headers: { "x-codex-primary-used-percent": "100.0" } });
    const answer = await sendCapture(gateway.url, captured("plain/03"));
    expect(answer.status).toBe(429);
    expect(answer.headers.get("x-codex-primary-used-percent")).toBe("100.0");
    expect(await answer.text()).toBe(body);
    expect(gateway.simulator.requests).toHaveLength(1);
  });
});
