/**
 * What clients of Responses leave with the server, through OpenAI's own SDK and real sockets: the conversation goes on whoever
 * serves its next request, belongs to one key, ends when it is deleted or has expired, and reaches upstreams as far as they
 * need it (rules 396, 397, 433, 434, 435).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { MemoryRecords } from "../src/storage/memory-records.ts";
import type { RecordStore } from "../src/storage/records.ts";
import { SqliteRecords } from "../src/storage/sqlite-records.ts";
import { until } from "./support/gateway.ts";
import { ask, gateway, isStored, lastAsked, LIMITS, MODELS, open, saidOf, simulator, type Json } from "./support/stored-gateway.ts";

describe.each(MODELS)("answers of %s", (model) => {
  test.each([false, true])("rule 396: are gone on from by their ids, streamed: %s", async (stream) => {
    const upstream = await simulator();
    const client = (await gateway({ upstream })).client();
    const one = await ask(client, stream, { model, input: "Word apple." });
    expect(isStored(one)).toBe(true);
    // Gemini's proof of what it thought is bound to what stands before it, instructions included.
    const instructions = model === "gemini" ? {} : { instructions: "Word plum." };
    const two = await ask(client, stream, { model, input: "Word pear.", previous_response_id: one.id, ...instructions });
    const three = await ask(client, stream, { model, input: "Word fig.", previous_response_id: two.id });
    expect(three.output_text).toContain("fig");
    expect(three.previous_response_id).toBe(two.id);
    if (model === "gpt") {
      expect(lastAsked(upstream)).toMatchObject({ input: "Word fig.", previous_response_id: two.id });
      return;
    }
    // Each was said once and answered once with its words; instructions were for their own request only.
    const words = ["apple", "pear", "fig", "plum"];
    expect(saidOf(upstream, words)).toEqual(["apple", "apple", "pear", "pear", "fig"]);
  });

  test("rule 397: are told again as they were told, with what was said for them, until they are deleted", async () => {
    const upstream = await simulator();
    const client = (await gateway({ upstream })).client();
    const one = await client.responses.create({ model, input: "Word apple.", metadata: { topic: "fruit" } });
    const two = await client.responses.create({ model, input: [{ role: "user", content: "Word pear." }], previous_response_id: one.id });
    expect(await client.responses.retrieve(one.id)).toEqual(one);
    expect(await client.responses.retrieve(two.id)).toEqual(two);

    const items = [];
    for await (const item of client.responses.inputItems.list(two.id, { order: "asc", limit: 1 })) items.push(item);
    expect(items.map((item) => [item.type, "role" in item && item.role])).toEqual([
      ["message", "user"],
      ...one.output.map((item) => [item.type, "role" in item && item.role]),
      ["message", "user"],
    ]);
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    expect(items.at(-1)).toMatchObject({ content: [{ type: "input_text", text: "Word pear." }] });

    await client.responses.delete(two.id);
    const gone = { status: 404, message: expect.stringContaining(`Response with id '${two.id}' not found.`) as unknown };
    await expect(client.responses.retrieve(two.id)).rejects.toMatchObject(gone);
    await expect(client.responses.delete(two.id)).rejects.toMatchObject(gone);
    await expect(client.responses.inputItems.list(two.id)).rejects.toMatchObject(gone);
    await expect(client.responses.create({ model, input: "?", previous_response_id: two.id })).rejects.toMatchObject({
      status: 400,
      code: "previous_response_not_found",
      param: "previous_response_id",
      type: "invalid_request_error",
      message: expect.stringContaining(`Previous response with id '${two.id}' not found.`) as unknown,
    });
    expect((await client.responses.retrieve(one.id)).id).toBe(one.id);
  });

  test("are nobody else's: another key is told what it is told of ids that nobody has, and no upstream hears of it", async () => {
    const upstream = await simulator();
    const { client } = await gateway({ upstream });
    const { id, output } = await client().responses.create({ model, input: "Word apple." });
    const conversation = await client().conversations.create({ items: [{ type: "message", role: "user", content: "Word pear." }] });
    const asked = upstream.requests.length;
    const bob = client("bobs-key");
    const attempts = (answer: string, item: string, talk: string): (() => Promise<unknown>)[] => [
      () => bob.responses.retrieve(answer),
      () => bob.responses.delete(answer),
      () => bob.responses.cancel(answer),
      async () => bob.responses.inputItems.list(answer),
      () => bob.responses.create({ model, input: "?", previous_response_id: answer }),
      () => bob.responses.create({ model, input: [{ type: "item_reference", id: item }] }),
      () => bob.responses.create({ model, input: "?", conversation: talk }),
      () => bob.responses.inputTokens.count({ model, input: "?", previous_response_id: answer }),
      () => bob.conversations.retrieve(talk),
      () => bob.conversations.update(talk, { metadata: {} }),
      () => bob.conversations.delete(talk),
      async () => bob.conversations.items.list(talk),
      () => bob.conversations.items.create(talk, { items: [{ type: "message", role: "user", content: "?" }] }),
    ];
    const refusal = async (attempt: () => Promise<unknown>): Promise<string> => {
      const error = await attempt().then(
        () => undefined,
        (thrown: unknown) => thrown as InstanceType<typeof OpenAI.APIError>,
      );
      return JSON.stringify([error?.status, error?.error]);
    };
    const names = { answer: "resp_nobodys", item: "msg_nobodys", talk: "conv_nobodys" };
    const itemId = output.at(-1)?.id ?? "";
    const theirs = attempts(id, itemId, conversation.id);
    for (const [i, nobodys] of attempts(names.answer, names.item, names.talk).entries()) {
      const told = await refusal(theirs[i] as () => Promise<unknown>);
      expect(told).toMatch(/not found/);
      const renamed = told.replaceAll(id, names.answer).replaceAll(itemId, names.item).replaceAll(conversation.id, names.talk);
      expect(renamed).toBe(await refusal(nobodys));
    }
    expect(upstream.requests).toHaveLength(asked);
    expect((await client().responses.retrieve(id)).id).toBe(id);
  });

  test("rule 435: are not kept when the request says so, or the operator", async () => {
    const upstream = await simulator();
    const client = (await gateway({ upstream })).client();
    const unkept = await client.responses.create({ model, input: "Word apple.", store: false });
    expect(isStored(unkept)).toBe(false);
    await expect(client.responses.retrieve(unkept.id)).rejects.toMatchObject({ status: 404 });

    const off = (await gateway({ upstream, more: "responses: { store: false }" })).client();
    const told = await off.responses.create({ model, input: "Word apple.", store: true });
    expect(isStored(told)).toBe(false);
    const asked = upstream.requests.length;
    await expect(off.responses.create({ model, input: "?", previous_response_id: told.id })).rejects.toMatchObject({
      status: 400,
      code: "previous_response_not_found",
      message: expect.stringContaining("keeps no responses") as unknown,
    });
    await expect(off.conversations.create()).rejects.toMatchObject({ status: 400 });
    expect(upstream.requests).toHaveLength(asked);
  });
});

test("an answer is gone on from by whichever model, and comes back to the first", async () => {
  const upstream = await simulator();
  const client = (await gateway({ upstream })).client();
  let previous: string | undefined;
  for (const [i, model] of ["gpt", "claude", "gpt", "gemini", "chat", "gpt"].entries()) {
    const answer = await client.responses.create({ model, input: `Word w${i}.`, ...(previous && { previous_response_id: previous }) });
    expect(answer.output_text).toContain(`w${i}`);
    previous = answer.id;
  }
  expect(saidOf(upstream, ["w0", "w1", "w2", "w3", "w4", "w5"])).toEqual([
    "w0",
    "w0",
    "w1",
    "w1",
    "w2",
    "w2",
    "w3",
    "w3",
    "w4",
    "w4",
    "w5",
  ]);
  expect(lastAsked(upstream)["previous_response_id"]).toBeNull();
});

test("an answer that was kept by one account goes on there, and elsewhere when it must", async () => {
  const upstream = await simulator();
  const client = (await gateway({ upstream, accounts: ["account-1", "account-2", "account-3"] })).client();
  const one = await client.responses.create({ model: "gpt", input: "Word apple." });
  const gave = upstream.requests.at(-1)?.credential;
  for (let i = 0; i < 4; i += 1) await client.responses.create({ model: "gpt", input: `Word w${i}.`, previous_response_id: one.id });
  const untouched = upstream.requests.slice(-4);
  expect(untouched.map(({ credential }) => credential)).toEqual([gave, gave, gave, gave]);
  expect(untouched.map(({ body }) => (JSON.parse(body.toString()) as Json)["previous_response_id"])).toEqual(Array(4).fill(one.id));

  upstream.credentials.set(gave ?? "", "429");
  const moved = await client.responses.create({ model: "gpt", input: "Word pear.", previous_response_id: one.id });
  expect(moved.output_text).toContain("pear");
  expect(upstream.requests.at(-1)?.credential).not.toBe(gave);
  expect(saidOf(upstream, ["apple", "pear"])).toEqual(["apple", "apple", "pear"]);
  expect(upstream.requests.at(-1)?.body.toString()).not.toMatch(/"id":|resp_/);
});

test("an answer that its provider has forgotten is written out for it", async () => {
  const upstream = await simulator();
  const client = (await gateway({ upstream })).client();
  const one = await client.responses.create({ model: "gpt", input: "Word apple." });
  upstream.responses.remove(upstream.requests.at(-1)?.credential, one.id);
  const two = await client.responses.create({ model: "gpt", input: "Word pear.", previous_response_id: one.id });
  expect(two.output_text).toContain("pear");
  expect(saidOf(upstream, ["apple", "pear"])).toEqual(["apple", "apple", "pear"]);
});

/** Outlive the gateway that is given them. */
class LastingRecords extends MemoryRecords {
  override close(): void {}
}

