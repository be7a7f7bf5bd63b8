/** What OpenAI keeps of answers, for whom, and how reasoning comes back: as it was, where it was, or by its id. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startSimulator } from "./server.ts";
import type { Simulator, StateReport } from "./types.ts";

type Fields = Record<string, unknown>;

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ record: true });
});
afterEach(() => simulator.close());

interface Told {
  readonly status: number;
  readonly body: Fields & { readonly id: string; readonly output: readonly Fields[] };
  readonly error: Fields | undefined;
  readonly state: StateReport | undefined;
}

async function send(method: string, path: string, body?: object, key = "k1"): Promise<Told> {
  const response = await fetch(`${simulator.url}/v1/responses${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Told["body"] & { error?: Fields | null };
  return { status: response.status, body: answer, error: answer.error ?? undefined, state: simulator.requests.at(-1)?.state };
}

const ask = (input: unknown, more: object = {}, key?: string): Promise<Told> =>
  send("POST", "", { model: "gpt-6-sol", input, ...more }, key);
const hi = { role: "user", content: "Hi" };
const sealed = { include: ["reasoning.encrypted_content"], reasoning: { summary: "auto" } };
const tools = [{ type: "function", name: "f", parameters: { type: "object", properties: {} } }];
const result = { type: "function_call_output", call_id: "c1", output: "ok" };

/** An answer that thinks, speaks and calls. */
async function called(more: object = {}): Promise<Told> {
  simulator.script({
    blocks: [
      { type: "thinking", text: "Hm." },
      { type: "text", text: "I look." },
      { type: "call", name: "f", input: {}, id: "c1" },
    ],
  });
  return ask([hi], { tools, ...more });
}

describe("an answer is kept for who got it", () => {
  test("rule 397: it can be fetched, with what it was made from, and deleted", async () => {
    const { body } = await called();
    expect((await send("GET", `/${body.id}`)).body).toMatchObject({ id: body.id, output: body.output, store: true });
    expect((await send("GET", `/${body.id}/input_items`)).body).toMatchObject({ object: "list", data: [hi], has_more: false });
    expect((await send("GET", `/${body.id}`, undefined, "k2")).status).toBe(404);
    expect((await send("DELETE", `/${body.id}`)).body).toEqual({ id: body.id, object: "response.deleted", deleted: true });
    expect((await send("GET", `/${body.id}`)).error).toMatchObject({ message: `Response with id '${body.id}' not found.` });
  });

  test("rule 396: the next request goes on from it, and instructions are not inherited", async () => {
    const { body } = await called({ instructions: "Be brief." });
    const next = await ask([result, { role: "user", content: "And?" }], { tools, previous_response_id: body.id });
    expect(next.status).toBe(200);
    const items = await send("GET", `/${next.body.id}/input_items?order=asc`);
    expect((items.body["data"] as Fields[]).map(({ type }) => type)).toEqual([
      "message",
      "reasoning",
      "message",
      "function_call",
      "function_call_output",
      "message",
    ]);
    expect(next.body).toMatchObject({ previous_response_id: body.id, instructions: null });
  });

  test("its calls must be answered all the same", async () => {
    const { body } = await called();
    expect((await ask([hi], { tools, previous_response_id: body.id })).error).toMatchObject({
      message: "No tool output found for function call c1.",
    });
  });

  test("rule 433: its items can be referred to", async () => {
    const { body } = await called();
    const [thought, message] = body.output.map(({ id }) => ({ type: "item_reference", id }));
    const call = { type: "function_call", call_id: "c1", name: "f", arguments: "{}" };
    expect((await ask([hi, thought, message, call, result], { tools })).status).toBe(200);
    expect((await ask([hi, thought, message, call, result], { tools }, "k2")).error).toMatchObject({
      message: `Item with id '${String(body.output[0]?.["id"])}' not found.`,
      param: "input",
    });
  });

  test("what nobody kept is not found", async () => {
    expect(await ask([hi, { type: "item_reference", id: "msg_1" }])).toMatchObject({
      status: 404,
      error: { message: "Item with id 'msg_1' not found.", type: "invalid_request_error", param: "input", code: null },
    });
  });

  test("but not when it was not to be stored", async () => {
    const { body } = await called({ store: false });
    expect((await send("GET", `/${body.id}`)).status).toBe(404);
    expect((await ask("And?", { previous_response_id: body.id })).error).toEqual({
      message: `Previous response with id '${body.id}' not found.`,
      type: "invalid_request_error",
      param: "previous_response_id",
      code: "previous_response_not_found",
    });
    const told = await ask([hi, { type: "item_reference", id: body.output[1]?.["id"] }], { store: false });
    expect([told.status, told.error?.["message"]]).toEqual([
      404,
      expect.stringContaining("Items are not persisted when `store` is set to false."),
    ]);
  });
});

