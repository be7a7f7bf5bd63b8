/** What clients of Responses do at the same time to one thing that they have left with the server, through real sockets (A.3.2, C.16). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { RecordStore } from "../src/storage/records.ts";
import { SqliteRecords } from "../src/storage/sqlite-records.ts";
import { until } from "./support/gateway.ts";
import { gateway, LIMITS, open, saidOf, simulator } from "./support/stored-gateway.ts";

/** A store in a file that goes with the test. */
function inFile(): () => RecordStore {
  const directory = mkdtempSync(join(tmpdir(), "dragoman-races-"));
  open.push(() => rmSync(directory, { recursive: true }));
  const onError = (error: unknown): void => void Promise.reject(error);
  return () => new SqliteRecords({ ...LIMITS, path: join(directory, "dragoman.db"), onError });
}

async function setUp() {
  const upstream = await simulator();
  const { client } = await gateway({ upstream, records: inFile() });
  return { upstream, client: client() };
}

/** The words of a conversation's messages, in order. */
async function wordsIn(client: OpenAI, conversation: string): Promise<string[]> {
  const words: string[] = [];
  for await (const item of client.conversations.items.list(conversation, { order: "asc" })) {
    const [, word] = /(apple|pear|fig)/.exec(JSON.stringify(item)) ?? [];
    if (item.type === "message" && word !== undefined) words.push(`${item.role} ${word}`);
  }
  return words;
}

const said = (word: string) => ({ items: [{ type: "message" as const, role: "user" as const, content: `Word ${word}.` }] });
const MODEL = "claude";
/** Long enough for others to come between. */
const LATER = { delayMs: 300 };

describe("a conversation", () => {
  test("that two requests go on with at once gets both, each with its answer", async () => {
    const { upstream, client } = await setUp();
    const { id } = await client.conversations.create();
    upstream.script({ ...LATER, text: "pear it is" }, { text: "fig it is" });
    const first = client.responses.create({ model: MODEL, input: "Word pear.", conversation: id });
    await until(() => upstream.requests.length === 1);
    await Promise.all([first, client.responses.create({ model: MODEL, input: "Word fig.", conversation: id })]);
    expect(await wordsIn(client, id)).toEqual(["user fig", "assistant fig", "user pear", "assistant pear"]);
  });

  test("that is added to during an answer has both", async () => {
    const { upstream, client } = await setUp();
    const { id } = await client.conversations.create(said("apple"));
    upstream.script({ ...LATER, text: "pear it is" });
    const answer = client.responses.create({ model: MODEL, input: "Word pear.", conversation: id });
    await until(() => upstream.requests.length === 1);
    await client.conversations.items.create(id, said("fig"));
    await answer;
    expect(await wordsIn(client, id)).toEqual(["user apple", "user fig", "user pear", "assistant pear"]);
  });

  test("that is deleted during an answer stays deleted, and the answer is told", async () => {
    const { upstream, client } = await setUp();
    const { id } = await client.conversations.create(said("apple"));
    upstream.script(LATER);
    const answer = client.responses.create({ model: MODEL, input: "Word pear.", conversation: id });
    await until(() => upstream.requests.length === 1);
    await client.conversations.delete(id);
    const { status, id: told } = await answer;
    expect(status).toBe("completed");
    await expect(client.conversations.retrieve(id)).rejects.toMatchObject({ status: 404 });
    // What stood before it is gone, and it does not go on as if nothing had.
    await expect(client.responses.create({ model: MODEL, input: "?", previous_response_id: told })).rejects.toMatchObject({
      code: "previous_response_not_found",
    });
  });

  test("has nothing of an answer whose client left, and goes on", async () => {
    const { upstream, client } = await setUp();
    const { id } = await client.conversations.create(said("apple"));
    upstream.script({ chunkDelayMs: 30, text: "one two three four five six seven eight" });
    const stream = await client.responses.create({ model: MODEL, input: "Word pear.", conversation: id, stream: true });
    for await (const event of stream) if (event.type === "response.output_text.delta") stream.controller.abort();
    await until(() => upstream.requests[0]?.outcome === "client-left");
    await client.responses.create({ model: MODEL, input: "Word fig.", conversation: id });
    expect(saidOf(upstream, ["apple", "pear", "fig"])).toEqual(["apple", "fig"]);
  });
});

describe("an answer", () => {
  test("that is deleted while another goes on from it is gone, and that one is told", async () => {
    const { upstream, client } = await setUp();
    const one = await client.responses.create({ model: MODEL, input: "Word apple." });
    upstream.script(LATER);
    const going = client.responses.create({ model: MODEL, input: "Word pear.", previous_response_id: one.id });
    await until(() => upstream.requests.length === 2);
    await client.responses.delete(one.id);
    const two = await going;
    expect(two.status).toBe("completed");
    expect((await client.responses.retrieve(two.id)).output_text).toBe(two.output_text);
    await expect(client.responses.retrieve(one.id)).rejects.toMatchObject({ status: 404 });
    await expect(client.responses.create({ model: MODEL, input: "?", previous_response_id: two.id })).rejects.toMatchObject({
      code: "previous_response_not_found",
    });
  });

  test("that is deleted twice at once is deleted", async () => {
    const { upstream, client } = await setUp();
    const one = await client.responses.create({ model: "gpt", input: "Word apple." });
    const outcomes = await Promise.allSettled([client.responses.delete(one.id), client.responses.delete(one.id)]);
    expect(outcomes.map(({ status }) => status)).toContain("fulfilled");
    await expect(client.responses.retrieve(one.id)).rejects.toMatchObject({ status: 404 });
    expect(upstream.responses.response("key-of-account-1", one.id)).toBeUndefined();
  });

  test.each([MODEL, "gpt"])("of %s that broke off is not kept", async (model) => {
    const { upstream, client } = await setUp();
    upstream.script({ fault: "reset-mid-event" });
    const ids: string[] = [];
    const stream = await client.responses.create({ model, input: "Word apple.", stream: true });
    const read = async (): Promise<void> => {
      for await (const event of stream) if (event.type === "response.created") ids.push(event.response.id);
    };
    await read().catch(() => undefined);
    expect(ids).toHaveLength(1);
    await expect(client.responses.retrieve(ids[0] ?? "")).rejects.toMatchObject({ status: 404 });
  });

  test("that was cut short is kept, and gone on from", async () => {
    const { upstream, client } = await setUp();
    upstream.script({ text: "apple it", end: "length" });
    const one = await client.responses.create({ model: MODEL, input: "Word apple." });
    expect(one.status).toBe("incomplete");
    await client.responses.create({ model: MODEL, input: "Word pear.", previous_response_id: one.id });
    expect(saidOf(upstream, ["apple", "pear"])).toEqual(["apple", "apple", "pear"]);
  });
});