describe("deleting an answer that its provider keeps", () => {
  test("deletes it there", async () => {
    const upstream = await simulator();
    const client = (await gateway({ upstream })).client();
    const one = await client.responses.create({ model: "gpt", input: "Word apple." });
    await client.responses.delete(one.id);
    expect(upstream.requests.at(-1)).toMatchObject({ method: "DELETE", path: `/v1/responses/${one.id}`, credential: "key-of-account-1" });
    expect(upstream.responses.response("key-of-account-1", one.id)).toBeUndefined();
  });

  test("fails where the provider fails, and can be tried again", async () => {
    const upstream = await simulator();
    const client = (await gateway({ upstream })).client();
    const one = await client.responses.create({ model: "gpt", input: "Word apple." });
    upstream.credentials.set("key-of-account-1", "500");
    await expect(client.responses.delete(one.id)).rejects.toMatchObject({ status: 502 });
    expect((await client.responses.retrieve(one.id)).id).toBe(one.id);
    upstream.credentials.delete("key-of-account-1");
    await client.responses.delete(one.id);
    await expect(client.responses.retrieve(one.id)).rejects.toMatchObject({ status: 404 });
  });

  test("holds no shutdown up where the provider is silent, and can be tried again after it", async () => {
    const upstream = await simulator();
    const records = new LastingRecords(LIMITS);
    const { client, close } = await gateway({ upstream, records: () => records });
    const one = await client().responses.create({ model: "gpt", input: "Word apple." });
    upstream.credentials.set("key-of-account-1", "hang-before-headers");
    const deletion = expect(client().responses.delete(one.id)).rejects.toMatchObject({
      status: 503,
      message: expect.stringContaining("shutting down") as unknown,
    });
    await until(() => upstream.requests.at(-1)?.method === "DELETE");
    await close();
    await deletion;
    upstream.credentials.clear();
    const later = (await gateway({ upstream, records: () => records })).client();
    await later.responses.delete(one.id);
    expect(upstream.responses.response("key-of-account-1", one.id)).toBeUndefined();
  });

  test("says so when nobody can be asked any more, and deletes it here", async () => {
    const upstream = await simulator();
    const records = new LastingRecords(LIMITS);
    const { client, close } = await gateway({ upstream, records: () => records });
    const one = await client().responses.create({ model: "gpt", input: "Word apple." });
    await close();
    const later = (await gateway({ upstream, records: () => records, accounts: ["account-9"] })).client();
    await expect(later.responses.delete(one.id)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("no longer configured") as unknown,
    });
    await expect(later.responses.retrieve(one.id)).rejects.toMatchObject({ status: 404 });
  });
});

