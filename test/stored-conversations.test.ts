/** Items and conversations that clients of Responses know by id only, as the AI SDK, the Agents SDK and OpenAI's own use them (rules 433, 434). */
import type OpenAI from "openai";
import type { Response, ResponseInputItem } from "openai/resources/responses/responses";
import { describe, expect, test } from "vitest";
import { gateway, MODELS, saidOf, simulator, type Json } from "./support/stored-gateway.ts";

const SHELL = {
  type: "function" as const,
  name: "run_shell",
  description: "Run a shell command and return its output",
  parameters: { type: "object", properties: { command: { type: "string" } }, required: ["command"], additionalProperties: false },
  strict: false,
};
const PROMPT = "Run the shell command `printf hello-%d-from-tool 42` and tell me its output.";
const RESULT = "hello-42-from-tool";

type Replay = (item: Response["output"][number]) => Json;

/** The AI SDK names what it has not made itself (rule 433). */
const named: Replay = (item) =>
  item.type === "function_call"
    ? { type: "function_call", call_id: item.call_id, name: item.name, arguments: item.arguments }
    : { type: "item_reference", id: item.id };

/** The Agents SDK replays reasoning without its state (rule 434). */
const stateless: Replay = (item) =>
  item.type === "reasoning" ? { type: "reasoning", id: item.id, summary: item.summary } : { ...(item as unknown as Json) };

/** One round with a tool: the call, and what the client sends back, which it makes of the answer's items. @param meanwhile what happens before it does. */
async function toolRound(client: OpenAI, model: string, replay: Replay, meanwhile: () => void = () => undefined): Promise<Response> {
  const question: ResponseInputItem[] = [
    { role: "developer", content: "Be brief." },
    { role: "user", content: [{ type: "input_text", text: PROMPT }] },
  ];
  const more = { model, tools: [SHELL], tool_choice: "auto" as const, reasoning: { effort: "high" as const, summary: "auto" as const } };
  const first = await client.responses.create({ ...more, input: question });
  const call = first.output.find((item) => item.type === "function_call");
  if (!call) throw new Error("no call");
  meanwhile();
  const said = first.output.map(replay) as unknown as ResponseInputItem[];
  const result = { type: "function_call_output" as const, call_id: call.call_id, output: RESULT };
  return client.responses.create({ ...more, input: [...question, ...said, result] });
}

describe.each([
  ["rule 433: items that the AI SDK names", named],
  ["rule 434: reasoning that the Agents SDK replays without its state", stateless],
])("%s", (_what, replay) => {
  test.each(["claude", "gemini", "gpt"])("comes back whole to %s", async (model) => {
    const upstream = await simulator();
    const client = (await gateway({ upstream })).client();
    const answer = await toolRound(client, model, replay);
    expect(answer.output_text).toContain(RESULT);
    const { state } = upstream.requests.at(-1) ?? {};
    expect([state?.dropped, state?.refused]).toEqual([[], []]);
    // What the upstream knows by its id need not come back.
    if (model !== "gpt") expect(state?.kept).toBeGreaterThan(0);
  });

  test("is told to another account when the one that knows it cannot be asked", async () => {
    const upstream = await simulator();
    const client = (await gateway({ upstream, accounts: ["account-1", "account-2"] })).client();
    const answer = await toolRound(client, "gpt", replay, () =>
      upstream.credentials.set(upstream.requests.at(-1)?.credential ?? "", "429"),
    );
    expect(answer.output_text).toContain(RESULT);
    expect(new Set(upstream.requests.map(({ credential }) => credential)).size).toBe(2);
    expect(upstream.requests.at(-1)?.body.toString()).not.toMatch(/item_reference|"id":"(?:rs|msg|fc)_/);
  });
});

describe("conversations", () => {
  test.each(MODELS)("hold what was said, and what %s answered", async (model) => {
    const upstream = await simulator();
    const client = (await gateway({ upstream })).client();
    const conversation = await client.conversations.create({
      metadata: { topic: "fruit" },
      items: [{ type: "message", role: "user", content: "Word apple." }],
    });
    expect(conversation).toMatchObject({
      object: "conversation",
      metadata: { topic: "fruit" },
      id: expect.stringMatching(/^conv_/) as unknown,
    });
    const one = await client.responses.create({ model, input: "Word pear.", conversation: conversation.id });
    if (model !== "gpt") expect(one.conversation).toEqual({ id: conversation.id });
    await client.responses.stream({ model, input: "Word fig.", conversation: { id: conversation.id } }).finalResponse();
    const said = saidOf(upstream, ["apple", "pear", "fig"]);
    expect([said.slice(0, 2), said.at(-1)]).toEqual([["apple", "pear"], "fig"]);
    const items = [];
    for await (const item of client.conversations.items.list(conversation.id, { order: "asc", limit: 2 })) items.push(item);
    const spoken = items.filter((item) => item.type === "message").map((item) => item.role);
    expect(spoken).toEqual(["user", "user", "assistant", "user", "assistant"]);
  });

  test("are changed item by item, and deleted", async () => {
    const upstream = await simulator();
    const client = (await gateway({ upstream })).client();
    const { id } = await client.conversations.create();
    const added = await client.conversations.items.create(id, {
      items: [
        { type: "message", role: "user", content: "Word apple." },
        { type: "message", role: "user", content: "Word pear." },
      ],
    });
    const [apple, pear] = added.data;
    expect(await client.conversations.items.retrieve(apple?.id ?? "", { conversation_id: id })).toEqual(apple);
    expect((await client.conversations.items.delete(apple?.id ?? "", { conversation_id: id })).id).toBe(id);
    await expect(client.conversations.items.retrieve(apple?.id ?? "", { conversation_id: id })).rejects.toMatchObject({ status: 404 });
    expect((await client.conversations.items.list(id)).data).toEqual([pear]);
    expect((await client.conversations.update(id, { metadata: { topic: "fruit" } })).metadata).toEqual({ topic: "fruit" });
    expect((await client.conversations.retrieve(id)).metadata).toEqual({ topic: "fruit" });
    await client.responses.create({ model: "claude", input: "Word fig.", conversation: id });
    expect(saidOf(upstream, ["apple", "pear", "fig"])).toEqual(["pear", "fig"]);
    expect(await client.conversations.delete(id)).toEqual({ id, object: "conversation.deleted", deleted: true });
    await expect(client.conversations.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(client.responses.create({ model: "claude", input: "?", conversation: id })).rejects.toMatchObject({ status: 404 });
  });

  test("exclude a previous answer", async () => {
    const client = (await gateway({ upstream: await simulator() })).client();
    const both = { model: "claude", input: "?", conversation: "conv_1", previous_response_id: "resp_1" };
    await expect(client.responses.create(both)).rejects.toMatchObject({ status: 400, code: "mutually_exclusive_parameters" });
  });
});
