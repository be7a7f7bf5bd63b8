/** Which behaviour a request gets: from the queue, by its credential, by its header. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startSimulator, type Simulator } from "./server.ts";

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ record: true, credentials: { dead: "invalid-key" } });
});
afterEach(() => simulator.close());

async function post(headers: Record<string, string> = {}, path = "/v1/messages"): Promise<Response> {
  const counting = path.endsWith("count_tokens");
  const body = { model: "claude-opus-5-5", messages: [{ role: "user", content: "Hi" }], ...(counting ? {} : { max_tokens: 4096 }) };
  return fetch(simulator.url + path, {
    method: "POST",
    headers: { "anthropic-version": "2023-06-01", ...headers },
    body: JSON.stringify(body),
  });
}

const statuses = async (count: number): Promise<number[]> => {
  const seen: number[] = [];
  for (let i = 0; i < count; i++) seen.push((await post()).status);
  return seen;
};

test("items are taken in order, as often as they say", async () => {
  simulator.script({ fault: "529", times: 2 }, "500");
  expect(await statuses(4)).toEqual([529, 529, 500, 200]);
});

test("an item that skips lets requests pass first", async () => {
  simulator.script({ fault: "429", skip: 2 });
  expect(await statuses(4)).toEqual([200, 200, 429, 200]);
});

test("an item can hold for ever", async () => {
  simulator.script({ fault: "503", times: Infinity });
  expect(await statuses(5)).toEqual([503, 503, 503, 503, 503]);
});

test("the queue is for generations, unless an item says which requests it is for", async () => {
  simulator.script({ fault: "500" }, { fault: "404", when: ({ path }) => path.endsWith("count_tokens") });
  expect((await post({}, "/v1/messages/count_tokens")).status).toBe(404);
  expect((await post({}, "/v1/messages/count_tokens")).status).toBe(200);
  expect(await statuses(2)).toEqual([500, 200]);
});

test("a credential keeps its behaviour on every request until it is changed, and leaves the queue alone", async () => {
  simulator.script("529");
  expect((await post({ "x-api-key": "dead" })).status).toBe(401);
  expect((await post({ "x-api-key": "dead" }, "/v1/messages/count_tokens")).status).toBe(401);
  simulator.credentials.set("dead", { fault: "429", retryAfter: 7 });
  expect((await post({ "x-api-key": "dead" })).headers.get("retry-after")).toBe("7");
  simulator.credentials.delete("dead");
  expect((await post({ "x-api-key": "dead" })).status).toBe(529);
  expect((await post({ "x-api-key": "dead" })).status).toBe(200);
});

test("an answer can be given as it is", async () => {
  simulator.script({ status: 418, headers: { "x-a": "b" }, body: "teapot" }, { status: 201, body: { a: 1 } }, { status: 204 });
  const answer = await post();
  expect([answer.status, answer.headers.get("x-a"), await answer.text()]).toEqual([418, "b", "teapot"]);
  expect(await (await post()).json()).toEqual({ a: 1 });
  expect((await post()).status).toBe(204);
});

test("parts of the answer can be given", async () => {
  simulator.script({
    thinking: "Hm.",
    text: "Yes.",
    calls: [{ name: "f", input: { a: 1 }, id: "toolu_x" }],
    usage: { input: 5, output: 6 },
    finish: "refusal",
    headers: { "x-a": "b" },
  });
  const answer = await post();
  expect(answer.headers.get("x-a")).toBe("b");
  expect(await answer.json()).toMatchObject({
    content: [
      { type: "thinking", thinking: "Hm." },
      { type: "text", text: "Yes." },
      { type: "tool_use", id: "toolu_x", name: "f", input: { a: 1 } },
    ],
    stop_reason: "refusal",
    usage: { input_tokens: 5, output_tokens: 6 },
  });
});

describe("the x-simulator header", () => {
  test("takes pairs and JSON, before credential and queue", async () => {
    simulator.script("500");
    const limited = await post({ "x-simulator": "fault=429; retry-after=2", "x-api-key": "dead" });
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "2"]);
    const answered = await post({ "x-simulator": '{"text":"Yes.","usage":{"output":9}}' });
    expect(await answered.json()).toMatchObject({ content: [{ text: "Yes." }], usage: { output_tokens: 9 } });
    expect((await post()).status).toBe(500);
  });

  test.each([
    ["fault=nonsense", "x-simulator: unknown fault nonsense"],
    ["fault=999", "x-simulator: unknown fault 999"],
    ["nonsense=1", "x-simulator: unknown key nonsense"],
    ["delay-ms=soon", "x-simulator: delayMs must be a number"],
    ['{"text":1}', "x-simulator: text must be a string"],
    ["{", "x-simulator: "],
  ])("%s is refused", async (header, message) => {
    const answer = await post({ "x-simulator": header });
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { error: { message: string } }).error.message).toContain(message);
  });
});