test("a conversation survives a restart", async () => {
  const directory = mkdtempSync(join(tmpdir(), "dragoman-stored-"));
  open.push(() => rmSync(directory, { recursive: true }));
  const upstream = await simulator();
  const records = (): RecordStore =>
    new SqliteRecords({
      ...LIMITS,
      path: join(directory, "dragoman.db"),
      onError: (error) => {
        throw error;
      },
    });
  const first = await gateway({ upstream, records });
  const answers = await Promise.all(MODELS.map((model) => first.client().responses.create({ model, input: "Word apple." })));
  const conversation = await first.client().conversations.create({ metadata: { topic: "fruit" } });
  await first.client().responses.create({ model: "claude", input: "Word apple.", conversation: conversation.id });
  await first.close();

  const client = (await gateway({ upstream, records })).client();
  for (const [i, { id }] of answers.entries()) {
    const model = MODELS[(i + 1) % MODELS.length] as string;
    await client.responses.create({ model, input: "Word pear.", previous_response_id: id });
    expect(saidOf(upstream, ["apple", "pear"])).toEqual(["apple", "apple", "pear"]);
    expect((await client.responses.retrieve(id)).id).toBe(id);
  }
  expect(await client.conversations.retrieve(conversation.id)).toEqual(conversation);
  await client.responses.create({ model: "gemini", input: "Word pear.", conversation: conversation.id });
  expect(saidOf(upstream, ["apple", "pear"])).toEqual(["apple", "apple", "pear"]);
});

