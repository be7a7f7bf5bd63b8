/** Claude's thinking is bound to account, model and everything before it (dossier A.1.5). */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startSimulator } from "./server.ts";
import type { Behaviour, Simulator, StateReport } from "./types.ts";

type Fields = Record<string, unknown>;

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ record: true });
});
afterEach(() => simulator.close());

const BETA = { "anthropic-beta": "a, thinking-binding-controls-2026-08-01" };
const DROPS = { type: "adaptive", block_binding: { prefix_mismatch_behavior: "drop_block" } };
const hi = { role: "user", content: "Hi" };
const tool = { name: "f", input_schema: { type: "object", properties: { a: {}, b: {} } } };
const base: Fields = { model: "claude-opus-5-5", max_tokens: 2000, system: "Be brief.", tools: [tool], thinking: { type: "adaptive" } };
const result = { role: "user", content: [{ type: "tool_result", tool_use_id: "c1", content: "ok" }] };
const marked = { cache_control: { type: "ephemeral" } };

interface Told {
  readonly status: number;
  readonly message: string | undefined;
  readonly content: readonly Fields[];
  readonly transformations: unknown;
  readonly state: StateReport;
}

async function ask(body: Fields, { key = "k1", headers = {}, to = simulator } = {}): Promise<Told> {
  const response = await fetch(`${to.url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": key, ...headers },
    body: JSON.stringify({ ...base, ...body }),
  });
  const answer = (await response.json()) as { content?: Fields[]; error?: { message: string }; input_transformations?: unknown };
  const state = to.requests.at(-1)?.state as StateReport;
  return {
    status: response.status,
    message: answer.error?.message,
    content: answer.content ?? [],
    transformations: answer.input_transformations,
    state,
  };
}

const answers: readonly Behaviour[] = [
  {
    blocks: [
      { type: "thinking", text: "First." },
      { type: "text", text: "I look." },
      { type: "redacted" },
      { type: "thinking", text: "Second." },
      { type: "call", name: "f", input: { a: 1, b: 2 }, id: "c1" },
    ],
  },
];

/** A conversation of one tool call, up to what the model is to answer now. */
async function conversation(to = simulator): Promise<readonly Fields[]> {
  to.script(...answers);
  const { content } = await ask({ messages: [hi] }, { to });
  return [hi, { role: "assistant", content }, result];
}

/** The messages with the answer's blocks replaced. */
function withBlocks(messages: readonly Fields[], change: (blocks: Fields[]) => Fields[]): readonly Fields[] {
  return messages.map((message) =>
    message["role"] === "assistant" ? { ...message, content: change(message["content"] as Fields[]) } : message,
  );
}

const KEPT = { kept: 3, standIns: 0, dropped: [], refused: [] };

describe("thinking is taken back", () => {
  test("as it was minted, and what follows it later, too", async () => {
    const messages = await conversation();
    const next = await ask({ messages });
    expect(next).toMatchObject({ status: 200, state: KEPT });
    const later = [...messages, { role: "assistant", content: next.content }, { role: "user", content: "And?" }];
    expect((await ask({ messages: later })).state.kept).toBe(4);
  });

  test.each<[string, (messages: readonly Fields[]) => Fields]>([
    [
      "marks of the cache were set",
      (messages) => ({
        messages: [{ role: "user", content: [{ type: "text", text: "Hi", ...marked }] }, ...messages.slice(1)],
        tools: [{ ...tool, ...marked }],
        system: [{ type: "text", text: "Be brief.", ...marked }],
      }),
    ],
    [
      "a string became a block",
      (messages) => ({ messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }, ...messages.slice(1)] }),
    ],
    [
      "a message was cut in two",
      (messages) => ({ messages: [{ role: "user", content: "H" }, { role: "user", content: "i" }, ...messages.slice(1)] }),
    ],
    ["a deferred tool was put in", (messages) => ({ messages, tools: [{ ...tool, name: "g", defer_loading: true }, tool] })],
    ["the effort changed", (messages) => ({ messages, output_config: { effort: "low" } })],
    [
      "members of a block change places",
      (messages) => ({
        messages: withBlocks(messages, (blocks) => blocks.map((block) => Object.fromEntries(Object.entries(block).toReversed()))),
      }),
    ],
  ])("rule 406: when %s", async (_what, change) => {
    expect(await ask(change(await conversation()))).toMatchObject({ status: 200, state: KEPT });
  });
});

describe("thinking is refused", () => {
  const MISMATCH = "The block is bound to a different conversation";

  test.each<[string, (messages: readonly Fields[]) => Fields, number]>([
    ["the instructions changed", (messages) => ({ messages, system: "Be long." }), 0],
    ["a tool was added", (messages) => ({ messages, tools: [tool, { ...tool, name: "g" }] }), 0],
    [
      "members inside a schema change places",
      (messages) => ({ messages, tools: [{ ...tool, input_schema: { properties: { a: {}, b: {} }, type: "object" } }] }),
      0,
    ],
    ["an earlier message changed", (messages) => ({ messages: [{ role: "user", content: "Hi!" }, ...messages.slice(1)] }), 0],
    ["a message was put in", (messages) => ({ messages: [hi, { role: "system", content: "Hurry." }, ...messages.slice(1)] }), 0],
    [
      "text of the answer changed",
      (messages) => ({
        messages: withBlocks(messages, (blocks) =>
          blocks.map((block) => (block["type"] === "text" ? { ...block, text: "I see." } : block)),
        ),
      }),
      2,
    ],
    ["a block before it was removed", (messages) => ({ messages: withBlocks(messages, (blocks) => blocks.slice(1)) }), 1],
    [
      "a block between was removed",
      (messages) => ({ messages: withBlocks(messages, (blocks) => blocks.filter(({ type }) => type !== "redacted_thinking")) }),
      2,
    ],
    ["it was moved", (messages) => ({ messages: withBlocks(messages, ([first, text, ...rest]) => [text, first, ...rest] as Fields[]) }), 1],
  ])("rule 130: when %s", async (_what, change, block) => {
    const told = await ask(change(await conversation()));
    expect(told).toMatchObject({ status: 400, message: expect.stringContaining(MISMATCH) });
    const path = `messages.${told.message?.startsWith("messages.2") ? 2 : 1}.content.${block}`;
    expect(told.message).toMatch(new RegExp(`^${path}: Invalid \`(?:signature|data)\` in`));
    expect(told.state.refused).toEqual([{ path, reason: "prefix" }]);
  });

  test("by another account", async () => {
    const told = await ask({ messages: await conversation() }, { key: "k2" });
    expect(told.message).toBe("messages.1.content.0: Invalid `signature` in `thinking` block");
    expect(told.state.refused).toEqual([{ path: "messages.1.content.0", reason: "account" }]);
  });

  test("by another model", async () => {
    const told = await ask({ messages: await conversation(), model: "claude-sonnet-5-5" });
    expect(told.state.refused).toEqual([{ path: "messages.1.content.0", reason: "model" }]);
  });

  test("beside another text, and with bytes changed", async () => {
    const messages = await conversation();
    const changed = (more: Fields) => ({ messages: withBlocks(messages, ([first, ...rest]) => [{ ...first, ...more }, ...rest]) });
    expect((await ask(changed({ thinking: "Last." }))).state.refused).toMatchObject([{ reason: "text" }]);
    expect((await ask(changed({ signature: "EqQBCkYIBxgC" }))).state.refused).toMatchObject([{ reason: "foreign" }]);
  });

  test("by another simulator, unless both were started with one issuer", async () => {
    const [first, second] = await Promise.all([1, 2].map(() => startSimulator({ record: true, issuer: "one" })));
    const messages = await conversation(first);
    expect((await ask({ messages })).state.refused).toMatchObject([{ reason: "foreign" }]);
    expect((await ask({ messages }, { to: second as Simulator })).status).toBe(200);
    await Promise.all([first?.close(), second?.close()]);
  });
});