describe("reasoning stands before what it led to", () => {
  test("rule 135: it is refused at the end, and before the user's words", async () => {
    const { body } = await called(sealed);
    const [thought] = body.output as [Fields];
    const words = `Item '${String(thought["id"])}' of type 'reasoning' was provided without its required following item.`;
    expect((await ask([hi, thought], { tools })).error).toMatchObject({ message: words, param: "input" });
    expect((await ask([hi, thought, hi], { tools })).error).toMatchObject({ message: words });
  });

  test("what follows it in a kept answer must be that very item", async () => {
    const { body } = await called(sealed);
    const [thought] = body.output as [Fields];
    const told = await ask([hi, thought, { role: "assistant", content: "Something else." }, hi], { tools });
    expect(told.error?.["message"]).toContain("without its required following item");
  });

  test("and what a kept answer made after reasoning comes back with it", async () => {
    const { body } = await called(sealed);
    const [thought, message] = body.output as [Fields, Fields];
    expect((await ask([hi, message, hi], { tools })).error).toMatchObject({
      message: `Item '${String(message["id"])}' of type 'message' was provided without its required 'reasoning' item: '${String(thought["id"])}'.`,
    });
  });

  test("rule 134: without its seal it must be kept", async () => {
    const { body } = await called({ ...sealed, store: false });
    const [{ encrypted_content: _, ...thought }, ...rest] = body.output as [Fields, Fields, Fields];
    const told = await ask([hi, thought, ...rest, result], { tools, store: false });
    expect([told.status, told.error?.["message"]]).toEqual([404, expect.stringContaining("not found")]);
    const kept = await called(sealed);
    const [{ encrypted_content: _sealed, ...known }, ...others] = kept.body.output as [Fields, Fields, Fields];
    expect(await ask([hi, known, ...others, result], { tools })).toMatchObject({ status: 200, state: { kept: 1 } });
  });
});

describe("a seal is taken back by who made it", () => {
  test("as it was, whichever way the texts are written", async () => {
    const { body } = await called({ ...sealed, store: false });
    const asParts = {
      role: "user",
      content: [
        { type: "input_text", text: "H" },
        { type: "input_text", text: "i" },
      ],
    };
    const bare = body.output.map(({ id: _id, status: _status, ...item }) => item);
    for (const history of [
      [hi, ...body.output, result],
      [asParts, ...bare, result],
    ])
      expect(await ask(history, { tools, store: false })).toMatchObject({ status: 200, state: { kept: 1, dropped: [], refused: [] } });
  });

  test("rule 131: not when somebody else made it", async () => {
    const thought = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAAAABoForeign" };
    expect(await ask([hi, thought, { role: "assistant", content: "a" }, hi])).toMatchObject({
      status: 400,
      error: {
        message: "The encrypted content for item rs_1 could not be verified. Reason: Encrypted content could not be decrypted or parsed.",
        type: "invalid_request_error",
        param: null,
        code: "invalid_encrypted_content",
      },
    });
  });

  test.each<[string, (history: readonly Fields[]) => readonly Fields[], object, string | undefined, string]>([
    ["by another model", (history) => history, { model: "gpt-5.5" }, undefined, "model_mismatch"],
    ["by another account", (history) => history, {}, "k2", "organization_mismatch"],
    ["behind other words", ([, ...history]) => [{ ...hi, content: "Hi!" }, ...history], {}, undefined, "prefix_mismatch"],
    ["behind other tools", (history) => history, { tools: [...tools, { ...tools[0], name: "g" }] }, undefined, "prefix_mismatch"],
    [
      "with another format",
      (history) => history,
      { text: { format: { type: "json_schema", name: "a", schema: {} } } },
      undefined,
      "prefix_mismatch",
    ],
  ])("%s it is left out, and the answer tells so", async (_, changed, more, key, reason) => {
    const { body } = await called({ ...sealed, store: false });
    const told = await ask(changed([hi, ...body.output, result]), { tools, store: false, ...more }, key);
    expect(told).toMatchObject({
      status: 200,
      body: { input_transformations: [{ id: body.output[0]?.["id"], action: "removed", reason, type: "reasoning" }] },
      state: { dropped: [{ path: "input[1]" }] },
    });
  });

  test("the summary beside it may change, unless state is strict", async () => {
    const strict = await startSimulator({ issuer: "one", strictState: true });
    await simulator.close();
    simulator = await startSimulator({ record: true, issuer: "one" });
    const { body } = await called({ ...sealed, store: false });
    const history = [hi, { ...body.output[0], summary: [] }, ...body.output.slice(1), result];
    expect((await ask(history, { tools, store: false })).status).toBe(200);
    const answer = await fetch(`${strict.url}/v1/responses`, {
      method: "POST",
      headers: { authorization: "Bearer k1" },
      body: JSON.stringify({ model: "gpt-6-sol", input: history, tools, store: false }),
    });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("invalid_encrypted_content")]);
    await strict.close();
  });
});

describe("rule 399: a summary in place of the conversation", () => {
  const asked = [hi, { type: "compaction_trigger" }];

  test("is all of the answer, and stands for what is no longer said", async () => {
    const { body } = await ask(asked);
    expect(body).toMatchObject({
      status: "completed",
      output: [{ type: "compaction", id: expect.stringMatching(/^cmp_/), encrypted_content: expect.stringMatching(/^gAAAA/) }],
    });
    const { status, state } = await ask([...body.output, hi]);
    expect({ status, state }).toMatchObject({ status: 200, state: { kept: 1, dropped: [] } });
  });

  test("is read by who made it, and no other account or model", async () => {
    const { body } = await ask(asked);
    expect((await ask([...body.output, hi], {}, "k2")).state).toMatchObject({ dropped: [{ reason: "account" }] });
    expect((await ask([...body.output, hi], { model: "gpt-6" })).state).toMatchObject({ dropped: [{ reason: "model" }] });
  });
});