test("what was not used for long is gone, and its client is told", async () => {
  let now = 0;
  const upstream = await simulator();
  const client = (await gateway({ upstream, records: () => new MemoryRecords(LIMITS, () => now) })).client();
  const one = await client.responses.create({ model: "claude", input: "Word apple." });
  now += LIMITS.ttlMs - 1;
  const two = await client.responses.create({ model: "claude", input: "Word pear.", previous_response_id: one.id });
  now += LIMITS.ttlMs - 1;
  await client.responses.create({ model: "claude", input: "Word fig.", previous_response_id: two.id });
  now += LIMITS.ttlMs;
  const asked = upstream.requests.length;
  await expect(client.responses.create({ model: "claude", input: "?", previous_response_id: two.id })).rejects.toMatchObject({
    status: 400,
    code: "previous_response_not_found",
  });
  await expect(client.responses.retrieve(one.id)).rejects.toMatchObject({ status: 404 });
  expect(upstream.requests).toHaveLength(asked);
});

test.each([false, true])("rule 365: a warm-up is remembered and asks nobody, streamed: %s", async (stream) => {
  const upstream = await simulator();
  const client = (await gateway({ upstream })).client();
  const warm = await ask(client, stream, { model: "claude", input: "Word apple.", generate: false });
  expect(warm).toMatchObject({ status: "completed", output: [], usage: { output_tokens: 0 } });
  expect(upstream.requests).toEqual([]);
  const answer = await ask(client, stream, { model: "claude", input: "Word pear.", previous_response_id: warm.id });
  expect(answer.status).toBe("completed");
  expect(saidOf(upstream, ["apple", "pear"])).toEqual(["apple", "pear"]);
});

test("what is not served is refused in words", async () => {
  const upstream = await simulator();
  const client = (await gateway({ upstream })).client();
  const { id } = await client.responses.create({ model: "claude", input: "Word apple." });
  await expect(client.responses.retrieve(id, { stream: true })).rejects.toMatchObject({ status: 400, param: "stream" });
  await expect(client.responses.cancel(id)).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("synchronous") as unknown,
  });
  for (const model of MODELS) {
    await expect(client.responses.create({ model, input: "?", background: true })).rejects.toMatchObject({
      status: 400,
      param: "background",
    });
  }
});

test("tokens are counted with all that stands before", async () => {
  const upstream = await simulator();
  const client = (await gateway({ upstream })).client();
  for (const model of MODELS) {
    const one = await client.responses.create({ model, input: `Word ${"apple ".repeat(200)}.` });
    const alone = await client.responses.inputTokens.count({ model, input: "?" });
    const after = await client.responses.inputTokens.count({ model, input: "?", previous_response_id: one.id });
    expect(after.input_tokens).toBeGreaterThan(alone.input_tokens + 100);
  }
});