describe("drop_block", () => {
  test("leaves out what does not fit, and tells", async () => {
    const messages = [{ role: "user", content: "Hi!" }, ...(await conversation()).slice(1)];
    const told = await ask({ messages, thinking: DROPS }, { headers: BETA });
    const paths = [0, 2, 3].map((block) => `messages.1.content.${block}`);
    expect(told).toMatchObject({
      status: 200,
      transformations: paths.map((path) => ({ type: "thinking_dropped", path, reason: "prefix_binding_mismatch" })),
      state: { kept: 0, dropped: paths.map((path) => ({ path, reason: "prefix" })), refused: [] },
    });
    const later = [...messages, { role: "assistant", content: told.content }, hi];
    expect((await ask({ messages: later, thinking: DROPS }, { headers: BETA })).state).toMatchObject({ kept: 1, refused: [] });
  });

  test("needs its beta, which alone makes answers tell", async () => {
    expect((await ask({ messages: [hi], thinking: DROPS })).message).toBe(
      "thinking.adaptive.block_binding: Extra inputs are not permitted",
    );
    expect((await ask({ messages: [hi] }, { headers: BETA })).transformations).toEqual([]);
    expect((await ask({ messages: [hi] })).transformations).toBeUndefined();
  });
});

describe("strict", () => {
  beforeEach(async () => {
    await simulator.close();
    simulator = await startSimulator({ record: true, strictState: true });
  });

  test("what would be left out is refused", async () => {
    const messages = [{ role: "user", content: "Hi!" }, ...(await conversation()).slice(1)];
    expect(await ask({ messages, thinking: DROPS }, { headers: BETA })).toMatchObject({ status: 400, transformations: undefined });
  });

  test("all of it must come back, to who minted it", async () => {
    const messages = await conversation();
    expect(await ask({ messages })).toMatchObject({ status: 200, state: KEPT });
    const without = withBlocks(messages, (blocks) => blocks.filter(({ type }) => !String(type).endsWith("thinking")));
    const told = await ask({ messages: without });
    expect(told).toMatchObject({ status: 400, state: { refused: [{ reason: "lost" }] } });
    expect(await ask({ messages: without }, { key: "k2" })).toMatchObject({ status: 200, state: { kept: 0 } });
  });
});
