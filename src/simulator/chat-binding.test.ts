/** Reasoning that a compatible server signs is bound to account, model and everything before it. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { startSimulator } from "./server.ts";
import type { Simulator, StateReport } from "./types.ts";

type Fields = Record<string, unknown>;

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ record: true, strictState: true });
});
afterEach(() => simulator.close());

const system = { role: "system", content: "Be brief." };
const hi = { role: "user", content: "Hi" };
const results = [{ role: "tool", tool_call_id: "c1", content: "ok" }];

interface Told {
  readonly status: number;
  readonly message: Fields;
  readonly error: string | undefined;
  readonly state: StateReport;
}

async function ask(messages: readonly unknown[], { key = "k1", model = "claude-5-thinking", more = {} } = {}): Promise<Told> {
  const response = await fetch(`${simulator.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, messages, ...more }),
  });
  const answer = (await response.json()) as { choices?: { message: Fields }[]; error?: { message: string } };
  const state = simulator.requests.at(-1)?.state as StateReport;
  return { status: response.status, message: answer.choices?.[0]?.message ?? {}, error: answer.error?.message, state };
}

/** A call after two pieces of reasoning, up to what the model is to answer now. */
async function conversation(): Promise<readonly Fields[]> {
  simulator.script({
    blocks: [
      { type: "thinking", text: "First." },
      { type: "redacted" },
      { type: "text", text: "I look." },
      { type: "call", name: "f", input: { a: 1 }, id: "c1" },
    ],
  });
  const { message } = await ask([system, hi]);
  return [system, hi, message, ...results];
}

const changed = (messages: readonly Fields[], more: (message: Fields) => Fields): readonly Fields[] =>
  messages.map((message) => (message["role"] === "assistant" ? { ...message, ...more(message) } : message));
const details = (message: Fields): Fields[] => message["reasoning_details"] as Fields[];

test("it is taken back, whichever way the texts are written", async () => {
  const messages = await conversation();
  const next = await ask(messages);
  expect(next).toMatchObject({ status: 200, state: { kept: 2, refused: [] } });
  const asParts = [
    system,
    {
      role: "user",
      content: [
        { type: "text", text: "H" },
        { type: "text", text: "i" },
      ],
    },
    ...messages.slice(2),
  ];
  expect((await ask([...asParts, next.message, hi])).state).toMatchObject({ kept: 3, refused: [] });
});

test.each<[string, (messages: readonly Fields[]) => readonly Fields[], object, string]>([
  ["by another account", (messages) => messages, { key: "k2" }, "account"],
  ["by another model", (messages) => messages, { model: "claude-6-thinking" }, "model"],
  ["behind another message", (messages) => [system, { ...hi, content: "Hi!" }, ...messages.slice(2)], {}, "prefix"],
  ["behind other tools", (messages) => messages, { more: { tools: [{ type: "function", function: { name: "f" } }] } }, "prefix"],
  [
    "when a piece before it was removed",
    (messages) => changed(messages, (message) => ({ reasoning_details: details(message).slice(1) })),
    {},
    "prefix",
  ],
  [
    "beside another text",
    (messages) => changed(messages, (message) => ({ reasoning_details: details(message).map((detail) => ({ ...detail, text: "Last." })) })),
    {},
    "text",
  ],
  [
    "that somebody else signed",
    (messages) =>
      changed(messages, (message) => ({ reasoning_details: details(message).map((detail) => ({ ...detail, signature: "Zm9y" })) })),
    {},
    "foreign",
  ],
])("it is refused %s", async (_how, change, options, reason) => {
  const told = await ask(change(await conversation()), options);
  expect(told).toMatchObject({ status: 400, error: expect.stringContaining("Invalid signature"), state: { refused: [{ reason }] } });
});

test("strict: all of it must come back", async () => {
  const messages = changed(await conversation(), () => ({ reasoning_details: undefined }));
  expect(await ask(messages)).toMatchObject({ status: 400, state: { refused: [{ path: "messages[2]", reason: "lost" }] } });
  expect(await ask(messages, { key: "k2" })).toMatchObject({ status: 200 });
});
